"""The inside of the process that reads a SQLite file: one SELECT after another, nothing else.

Three guards, each enough against what it guards from: the file is opened read-only, `query_only`
is set, and an authorizer allows only what a SELECT over the file's own tables does. Time is the
other end's affair, `readonly.py`, which ends the process; memory is limited here.
"""

import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from toolformer.child import limit_memory, serve

_HEAP = 64 << 20  # bytes that SQLite may hold; rows in Python are besides
_LOCKED_S = 0.3  # a file that another program writes to is waited for so long
_GRACE_S = 1.0  # after its time, a query whose program was killed meanwhile ends too
_LIMITS: Mapping[int, int] = {
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 10_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 20,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
# Tables of the schema and functions that are read as tables, besides the file's own tables.
_READABLE = frozenset({"sqlite_master", "sqlite_schema", "json_each", "json_tree"})
# Those whose value follows from their arguments. Chance, the clock, files and extensions are not
# among them.
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
# Those that read the clock where they are asked to.
_OF_TIME = frozenset({"date", "datetime", "julianday", "strftime", "time", "timediff", "unixepoch"})
_CLOCK = frozenset({"now", "subsec", "subsecond"})
# What may be otherwise the next time, whatever the query.
_PASSING = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_LOCKED}
)


def main(path: str, memory: str) -> None:
    """Opens a file, tells its tables, and answers queries until the line closes."""
    line = serve()
    os.environ["TZ"] = "UTC"  # `localtime` is alike on every machine
    time.tzset()
    limit_memory(int(memory))

    def send(reply: Mapping[str, object]) -> None:
        line.sendall(json.dumps(reply, ensure_ascii=False).encode() + b"\n")

    try:
        connection = _connect(Path(path))
        tables = _read_tables(connection)
    except sqlite3.Error as error:
        send(_failure(error))
        return
    connection.set_authorizer(partial(_authorize, _READABLE | set(map(str.casefold, tables))))
    for limit, value in _LIMITS.items():  # only now: a schema may be larger than a query
        connection.setlimit(limit, value)
    send({"tables": tables})
    with suppress(OSError), line.makefile("rb") as requests:  # the program may be killed meanwhile
        for request in map(json.loads, requests):
            signal.setitimer(signal.ITIMER_REAL, request["seconds"] + _GRACE_S)
            try:
                send(_answer(connection, request))
            except MemoryError:
                send({"error": "it needs too much memory", "is_last": True})
                return
            signal.setitimer(signal.ITIMER_REAL, 0)


def _answer(connection: sqlite3.Connection, request: Mapping[str, Any]) -> dict[str, object]:
    try:
        with closing(connection.execute(request["query"], request["values"])) as cursor:
            budget = request["characters"]
            rows: list[list[object]] = []
            for row in cursor:
                if len(rows) == request["rows"] or budget <= 0:
                    return {"rows": rows, "has_more": True}
                rows.append(list(_cut(row, budget)))
                budget -= sum(len(cell) for cell in rows[-1] if isinstance(cell, str))
            return {"rows": rows, "has_more": False}
    except (sqlite3.Error, sqlite3.Warning, UnicodeError, ValueError, OverflowError) as error:
        return _failure(error)


def _failure(error: Exception) -> dict[str, object]:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the kind, without what it is in detail
    reason = str(error).rstrip(".")
    if "user-defined function" in reason:  # those of time are the only ones
        reason = "what day or time it is now is not known here; name a day"
    return {"error": reason, "is_passing": code in _PASSING}


def _cut(row: Iterable[object], budget: int) -> Iterator[object]:
    """Yields the cells of a row, texts as far as they are within the budget.

    Blobs, and texts that are not UTF-8, have no text of their own.
    """
    for cell in row:
        if isinstance(cell, bytes):
            yield None
        elif isinstance(cell, str):
            yield cell[:budget]
            budget -= len(cell[:budget])
        else:
            yield cell


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=_LOCKED_S
    )
    connection.text_factory = _text
    connection.execute("PRAGMA query_only = ON")
    own = sqlite3.connect(":memory:")
    known = {name for (name,) in own.execute("SELECT name FROM pragma_function_list")}
    for name in known.intersection(_OF_TIME):
        connection.create_function(name, -1, _without_clock(name, own), deterministic=True)
    connection.execute("PRAGMA temp_store = MEMORY")  # what a query sorts never fills the disk
    connection.execute(f"PRAGMA hard_heap_limit = {_HEAP}")
    return connection


def _without_clock(name: str, own: sqlite3.Connection) -> Callable[..., Any]:
    """Returns SQLite's function of a name, but for the clock: equal queries have equal results."""
    query = f"SELECT {name}({{}})"
    first, after = (1, 2) if name == "strftime" else (0, 2 if name == "timediff" else 1)

    @lru_cache(10_000, typed=True)
    def function(*values: object) -> object:
        asked = values[first:after]
        if not asked or not _CLOCK.isdisjoint(map(_as_sqlite_reads, asked)):
            raise ValueError
        return own.execute(query.format(", ".join("?" * len(values))), values).fetchone()[0]

    return function


def _as_sqlite_reads(value: object) -> str:
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return text.partition("\0")[0].lower()


def _text(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _read_tables(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Returns the columns of each table and view whose name can be read."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
        "AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name"
    ).fetchall()
    tables = {}
    for (name,) in names:
        if not isinstance(name, str):
            continue
        try:
            columns = connection.execute(
                "SELECT name FROM pragma_table_info(?) ORDER BY cid", (name,)
            ).fetchall()
        except sqlite3.DatabaseError:  # of a module that is not here, a view over nothing
            continue
        tables[name] = [column for (column,) in columns if isinstance(column, str)]
    return tables


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
