"""SQL: one SELECT over a database that it cannot change."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from toolformer.errors import ToolError
from toolformer.tools.base import Tool
from toolformer.tools.builtin.database import as_text, default_path
from toolformer.tools.databases.readonly import ReadOnlyDatabase, SqlRows
from toolformer.tools.databases.server import SqlServer
from toolformer.tools.decorator import tool
from toolformer.tools.exemplar import Exemplar
from toolformer.tools.outside.options import Address, Variables, read_variables

MAX_ROWS = 20
MAX_CHARACTERS = 100_000  # of them; a line of 500 is shown
MAX_SCHEMA = 500  # characters of it in the description
_GRACE_S = 15.0  # to connect and to give up, besides the query

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


class _Source(Protocol):
    """What a SELECT is run over."""

    def select(self, query: str, *, max_rows: int, max_characters: int) -> SqlRows:
        """Runs one SELECT."""


def sql(
    path: Path | None = None,
    url: Address | None = None,
    password: Variables | None = None,
    name: str = "SQL",
    timeout: float = 5.0,
) -> Tool:
    """Makes an SQL tool over a SQLite file, a database of PostgreSQL, or a file of DuckDB.

    Args:
        path: The file of SQLite; the facts that come with the package when there is no url either.
        url: Another database, without a password: postgresql://reader@host/shop,
            duckdb:///shop.db.
        password: The environment variable that has the password. The value is written nowhere.
        name: What calls it is by.
        timeout: Seconds for one query, of another database.

    Raises:
        ConfigError: There is no such database, or it cannot be kept from writing.
    """
    if url is not None:
        return _of_server(url, password=password, name=name, timeout_s=timeout)
    source = ReadOnlyDatabase(default_path() if path is None else path)

    def run(query: str) -> str:
        return answer(query, source)

    return tool(
        run,
        name=name,
        description=(
            "Answers one SELECT statement of SQLite. The tables are "
            f"{describe_tables(source.tables)}."
        ),
        exemplars=_EXEMPLARS if path is None else (),
        state=source.state,
        close=source.close,
    )


def _of_server(url: str, *, password: Variables | None, name: str, timeout_s: float) -> Tool:
    """Returns the tool of another database: it runs in a process of its own.

    What a driver written in C holds, or needs, is not the program's then.
    """
    secret = next(iter(read_variables(password).values()), None)
    source = SqlServer(url, password=secret, timeout_s=timeout_s)

    def run(query: str) -> str:
        return answer(query, source)

    def state() -> tuple[int, ...]:
        found = None if source.path is None else source.path.stat()
        return () if found is None else (found.st_size, found.st_mtime_ns)

    made = tool(
        run,
        name=name,
        description=(
            f"Answers one SELECT statement. The tables are {describe_tables(source.tables)}."
        ),
        state=state,
        timeout_s=timeout_s + _GRACE_S,
    )
    return replace(made, isolated=True)


def answer(query: str, source: _Source) -> str:
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
