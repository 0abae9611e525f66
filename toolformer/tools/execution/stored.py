"""Results of tools on disk, shared by runs and processes: a SQLite file in a directory.

Knows no tool: a key says everything that a result depends on.
"""

import hashlib
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from toolformer.errors import ConfigError

_FILE = "results.db"
_VERSION = 1  # of the table
_BUSY_S = 5.0  # another process writes for so long at most
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a call came to: exactly one of the two."""

    output: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class StoredCount:
    """How much is stored of a tool."""

    tool: str
    results: int
    failed: int  # of these: the tool refused the call


class StoredResults:
    """The results in a directory; safe between threads and processes.

    A result that cannot be read or written any more is no reason to stop: the tool runs instead,
    and it is said once.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, StoredResults(Path(folder)) as stored:
    ...     stored.put("Half(8)", tool="Half", answered=Answered("4", None))
    ...     stored.get("Half(8)"), stored.get("Half(9)")
    (Answered(output='4', error=None), None)
    """

    def __init__(self, directory: Path) -> None:
        """Opens the results of a directory, which is made if need be.

        Raises:
            ConfigError: it cannot be made, or holds something else.
        """
        self._path = directory / _FILE
        self._lock = threading.Lock()
        self._is_told = False
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(
                f"Results of tools cannot be kept in '{directory}': {error}. Choose another "
                "directory."
            ) from None

    def __enter__(self) -> "StoredResults":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._connection.close()

    def get(self, key: str) -> Answered | None:
        """Returns the result of a key, None where there is none."""
        with self._told(), self._lock:
            row = self._connection.execute(
                "SELECT answered FROM results WHERE key = ?", (_digest(key),)
            ).fetchone()
            if row is not None:
                stated = json.loads(row[0])
                return Answered(stated.get("output"), stated.get("error"))
        return None

    def put(self, key: str, *, tool: str, answered: Answered) -> None:
        """Keeps a result."""
        stated = {"output": answered.output, "error": answered.error}
        with self._told(), self._lock:
            self._connection.execute(
                "INSERT OR IGNORE INTO results (key, tool, answered, is_failed, stored)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    _digest(key),
                    tool,
                    json.dumps(stated, ensure_ascii=False),
                    answered.output is None,
                    int(time.time()),
                ),
            )

    def counts(self) -> list[StoredCount]:
        """Returns how much is stored, by tool."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT tool, count(*), sum(is_failed) FROM results GROUP BY tool ORDER BY tool"
            ).fetchall()
        return [StoredCount(*row) for row in rows]

    def clear(self) -> int:
        """Forgets all results and returns how many there were."""
        with self._lock:
            forgotten = self._connection.execute("DELETE FROM results").rowcount
            self._connection.execute("VACUUM")
        return forgotten

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        [version] = self._connection.execute("PRAGMA user_version").fetchone()
        [tables] = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if (version, tables) == (0, 0):
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS results (key BLOB PRIMARY KEY, tool TEXT NOT NULL,"
                " answered TEXT NOT NULL, is_failed INTEGER NOT NULL, stored INTEGER NOT NULL)"
                " WITHOUT ROWID"
            )
            self._connection.execute(f"PRAGMA user_version = {_VERSION}")
        elif version != _VERSION:
            raise sqlite3.DatabaseError(f"'{self._path}' is of another version, {version}")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Says once that the file cannot be used, and lets the tools run."""
        try:
            yield
        except (sqlite3.Error, ValueError, AttributeError) as error:
            if not self._is_told:
                self._is_told = True
                _log.warning("Results of tools in '%s' cannot be used: %s", self._path, error)


def stored_results(directory: Path) -> StoredResults:
    """Opens the results of a directory that has some.

    Raises:
        ConfigError: it has none.
    """
    if not (directory / _FILE).is_file():
        raise ConfigError(f"There are no results of tools in '{directory}'.")
    return StoredResults(directory)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
