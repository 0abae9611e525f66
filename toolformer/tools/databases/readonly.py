"""A SQLite file that no statement can change, leave, or keep busy.

Statements run in processes of their own, `selecting.py`: one that takes too long is killed with
its process, whatever it is doing, and the program's memory is out of its reach.
"""

import os
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolformer.child import Child, LostError
from toolformer.errors import ConfigError, ToolError, ToolUnavailableError

SqlValue = str | int | float | None

MAX_CHARACTERS = 8_000_000  # of all texts that a query returns; what follows is not read

_SELECTING = Path(__file__).with_name("selecting.py")
_MEMORY = 256 << 20  # bytes, of one process
_START_S = 60.0
_MAX_REPLY = 16 * MAX_CHARACTERS  # bytes; short cells are mostly brackets

Stamp = tuple[int, int, int, int]  # device, inode, bytes, nanoseconds


@dataclass(frozen=True, slots=True)
class SqlRows:
    """The rows of a query, and whether it would have returned more."""

    rows: list[tuple[SqlValue, ...]]
    has_more: bool


class ReadOnlyDatabase:
    """A SQLite file to select from; safe between threads, each query has a process to itself."""

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
        self._processes = _Processes(path)
        self._finalizer = weakref.finalize(self, self._processes.close)
        if not os.path.isfile(path):
            raise ConfigError(f"There is no database {str(path)!r}; name a file: path=facts.db.")
        try:
            process = self._processes.take()
        except (ToolError, LostError) as error:
            raise ConfigError(f"{str(path)!r} cannot be read as a database: {error}") from None
        self.tables = process.tables
        self._processes.give_back(process)

    def state(self) -> tuple[Stamp | None, ...]:
        """Returns what changes whenever the file is written or replaced."""
        return tuple(map(_stamp, (self._path, self._path.with_name(f"{self._path.name}-wal"))))

    def close(self) -> None:
        """Ends the processes; a later query starts one again."""
        self._processes.close()

    def select(
        self,
        query: str,
        values: Sequence[SqlValue] = (),
        *,
        max_rows: int,
        max_characters: int = MAX_CHARACTERS,
        timeout_s: float | None = None,
    ) -> SqlRows:
        """Runs one SELECT.

        Args:
            query: The statement.
            values: What its question marks stand for.
            max_rows: How many rows to read.
            max_characters: How many to read in all; the text that goes beyond is cut.
            timeout_s: Instead of the database's own.

        Returns:
            The rows. Blobs and texts that are not UTF-8 have no text: None stands for them too.

        Raises:
            ToolError: The statement is wrong, not allowed, or takes too much time or memory.
        """
        limit_s = timeout_s or self._timeout_s
        request = {
            "query": query,
            "values": values,
            "rows": max_rows,
            "characters": max_characters,
            "seconds": limit_s,
        }
        try:
            reply = self._ask(request, limit_s)
        except LostError:  # perhaps long before this query
            try:
                reply = self._ask(request, limit_s)
            except LostError as error:
                raise ToolError(f"The query failed: {error}") from None
        if "rows" not in reply:
            raise _failure(reply, "The query failed: ")
        return SqlRows([tuple(row) for row in reply["rows"]], has_more=bool(reply["has_more"]))

    def _ask(self, request: Mapping[str, object], limit_s: float) -> Mapping[str, Any]:
        process = self._processes.take()
        deadline = time.monotonic() + limit_s
        try:
            process.child.send(request)
            if not process.child.has_sent(limit_s / 2):
                self._processes.prepare()  # what comes after this query need not wait for it
            left_s = deadline - time.monotonic()
            reply = process.child.receive(left_s, max_bytes=_MAX_REPLY)
        except TimeoutError:
            self._processes.drop(process, wait=False)
            raise ToolError(f"The query took longer than {limit_s:g} s.") from None
        except BaseException:  # Ctrl-C: its answer to this query must not be taken for the next's
            self._processes.drop(process)
            raise
        if "is_last" in reply:
            self._processes.drop(process, wait=False)
            self._processes.prepare()
        else:
            self._processes.give_back(process)
        return reply


def _failure(reply: Mapping[str, Any], beginning: str = "") -> ToolError:
    kind = ToolUnavailableError if reply.get("is_passing") else ToolError
    return kind(f"{beginning}{reply.get('error')}.")


@dataclass(slots=True, eq=False)
class _Process:
    """A process that has a file open, or is about to open it."""

    child: Child
    file: tuple[int, int] | None  # which one had the path
    is_ready: bool = False
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class _Processes:
    """The processes over one file: as many as queries that run at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[_Process] = []
        self._all: set[_Process] = set()
        self._killed: list[_Process] = []

    def take(self) -> _Process:
        """Returns one that is ready.

        Raises:
            ToolError: The file cannot be opened.
            LostError: The process ended.
        """
        file = self._file()
        while True:
            with self._lock:
                process = self._idle.pop() if self._idle else None
            if process is None:
                self.start()
            elif process.file != file:  # another file is there now
                self.drop(process)
            else:
                break
        if not process.is_ready:
            try:
                reply = process.child.receive(_START_S, max_bytes=_MAX_REPLY)
                if "tables" not in reply:
                    raise _failure(reply)
            except BaseException as error:
                self.drop(process)
                if isinstance(error, TimeoutError):
                    raise LostError(f"SQLite did not start within {_START_S:g} s.") from None
                raise
            process.is_ready = True
            process.tables = {name: tuple(found) for name, found in reply["tables"].items()}
        return process

    def prepare(self) -> None:
        """Starts one where none is idle."""
        if not self._idle:
            self.start()

    def start(self) -> None:
        """Starts one, and does not wait for it."""
        self._bury()
        process = _Process(
            Child(_SELECTING, str(self._path), str(_MEMORY), name="SQLite"),
            self._file(),
        )
        with self._lock:
            self._all.add(process)
            self._idle.append(process)

    def give_back(self, process: _Process) -> None:
        with self._lock:
            if process in self._all:  # not closed meanwhile
                self._idle.append(process)

    def drop(self, process: _Process, *, wait: bool = True) -> None:
        """Kills one; its memory is given back some time later where nobody waits for that."""
        with self._lock:
            self._all.discard(process)
            self._killed.append(process)
        process.child.kill(wait=False)
        if wait:
            self._bury()

    def close(self) -> None:
        with self._lock:
            processes = list(self._all)
            self._all.clear()
            self._idle.clear()
        for process in processes:
            process.child.kill()
        self._bury()

    def _bury(self) -> None:
        """Waits for the end of those that were killed."""
        with self._lock:
            killed, self._killed = self._killed, []
        for process in killed:
            process.child.kill()

    def _file(self) -> tuple[int, int] | None:
        stamp = _stamp(self._path)
        return stamp and stamp[:2]


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def quote_identifier(name: str) -> str:
    """Quotes the name of a table or column, for one that was found in the schema.

    >>> print(quote_identifier('a"b'))
    "a""b"
    """
    return '"' + name.replace('"', '""') + '"'
