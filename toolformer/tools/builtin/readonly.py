"""A SQLite file that no statement can change, leave, or keep busy.

Five guards, each enough against what it guards from: the file is opened read-only, `query_only`
is set, an authorizer allows only what a SELECT over the file's own tables does, SQLite's limits
bound every value, and a deadline ends what takes long.
"""

import sqlite3
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from toolformer.errors import ConfigError, ToolError

SqlValue = str | int | float | bytes | None

# Bytes: no value that a query touches or makes is longer. Some functions take quadratic time
# between two looks at the deadline; at this length that is a tenth of a second.
MAX_VALUE = 100_000

_LIMITS: Mapping[int, int] = {
    sqlite3.SQLITE_LIMIT_LENGTH: MAX_VALUE,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 10_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 20,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 25_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 50,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
# Tables of the schema and functions that are read as tables, besides the file's own tables.
_READABLE = frozenset({"sqlite_master", "sqlite_schema", "json_each", "json_tree"})
# Those whose value follows from their arguments. Chance, the clock, files, extensions and memory
# by the gigabyte are not among them.
_FUNCTIONS = frozenset(
    """
    abs acos asin atan atan2 avg ceil ceiling char coalesce concat concat_ws cos count
    cume_dist date datetime degrees dense_rank exp first_value floor format glob group_concat
    hex ifnull iif instr json json_array json_array_length json_extract json_group_array
    json_group_object json_object json_quote json_type json_valid julianday lag last_value
    lead length like likely ln log log10 log2 lower ltrim max min mod nth_value ntile nullif
    octet_length percent_rank pi pow power printf quote radians rank replace round row_number
    rtrim sign sin soundex sqrt strftime string_agg substr substring sum tan time timediff
    total trim trunc typeof unhex unicode unixepoch unlikely upper -> ->>
    """.split()  # noqa: SIM905  seventy quoted names are harder to read
)


@dataclass(frozen=True, slots=True)
class SqlRows:
    """The rows of a query, and whether it would have returned more."""

    rows: list[tuple[SqlValue, ...]]
    has_more: bool


class ReadOnlyDatabase:
    """A SQLite file to select from; safe between threads, each has a connection of its own."""

    def __init__(self, path: Path, *, timeout_s: float = 1.0) -> None:
        """Opens a file.

        Args:
            path: A SQLite file.
            timeout_s: For one query.

        Raises:
            ConfigError: There is no such file, or it is not a database.
        """
        self._path = path
        self._timeout_s = timeout_s
        self._threads = threading.local()
        if not path.is_file():
            raise ConfigError(f"There is no database {str(path)!r}; name a file: path=facts.db.")
        try:
            self.tables = self._read_tables()
        except sqlite3.DatabaseError as error:
            raise ConfigError(f"{str(path)!r} cannot be read as a database: {error}.") from None
        self._readable = _READABLE | set(map(str.casefold, self.tables))

    def select(
        self,
        query: str,
        values: Sequence[SqlValue] = (),
        *,
        max_rows: int,
        timeout_s: float | None = None,
    ) -> SqlRows:
        """Runs one SELECT.

        Args:
            query: The statement.
            values: What its question marks stand for.
            max_rows: How many rows to read.
            timeout_s: Instead of the database's own.

        Raises:
            ToolError: The statement is wrong, not allowed, or takes too long.
        """
        session = self._session()
        limit_s = timeout_s or self._timeout_s
        session.deadline = time.monotonic() + limit_s
        try:
            cursor = session.connection.execute(query, values)
            try:
                rows = list(islice(cursor, max_rows + 1))
            finally:
                cursor.close()
        except (sqlite3.Error, sqlite3.Warning, UnicodeError, ValueError) as error:
            if isinstance(error, sqlite3.OperationalError) and _is_over(weakref.ref(session)):
                raise ToolError(f"The query took longer than {limit_s:g} s.") from None
            raise ToolError(f"The query failed: {str(error).rstrip('.')}.") from None
        return SqlRows(rows[:max_rows], has_more=len(rows) > max_rows)

    def _session(self) -> "_Session":
        session: _Session | None = getattr(self._threads, "session", None)
        if session is None:
            connection = _connect(self._path)
            session = _Session(connection)
            weakref.finalize(session, connection.close)
            connection.set_progress_handler(partial(_is_over, weakref.ref(session)), 1000)
            connection.set_authorizer(partial(_authorize, self._readable))
            self._threads.session = session
        return session

    def _read_tables(self) -> dict[str, tuple[str, ...]]:
        """Returns the columns of each table and view."""
        connection = _connect(self._path)
        try:
            names = connection.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
                "AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name"
            ).fetchall()
            columns = "SELECT name FROM pragma_table_info(?) ORDER BY cid"
            return {
                name: tuple(column for (column,) in connection.execute(columns, (name,)))
                for (name,) in names
            }
        finally:
            connection.close()


def quote_identifier(name: str) -> str:
    """Quotes the name of a table or column, for one that was found in the schema.

    >>> print(quote_identifier('a"b'))
    "a""b"
    """
    return '"' + name.replace('"', '""') + '"'


@dataclass(slots=True, weakref_slot=True)
class _Session:
    """One thread's connection and the time at which its query must have ended."""

    connection: sqlite3.Connection
    deadline: float = 0.0


def _is_over(session: "weakref.ref[_Session]") -> bool:
    """Makes SQLite stop in time. Holds its session weakly: the session's end closes the file."""
    held = session()
    return held is None or time.monotonic() > held.deadline


def _authorize(
    tables: frozenset[str], action: int, first: str | None, second: str | None, *_: str | None
) -> int:
    """Allows what a SELECT over some tables does, and nothing else."""
    match action:
        case sqlite3.SQLITE_SELECT | sqlite3.SQLITE_RECURSIVE:
            is_allowed = True
        case sqlite3.SQLITE_READ:  # no column: a name in FROM, perhaps of a subquery
            is_allowed = not second or (first or "").casefold() in tables
        case sqlite3.SQLITE_FUNCTION:
            is_allowed = (second or "").casefold() in _FUNCTIONS
        case _:
            is_allowed = False
    return sqlite3.SQLITE_OK if is_allowed else sqlite3.SQLITE_DENY


def _connect(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    # A session belongs to one thread; its end may be noticed on another.
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    for limit, value in _LIMITS.items():
        connection.setlimit(limit, value)
    return connection
