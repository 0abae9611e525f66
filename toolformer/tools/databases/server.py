"""A database of a server, or a DuckDB file, that a query cannot change, leave or keep busy.

Every query has a connection of its own, so that none finds what another has set. What the server
lets its user read is read; give it one that may read no more than the model may.
"""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolformer.errors import ConfigError, ToolError, ToolUnavailableError, check_installed
from toolformer.tools.databases.readonly import SqlRows, SqlValue

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection
    from sqlalchemy.exc import SQLAlchemyError

_CONNECT_S = 10
_MEMORY = "512MB"  # of a DuckDB
_INTERRUPTED, _LOST = "57014", ("08", "57P", "53")  # states of PostgreSQL, or how they begin
# Both kinds have it; those of the system are left out.
_COLUMNS = (
    "SELECT table_name, column_name FROM information_schema.columns "
    "WHERE table_schema NOT IN ('information_schema', 'pg_catalog') "
    "ORDER BY table_schema, table_name, ordinal_position LIMIT 1000"
)


class SqlServer:
    """Runs SELECT statements over a database that SQLAlchemy reaches.

    Args:
        url: of SQLAlchemy, without a password: postgresql://reader@host/shop, duckdb:///shop.db.
        password: the user's; None where none is asked for.
        timeout_s: for one query.

    Raises:
        ConfigError: it cannot be reached, or is of a kind that cannot be kept from writing.
    """

    def __init__(self, url: str, *, password: str | None, timeout_s: float) -> None:
        check_installed("sqlalchemy", extra="sql", what="An SQL server")
        self._url = _read_url(url, password)
        self._timeout_s = timeout_s
        try:
            found = self.select(_COLUMNS, max_rows=1000, max_characters=100_000)
        except ToolError as error:
            raise ConfigError(f"{self} cannot be used: {error}") from None
        tables: dict[str, list[str]] = {}
        for table, column in found.rows:
            tables.setdefault(str(table), []).append(str(column))
        self.tables: Mapping[str, tuple[str, ...]] = {
            name: tuple(columns) for name, columns in tables.items()
        }

    def __str__(self) -> str:
        return f"The database {self._url.render_as_string(hide_password=True)}"

    @property
    def path(self) -> Path | None:
        """The file of a DuckDB; None of a server's database."""
        is_file = self._url.get_backend_name() == "duckdb"
        return Path(self._url.database or "") if is_file else None

    def select(self, query: str, *, max_rows: int, max_characters: int) -> SqlRows:
        """Runs one SELECT.

        Raises:
            ToolError: the statement is wrong, is several, or takes too long.
            ToolUnavailableError: the server cannot be reached.
        """
        from sqlalchemy.exc import SQLAlchemyError

        statement = query.strip().removesuffix(";")
        if ";" in statement:
            raise ToolError("One statement is answered, without a semicolon in it.")
        try:
            with (
                self._connected() as connection,
                closing(connection.exec_driver_sql(statement)) as result,
            ):
                rows = result.fetchmany(max_rows + 1)
        except SQLAlchemyError as error:
            raise self._failure(error) from None
        return SqlRows(
            [_cells(row, max_characters) for row in rows[:max_rows]], has_more=len(rows) > max_rows
        )

    @contextmanager
    def _connected(self) -> "Iterator[Connection]":
        """Connects for one query, in a transaction that may only read."""
        from sqlalchemy import NullPool, create_engine

        # No parameters: else a percent sign would be read as the place of one.
        options: dict[str, Any] = {"no_parameters": True, "stream_results": True}
        if self.path is not None:
            config = {
                "enable_external_access": "false",
                "lock_configuration": "true",
                "memory_limit": _MEMORY,
            }
            known: dict[str, Any] = {"read_only": True, "config": config}
        else:
            known = {"connect_timeout": _CONNECT_S, "application_name": "toolformer"}
        engine = create_engine(self._url, poolclass=NullPool, connect_args=known)
        with engine.connect() as connection:
            if self.path is None:
                limit = f"SET LOCAL statement_timeout = {round(self._timeout_s * 1000)}"
                connection = connection.execution_options(postgresql_readonly=True)
                connection.exec_driver_sql(limit)
                yield connection.execution_options(**options)
                return
            driver: Any = connection.connection.dbapi_connection
            timer = threading.Timer(self._timeout_s, driver.interrupt)
            timer.start()
            try:
                yield connection.execution_options(**options)
            finally:
                timer.cancel()

    def _failure(self, error: "SQLAlchemyError") -> ToolError:
        """Returns what went wrong, without the statement and without addresses of help."""
        original = getattr(error, "orig", None)
        state = getattr(original, "sqlstate", None)
        reason = str(original or error).strip().partition("\n")[0].rstrip(".")
        if state == _INTERRUPTED or "interrupt" in reason.casefold():
            return ToolError(f"The query took longer than {self._timeout_s:g} s.")
        is_lost = getattr(error, "connection_invalidated", False) or (
            self.path is None
            and type(error).__name__ == "OperationalError"
            and (state is None or state.startswith(_LOST))
        )
        if is_lost:
            return ToolUnavailableError(f"The database could not be reached: {reason}.")
        return ToolError(f"The query failed: {reason}.")


def _read_url(text: str, password: str | None) -> "URL":
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
    except ArgumentError:
        raise ConfigError(
            "That is not the URL of a database: postgresql://reader@host/shop, duckdb:///shop.db."
        ) from None
    if url.password is not None:
        raise ConfigError(
            "A URL with a password in it would be written into manifests: leave it out, and name "
            "the environment variable that has it, password=MY_PASSWORD."
        )
    kind = url.get_backend_name()
    if kind not in ("postgresql", "duckdb"):
        raise ConfigError(
            f"A database of {kind} cannot be kept from writing here: there are postgresql and "
            "duckdb, and path= for a file of SQLite."
        )
    if kind == "duckdb" and not Path(url.database or "").is_file():
        raise ConfigError(f"There is no file {url.database!r}.")
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return url if password is None else url.set(password=password)


def _cells(row: Sequence[object], budget: int) -> tuple[SqlValue, ...]:
    """Returns the values of a row as texts and numbers; what has no text is None."""
    return tuple(_cell(value, budget) for value in row)


def _cell(value: object, budget: int) -> SqlValue:
    match value:
        case None | bytes() | bytearray() | memoryview():
            return None
        case bool():
            return str(value).lower()
        case int() | float():
            return value
        case Decimal():
            return format(value, "f")
        case date() | time():
            return value.isoformat()
        case list() | dict():
            return json.dumps(value, ensure_ascii=False, default=str)[:budget]
        case _:
            return str(value)[:budget]
