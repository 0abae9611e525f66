"""The Database: one fact about one thing, from any SQLite table."""

import math
import re
import threading
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from toolformer.assets import asset
from toolformer.errors import ConfigError, ToolError, ToolUnavailableError, clipped, closest
from toolformer.tools.base import Tool
from toolformer.tools.databases.names import Names
from toolformer.tools.databases.readonly import (
    ReadOnlyDatabase,
    SqlRows,
    SqlValue,
    quote_identifier,
)
from toolformer.tools.decorator import tool
from toolformer.tools.exemplar import Exemplar

MAX_VALUES = 50  # of one attribute of one entity
MAX_NAMES = 200_000  # entities held in memory to be found in any case and suggested
MAX_NAME = 1_000  # characters: a longer one is the name of nothing
MAX_SPELLINGS = 100  # of one name
LOAD_TIMEOUT_S = 20.0

_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")

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
        values={"entity": facts.entities, "attribute": facts.attributes},
        free_text="entity",
        state=facts.state,
        close=facts.close,
    )


class _Cells:
    """The names in one column, and the cells they stand in: a name may be a number."""

    def __init__(self, cells: Iterable[SqlValue]) -> None:
        texts: set[str] = set()
        self._numbers: dict[str, list[SqlValue]] = defaultdict(list)
        for cell in cells:
            text = as_text(cell)
            if not 0 < len(text) <= MAX_NAME:
                continue
            texts.add(text)
            if cell != text:
                self._numbers[text].append(cell)
        self.names = Names(sorted(texts))

    def of(self, name: str) -> list[SqlValue]:
        """Returns the cells that hold a name in any of its spellings."""
        spellings = self.names.spellings(name)[:MAX_SPELLINGS]
        return [*spellings, *(cell for each in spellings for cell in self._numbers.get(each, ()))]


@dataclass(frozen=True, slots=True)
class _Held:
    """The names of a table in one state of its file; None where they are too many to hold."""

    state: Hashable
    entities: _Cells | None
    attributes: _Cells | None
    # What `attributes` returned, by entity: it is asked again at each place of a text.
    by_entity: dict[str, list[str] | None] = field(default_factory=dict)


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
        self._loading = threading.Lock()
        self._held: _Held | None = None
        self.state = source.state
        self.close = source.close
        try:
            attributes = self._distinct(self._attribute)
        except ToolError as error:
            raise ConfigError(
                f"The names in column {self._attribute} cannot be read: {error} Make an index on "
                "it."
            ) from None
        names = Names([]) if attributes is None else attributes.names
        # The words of the attributes' names, lower case.
        self.vocabulary = frozenset(
            word for name in names for word in name.casefold().replace("_", " ").split()
        )

    def look_up(self, entity: str, attribute: str) -> str:
        """Looks up a fact about a person, a place or a thing in a database.

        Args:
            entity: What the fact is about, such as `Washington, D.C.`.
            attribute: Which fact, such as `capital` or `official language`.
        """
        held = self._names()
        entities = _cells(held.entities, entity)
        values = self._values(entities, _cells(held.attributes, attribute))
        if not values:
            raise ToolError(self._explain(entity, attribute, entities, held.entities))
        return ", ".join(values)

    def entities(self, *, text_before: str) -> list[str] | None:
        """Returns the entities that a text names.

        None where it names none, so that a call about something that is not here fails instead of
        being about another thing; and where the entities are too many to hold.
        """
        held = self._names().entities
        return held.names.in_text(text_before) or None if held is not None else None

    def attributes(self, entity: str) -> list[str] | None:
        """Returns which facts there are about an entity; about one that is not there, any.

        None where that is too many to hold.
        """
        held = self._names()
        if entity not in held.by_entity:
            found = self._attributes_of(_cells(held.entities, entity), max_rows=MAX_NAMES)
            every = None if held.attributes is None else list(held.attributes.names)
            held.by_entity[entity] = None if found.has_more else _texts(found) or every
        return held.by_entity[entity]

    def _attributes_of(self, entities: Sequence[SqlValue], *, max_rows: int) -> SqlRows:
        query = (
            f"SELECT DISTINCT {self._attribute} FROM {self._table} "  # noqa: S608
            f"WHERE {self._entity} IN ({_marks(entities)})"
        )
        return self._source.select(query, entities, max_rows=max_rows)

    def _values(self, entities: Sequence[SqlValue], attributes: Sequence[SqlValue]) -> list[str]:
        query = (
            f"SELECT DISTINCT {self._value} FROM {self._table} "  # noqa: S608  names of the schema
            f"WHERE {self._entity} IN ({_marks(entities)}) "
            f"AND {self._attribute} IN ({_marks(attributes)})"
        )
        found = self._source.select(query, [*entities, *attributes], max_rows=MAX_VALUES)
        return sorted({text for (cell,) in found.rows if (text := as_text(cell))})

    def _names(self) -> _Held:
        """Returns the names; reads them again where the file has changed."""
        with self._loading:  # once, however many calls wait for them
            state = self.state()
            if self._held is None or self._held.state != state:
                attributes = self._distinct(self._attribute)
                try:
                    entities = self._distinct(self._entity)
                except ToolUnavailableError:
                    raise
                except ToolError:  # they take too long
                    entities = None
                self._held = _Held(state, entities, attributes)
            return self._held

    def _distinct(self, column: str) -> _Cells | None:
        query = f"SELECT DISTINCT {column} FROM {self._table}"  # noqa: S608
        found = self._source.select(query, max_rows=MAX_NAMES, timeout_s=LOAD_TIMEOUT_S)
        return None if found.has_more else _Cells(cell for (cell,) in found.rows)

    def _explain(
        self, entity: str, attribute: str, entities: Sequence[SqlValue], held: _Cells | None
    ) -> str:
        found = self._attributes_of(entities, max_rows=MAX_VALUES)
        known = Names(_texts(found))
        if known.spellings(attribute):
            return f"The database has no value for {attribute!r} of {as_text(entities[0])}."
        if list(known):
            return closest(attribute, known, what=f"attribute of {as_text(entities[0])}:")
        if found.rows:
            return f"The database has no attribute of {as_text(entities[0])}."
        near = [] if held is None else held.names.near(entity)
        guess = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        return f"The database has nothing about {clipped(entity)!r}.{guess}"


def _texts(rows: SqlRows) -> list[str]:
    """Returns what the first column has as text, sorted."""
    return sorted({text for cell, *_ in rows.rows if (text := as_text(cell))})


def as_text(cell: SqlValue) -> str:
    """Writes one value of a table; "" for none, such as infinity.

    >>> as_text(3.0), as_text(0.1 + 0.2), as_text(None), as_text("Paris")
    ('3', '0.3', '', 'Paris')
    """
    match cell:
        case None:
            return ""
        case float() if not math.isfinite(cell):
            return ""
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case float():
            return f"{cell:.15g}"  # as SQLite writes it
        case _:
            return str(cell).strip()


def _cells(known: _Cells | None, name: str) -> list[SqlValue]:
    """Returns the cells that may hold a name: those known to, or the likely ones."""
    if known is not None:
        return known.of(name)
    likely: dict[SqlValue, None] = dict.fromkeys(
        [name, name.lower(), name.upper(), name.title(), name.capitalize()]
    )
    if _NUMBER.fullmatch(name):
        likely[float(name) if "." in name else int(name)] = None
    return list(likely)


def _find(name: str, known: Sequence[str], *, what: str) -> str:
    for candidate in known:
        if candidate.casefold() == name.casefold():
            return candidate
    raise ConfigError(closest(name, known, what=what))


def _marks(values: Sequence[SqlValue]) -> str:
    return ", ".join("?" * len(values))
