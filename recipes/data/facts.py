"""Builds the embedded fact database: `python -m recipes.data.facts --shared ../shared/data`.

One table, `facts(entity, attribute, value)`, one row per value, from the country files and from
T-REx. The facts of every fold are in it: what a model may be taught is a question of
`recipes/splits.py`, what a tool can look up is not.
"""

import argparse
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from recipes.data.countries import Row, read_countries
from recipes.data.sources import Fact, read_facts

ASSET = Path(__file__).parents[2] / "toolformer" / "assets" / "facts.db"

# Columns that compare without case make plain queries case-insensitive and let them use the index.
_SCHEMA = """
PRAGMA page_size = 4096;
CREATE TABLE facts (
    entity TEXT NOT NULL COLLATE NOCASE,
    attribute TEXT NOT NULL COLLATE NOCASE,
    value TEXT NOT NULL
);
"""
_INDEX = "CREATE INDEX facts_by_entity ON facts (entity COLLATE NOCASE, attribute COLLATE NOCASE)"


def rows(facts: Iterable[Fact], countries: Iterable[Row]) -> list[Row]:
    """Returns the database's rows, sorted, each (entity, attribute, value) once whatever its case.

    >>> for row in rows([Fact("Peru", "P36", "Lima")], [Row("peru", "capital", "lima")]):
    ...     print(row)
    Row(entity='Peru', attribute='capital', value='Lima')
    """
    found: dict[tuple[str, str, str], Row] = {}
    for fact in facts:
        row = Row(fact.subject, fact.attribute, fact.object)
        found.setdefault(_key(row), row)
    for row in countries:
        found.setdefault(_key(row), row)
    return [found[key] for key in sorted(found)]


def write_database(path: Path, database_rows: Iterable[Row]) -> None:
    """Writes the rows to a new SQLite file; with one version of SQLite, always the same bytes."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    try:
        connection.executescript(_SCHEMA)
        values = [(row.entity, row.attribute, row.value) for row in database_rows]
        connection.executemany("INSERT INTO facts VALUES (?, ?, ?)", values)
        connection.execute(_INDEX)
        connection.commit()
        connection.execute("VACUUM")
    finally:
        connection.close()


def _key(row: Row) -> tuple[str, str, str]:
    return (row.entity.casefold(), row.attribute.casefold(), row.value.casefold())


def main() -> None:
    """Builds the database from the shared data and says what is in it."""
    parser = argparse.ArgumentParser(description="Build the embedded fact database.")
    parser.add_argument(
        "--shared", type=Path, default=Path("../shared/data"), help="the shared data folder"
    )
    parser.add_argument("--out", type=Path, default=ASSET, help="where the database goes")
    arguments = parser.parse_args()
    built = rows(read_facts(arguments.shared), read_countries(arguments.shared))
    write_database(arguments.out, built)
    entities = len({row.entity.casefold() for row in built})
    attributes = len({row.attribute for row in built})
    size = arguments.out.stat().st_size / 1e6
    counts = f"{len(built):,} rows, {entities:,} entities, {attributes} attributes"
    print(f"{arguments.out}: {counts}, {size:.1f} MB")


if __name__ == "__main__":
    main()
