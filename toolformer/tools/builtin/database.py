"""The Database: one fact about one thing, from any SQLite table."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from toolformer.assets import asset
from toolformer.errors import ConfigError, ToolError, closest
from toolformer.tools.base import Exemplar, Tool, tool
from toolformer.tools.builtin.names import Names
from toolformer.tools.builtin.readonly import ReadOnlyDatabase, SqlValue, quote_identifier

MAX_VALUES = 50  # of one attribute of one entity
MAX_NAMES = 200_000  # entities held in memory to be found in any case and suggested
LOAD_TIMEOUT_S = 20.0

_EXEMPLARS = (
    Exemplar("The capital of Canada is", "Canada, capital", " Ottawa, not Toronto."),
    Exemplar(
        "Travellers to Denmark pay in the",
        "Denmark, currency",
        " Danish Krone, though the neighbours use the euro.",
    ),
    Exemplar(
        "Letters to the tax office in France have to be in",
        "France, official language",
        " French, whatever one speaks at home.",
    ),
    Exemplar("Kenya lies in", "Kenya, continent", " Africa, on the Indian Ocean."),
    Exemplar(
        "To ring a friend in Peru from abroad one dials",
        "Peru, calling code",
        " +51 and then the number.",
    ),
)


def default_path() -> Path:
    """Returns where the facts are that come with the package."""
    return asset("facts.db")


def database(
    path: Path | None = None,
    table: str = "facts",
    entity: str = "entity",
    attribute: str = "attribute",
    value: str = "value",
) -> Tool:
    """Makes a Database tool over a table with a row for each fact.

    Args:
        path: A SQLite file; the facts that come with the package when it is None.
        table: The table.
        entity: The column that says what a fact is about.
        attribute: The column that says which fact about it.
        value: The column of its value.

    Raises:
        ConfigError: There is no such file, table or column.
    """
    facts = Facts(
        ReadOnlyDatabase(default_path() if path is None else path),
        table=table,
        entity=entity,
        attribute=attribute,
        value=value,
    )
    return tool(
        facts.look_up,
        name="Database",
        exemplars=_EXEMPLARS,
        vocabulary=facts.vocabulary,
        free_text="entity",
    )


class Facts:
    """A table of facts, and the names in it."""

    def __init__(
        self, source: ReadOnlyDatabase, *, table: str, entity: str, attribute: str, value: str
    ) -> None:
        known = _find(table, list(source.tables), what="table")
        columns = source.tables[known]
        self._source = source
        self._table = quote_identifier(known)
        self._entity, self._attribute, self._value = (
            quote_identifier(_find(column, columns, what=f"column of {known}"))
            for column in (entity, attribute, value)
        )
        self._attributes = Names(self._distinct(self._attribute) or [])

    @property
    def vocabulary(self) -> frozenset[str]:
        """The words of the attributes' names, lower case."""
        return frozenset(
            word for name in self._attributes for word in name.casefold().replace("_", " ").split()
        )

    def look_up(self, entity: str, attribute: str) -> str:
        """Looks up a fact about a person, a place or a thing in a database.

        Args:
            entity: What the fact is about, such as `Washington, D.C.`.
            attribute: Which fact, such as `capital` or `official language`.
        """
        entities = self._spellings(entity)
        values = self._values(entities, self._attributes.spellings(attribute))
        if not values:
            raise ToolError(self._explain(entity, attribute, entities))
        return ", ".join(values)

    def _values(self, entities: Sequence[str], attributes: Sequence[str]) -> list[str]:
        query = (
            f"SELECT DISTINCT {self._value} FROM {self._table} "  # noqa: S608  names of the schema
            f"WHERE {self._entity} IN ({_marks(entities)}) "
            f"AND {self._attribute} IN ({_marks(attributes)})"
        )
        found = self._source.select(query, [*entities, *attributes], max_rows=MAX_VALUES)
        return sorted(text for (cell,) in found.rows if (text := as_text(cell)))

    def _spellings(self, entity: str) -> list[str]:
        if self._entities is not None:
            return self._entities.spellings(entity)
        likely = [entity, entity.lower(), entity.upper(), entity.title(), entity.capitalize()]
        return list(dict.fromkeys(likely))

    @cached_property
    def _entities(self) -> Names | None:
        """The entities by name; None where there are too many to hold."""
        names = self._distinct(self._entity)
        return None if names is None else Names(names)

    def _distinct(self, column: str) -> list[str] | None:
        query = f"SELECT DISTINCT {column} FROM {self._table}"  # noqa: S608
        try:
            found = self._source.select(query, max_rows=MAX_NAMES, timeout_s=LOAD_TIMEOUT_S)
        except ToolError as error:
            raise ConfigError(
                f"The names in column {column} cannot be read: {error} Make an index on it."
            ) from None
        return None if found.has_more else sorted(str(cell) for (cell,) in found.rows if cell)

    def _explain(self, entity: str, attribute: str, entities: Sequence[str]) -> str:
        query = (
            f"SELECT DISTINCT {self._attribute} FROM {self._table} "  # noqa: S608
            f"WHERE {self._entity} IN ({_marks(entities)})"
        )
        found = self._source.select(query, entities, max_rows=MAX_VALUES)
        known = sorted(as_text(cell) for (cell,) in found.rows)
        if known:
            return closest(attribute, known, what=f"attribute of {entities[0]}:")
        near = self._entities.near(entity) if self._entities is not None else []
        guess = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        return f"The database has nothing about {entity!r}.{guess}"


def as_text(cell: SqlValue) -> str:
    """Writes one value of a table; "" for none.

    >>> as_text(3.0), as_text(None), as_text("Paris")
    ('3', '', 'Paris')
    """
    match cell:
        case None | bytes():
            return ""
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case _:
            return str(cell)


def _find(name: str, known: Sequence[str], *, what: str) -> str:
    for candidate in known:
        if candidate.casefold() == name.casefold():
            return candidate
    raise ConfigError(closest(name, known, what=what))


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))
