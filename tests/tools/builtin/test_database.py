"""The Database: facts from tables of several shapes."""

import sqlite3
import time
from pathlib import Path

import pytest

from toolformer.errors import ConfigError, ToolError
from toolformer.tools.builtin import database as module
from toolformer.tools.builtin.database import database, default_path

FACTS = [
    ("Washington, D.C.", "country", "United States"),
    ("France", "capital", "Paris"),
    ("France", "neighbour", "Spain"),
    ("France", "neighbour", "Belgium"),
    ("France", "neighbour", "Spain"),
    ("France", "official_language", "French"),
    ("Österreich", "capital", "Wien"),
    ("PERU", "capital", "Lima"),
    ("peru", "capital", "Cuzco"),
    ("Peru", "area", 1285216.0),
    ("Peru", "density", 25.7),
    ("Peru", "motto", None),
]


def write(path: Path, schema: str, *, table: str = "facts") -> Path:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(schema)
    connection.executemany(f'INSERT INTO "{table}" VALUES (?, ?, ?)', FACTS)
    connection.commit()
    connection.close()
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "facts.db", "CREATE TABLE facts (entity, attribute, value)")


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        ("France, capital", "Paris"),
        ("france, CAPITAL", "Paris"),
        ("Washington, D.C., country", "United States"),
        ("entity='France', attribute='capital'", "Paris"),
        ("France, neighbour", "Belgium, Spain"),  # each once, in the order of the alphabet
        ("France, official language", "French"),
        ("France, official_language", "French"),
        ("ÖSTERREICH, capital", "Wien"),
        ("Peru, capital", "Cuzco, Lima"),  # of both spellings
        ("Peru, area", "1285216"),
        ("Peru, density", "25.7"),
    ],
)
def test_a_fact_is_found_in_any_case(path: Path, arguments: str, output: str) -> None:
    assert database(path).execute(arguments) == output


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("Frannce, capital", "The database has nothing about 'Frannce'. Did you mean 'France'?"),
        ("Osterreich, capital", "The database has nothing about 'Osterreich'. Did you mean "
         "'Österreich'?"),
        ("Zanzibar, capital", "The database has nothing about 'Zanzibar'."),
        ("France, capitol", "Unknown attribute of France: 'capitol'. Did you mean 'capital'? "
         "Available: capital, neighbour, official_language."),
        ("Washington, D.C., capital", "Unknown attribute of Washington, D.C.: 'capital'. "
         "Available: country."),
        ("Peru, motto", "Unknown attribute of PERU: 'motto'. Did you mean 'motto'? Available: "),
        ("France", "Database needs (entity, attribute); 'France' has no `attribute`."),
        ("' OR 1=1 --, capital", "The database has nothing about \"' OR 1=1 --\"."),
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_tool_error_with_near_names(
    path: Path, arguments: str, error: str
) -> None:
    with pytest.raises(ToolError) as raised:
        database(path).execute(arguments)
    assert str(raised.value).startswith(error)


def test_any_table_and_columns_can_be_named(tmp_path: Path) -> None:
    path = write(
        tmp_path / "odd.db",
        'CREATE TABLE "odd ""table""" ("the thing", "select", "it""s")',
        table='odd ""table""',
    )
    tool = database(path, table='odd "table"', entity="The Thing", attribute="select", value='it"s')
    assert tool.execute("France, capital") == "Paris"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"table": "fact"}, "Unknown table 'fact'. Did you mean 'facts'? Available: facts."),
        ({"table": "facts; DROP TABLE facts"}, "Unknown table 'facts; DROP TABLE facts'."),
        ({"value": "vale"}, "Unknown column of facts 'vale'. Did you mean 'value'?"),
        ({"entity": "1"}, "Unknown column of facts '1'."),
        ({"table": "sqlite_master"}, "Unknown table 'sqlite_master'."),
    ],
)
def test_an_unknown_table_or_column_is_a_config_error(
    path: Path, options: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError) as error:
        database(path, **options)
    assert str(error.value).startswith(message)


def test_the_words_of_the_attributes_are_its_vocabulary(path: Path) -> None:
    assert database(path).vocabulary == {
        "area", "capital", "country", "density", "language", "motto", "neighbour", "official",
    }  # fmt: skip


def test_a_table_too_large_to_hold_its_names_is_still_searched(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = database(path)
    monkeypatch.setattr(module, "MAX_NAMES", 2)
    assert tool.execute("france, capital") == "Paris"
    assert tool.execute("peru, capital") == "Cuzco, Lima"
    with pytest.raises(ToolError, match="nothing about 'Frannce'"):
        tool.execute("Frannce, capital")


def test_an_index_is_used(tmp_path: Path) -> None:
    work = [_work_of_fifty(tmp_path / f"{indexed}.db", indexed=indexed) for indexed in (0, 1)]
    assert work[1] < work[0] / 3  # a scan of 20,000 rows for each look-up, or not


def _work_of_fifty(path: Path, *, indexed: int) -> float:
    """Returns the processor's seconds of fifty look-ups, the best of three times."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("CREATE TABLE facts (entity TEXT, attribute TEXT, value TEXT)")
    connection.executemany(
        "INSERT INTO facts VALUES (?, ?, ?)",
        ((f"Place {number}", "code", str(number)) for number in range(20_000)),
    )
    if indexed:
        connection.execute("CREATE INDEX by_entity ON facts (entity, attribute)")
    connection.commit()
    connection.close()
    tool = database(path)
    tool.execute("place 0, code")
    taken = []
    for _ in range(3):
        start = time.process_time()  # others may be at work: the clock on the wall tells nothing
        for number in range(50):
            assert tool.execute(f"PLACE {number}, code") == str(number)
        taken.append(time.process_time() - start)
    return min(taken)


def test_the_facts_of_the_package_are_the_default() -> None:
    tool = database()
    assert default_path().name == "facts.db"
    assert tool.signature == "Database(entity, attribute)"
    assert "capital" in tool.vocabulary


def test_the_words_after_each_exemplar_begin_with_the_fact() -> None:
    tool = database()
    assert 4 <= len(tool.exemplars) <= 6
    for one in tool.exemplars:
        assert one.after.startswith(f" {tool.execute(one.arguments)}")
