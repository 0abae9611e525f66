import sqlite3
from pathlib import Path

import pytest

from recipes.data.countries import Row
from recipes.data.facts import ASSET, rows, write_database
from recipes.data.sources import Fact


@pytest.fixture
def connection() -> sqlite3.Connection:
    return sqlite3.connect(f"file:{ASSET}?mode=ro", uri=True)


def look_up(connection: sqlite3.Connection, entity: str, attribute: str) -> list[str]:
    query = "SELECT value FROM facts WHERE entity = ? AND attribute = ? ORDER BY value"
    return [value for (value,) in connection.execute(query, (entity, attribute))]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    built = [Row("Peru", "capital", "Lima"), Row("Peru", "currency", "Sol")]
    write_database(tmp_path / "first.db", built)
    write_database(tmp_path / "second.db", built)
    assert (tmp_path / "first.db").read_bytes() == (tmp_path / "second.db").read_bytes()


def test_a_value_that_two_sources_give_is_one_row() -> None:
    built = rows([Fact("Peru", "P36", "Lima")], [Row("peru", "Capital", "LIMA")])
    assert built == [Row("Peru", "capital", "Lima")]


def test_countries_and_trex_answer_under_the_same_attribute(connection: sqlite3.Connection) -> None:
    assert look_up(connection, "France", "capital") == ["Paris"]  # only the country files have it
    assert look_up(connection, "Massachusetts", "capital") == ["Boston"]  # only T-REx has it
    assert look_up(connection, "Switzerland", "currency") == ["Swiss Franc"]


def test_several_values_are_several_rows(connection: sqlite3.Connection) -> None:
    languages = look_up(connection, "Switzerland", "official language")
    assert languages == ["French", "German", "Italian"]


def test_entities_and_attributes_compare_without_case(connection: sqlite3.Connection) -> None:
    assert look_up(connection, "fRANCE", "Capital") == ["Paris"]


def test_a_look_up_uses_the_index(connection: sqlite3.Connection) -> None:
    query = "EXPLAIN QUERY PLAN SELECT value FROM facts WHERE entity = ? AND attribute = ?"
    plan = connection.execute(query, ("France", "capital")).fetchall()
    assert "USING INDEX facts_by_entity" in plan[0][3]


def test_no_value_is_empty_or_holds_the_leftovers_of_the_country_files(
    connection: sqlite3.Connection,
) -> None:
    junk = connection.execute(
        "SELECT entity, value FROM facts WHERE trim(value) <> value OR value = '' "
        "OR value LIKE '%[%' OR value LIKE '%√%' OR entity LIKE '%(%country%'"
    ).fetchall()
    assert junk == []


def test_the_database_stays_small() -> None:
    assert ASSET.stat().st_size < 4_000_000
