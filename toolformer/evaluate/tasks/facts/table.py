"""Facts as the database tool reads them: a SQLite file with a row for each."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

# As in the facts that come with the package: names compare without case.
_SCHEMA = """
CREATE TABLE facts (
    entity TEXT NOT NULL COLLATE NOCASE,
    attribute TEXT NOT NULL COLLATE NOCASE,
    value TEXT NOT NULL
);
CREATE INDEX facts_by_entity ON facts (entity COLLATE NOCASE, attribute COLLATE NOCASE);
"""


@dataclass(frozen=True, slots=True, order=True)
class FactRow:
    """One row of the table: one value. How it is written is part of a cell's fingerprint."""

    entity: str
    attribute: str
    value: str


def write_facts(path: Path, facts: Iterable[FactRow]) -> None:
    """Writes the facts to a new SQLite file, each once."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(_SCHEMA)
        rows = [(fact.entity, fact.attribute, fact.value) for fact in sorted(set(facts))]
        connection.executemany("INSERT INTO facts VALUES (?, ?, ?)", rows)
