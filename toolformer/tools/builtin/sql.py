"""SQL: one SELECT over a database that it cannot change."""

import re
from collections.abc import Mapping
from pathlib import Path

from toolformer.errors import ToolError
from toolformer.tools.base import Exemplar, Tool, tool
from toolformer.tools.builtin.database import as_text, default_path
from toolformer.tools.builtin.readonly import ReadOnlyDatabase, SqlRows

MAX_ROWS = 20
MAX_CHARACTERS = 100_000  # of them; a line of 500 is shown
MAX_SCHEMA = 500  # characters of it in the description

_SELECT = re.compile(r"\s*(?:select|with|values)\b", re.IGNORECASE)
_EXEMPLARS = (
    Exemplar(
        "The capital of Canada is",
        "SELECT value FROM facts WHERE entity = 'Canada' AND attribute = 'capital'",
        " Ottawa, not Toronto.",
    ),
    Exemplar(
        "Travellers to Denmark pay in the",
        "SELECT value FROM facts WHERE entity = 'Denmark' AND attribute = 'currency'",
        " Danish Krone, though the neighbours use the euro.",
    ),
    Exemplar(
        "The country that one rings under +51 is",
        "SELECT entity FROM facts WHERE attribute = 'calling code' AND value = '+51'",
        " Peru, on the Pacific.",
    ),
    Exemplar(
        "The continent on which Kenya lies is",
        "SELECT value FROM facts WHERE entity = 'Kenya' AND attribute = 'continent'",
        " Africa.",
    ),
)


def sql(path: Path | None = None) -> Tool:
    """Makes an SQL tool over a SQLite file.

    Args:
        path: The file; the facts that come with the package when it is None.

    Raises:
        ConfigError: There is no such file, or it is not a database.
    """
    source = ReadOnlyDatabase(default_path() if path is None else path)

    def run(query: str) -> str:
        return answer(query, source)

    return tool(
        run,
        name="SQL",
        description=(
            "Answers one SELECT statement of SQLite. The tables are "
            f"{describe_tables(source.tables)}."
        ),
        exemplars=_EXEMPLARS,
        state=source.state,
        close=source.close,
    )


def answer(query: str, source: ReadOnlyDatabase) -> str:
    """Returns what a SELECT returns: values by commas, rows of several by semicolons.

    Raises:
        ToolError: It is not a SELECT, it fails, takes too long, or returns nothing.
    """
    if not _SELECT.match(query):
        raise ToolError(f"Only one SELECT statement is answered, not {query[:60]!r}.")
    found = source.select(query, max_rows=MAX_ROWS, max_characters=MAX_CHARACTERS)
    text = format_rows(found)
    if not text:
        raise ToolError("The query returned nothing.")
    return text


def format_rows(found: SqlRows) -> str:
    """Writes rows as one line.

    >>> format_rows(SqlRows([("Paris", 3), ("Lyon", 1)], has_more=False))
    'Paris, 3; Lyon, 1'
    >>> format_rows(SqlRows([("Paris",), ("Lyon",)], has_more=True))
    'Paris, Lyon, ...'
    """
    lines = [", ".join(filter(None, map(as_text, row))) for row in found.rows]
    lines = [line for line in lines if line]
    separator = "; " if any(len(row) > 1 for row in found.rows) else ", "
    return separator.join([*lines, "..."] if found.has_more else lines)


def describe_tables(tables: Mapping[str, tuple[str, ...]]) -> str:
    """Writes tables with their columns, as many as fit.

    >>> describe_tables({"facts": ("entity", "value")})
    'facts(entity, value)'
    """
    text = ""
    for name, columns in tables.items():
        one = f"{name}({', '.join(columns)})"
        if len(text) + len(one) > MAX_SCHEMA:
            return f"{text} and others" if text else name
        text = f"{text}, {one}" if text else one
    return text
