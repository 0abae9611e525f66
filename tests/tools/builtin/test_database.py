"""The Database: facts from tables of several shapes."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from toolformer.calls import InlineGrammar, ToolCall
from toolformer.errors import ConfigError, ToolError
from toolformer.tools.base import Tool
from toolformer.tools.builtin import database as module
from toolformer.tools.builtin.database import database, default_path
from toolformer.tools.toolbox import Toolbox

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
        ("Peru, motto", "The database has no value for 'motto' of PERU."),
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
    taken = [_fastest(tmp_path / f"{indexed}.db", indexed=indexed) for indexed in (0, 1)]
    assert taken[1] < taken[0] / 3  # a scan of 100,000 rows for each look-up, or not


def _fastest(path: Path, *, indexed: int) -> float:
    """Returns the seconds of the fastest look-up: others may be at work on this machine."""
    rows = ((f"Place {number}", "code", str(number)) for number in range(100_000))
    tool = database(write(path, "CREATE TABLE facts (entity TEXT, attribute TEXT, value TEXT)"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany("INSERT INTO facts VALUES (?, ?, ?)", rows)
        if indexed:
            connection.execute("CREATE INDEX by_entity ON facts (entity, attribute)")
    tool.execute("place 0, code")
    taken = []
    for number in range(30):
        start = time.perf_counter()
        assert tool.execute(f"PLACE {number}, code") == str(number)
        taken.append(time.perf_counter() - start)
    return min(taken)


ODD_SCHEMA = """
CREATE TABLE facts (entity, attribute, value);
INSERT INTO facts VALUES (1999, 'event', 'an eclipse'), (0, 'name', 'zero'), ('', 'name', 'empty'),
    (2.5, 'half of', 5), (1e300, 'is', 'large'), (NULL, 'name', 'none'), (x'ff00', 'name', 'blob'),
    ('Peru', 7, 'seven'), ('Peru', 'Capital', 'Lima'), ('Peru', 'capital', 'Lima'),
    ('Peru', 'flag', x'ff'), ('Peru', 'debt', 9e999), ('Peru', 'loss', -9e999),
    ('Peru', 'zero', -0.0), ('Peru', 'sum', 0.1 + 0.2), ('Peru', 'blank', '  '),
    (CAST(x'ff41' AS TEXT), 'name', 'not UTF-8'), ('Peru', CAST(x'fe' AS TEXT), 'not UTF-8'),
    ('Peru', 'motto', CAST(x'fffe' AS TEXT)), ('Oman', 'story', CAST(zeroblob(300000) AS TEXT));
INSERT INTO facts VALUES (printf('%.300000c', 'x'), 'name', 'long'), ('Chad', 'is', 'dry');
"""


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ("1999, event", "an eclipse"),
        ("0, name", "zero"),
        ("2.5, half of", "5"),
        ("1e+300, is", "large"),
        ("Peru, 7", "seven"),
        ("peru, CAPITAL", "Lima"),  # of both spellings, once
        ("Peru, zero", "0"),
        ("Peru, sum", "0.3"),
        ("Chad, is", "dry"),
        (", name", "The database has nothing about ''."),
        ("None, name", "The database has nothing about 'None'."),
        ("Peru, flag", "The database has no value for 'flag' of Peru."),
        ("Peru, debt", "The database has no value for 'debt' of Peru."),
        ("Peru, loss", "The database has no value for 'loss' of Peru."),
        ("Peru, blank", "The database has no value for 'blank' of Peru."),
        ("Peru, motto", "The database has no value for 'motto' of Peru."),
        ("\ud800, name", "The database has nothing about '\\ud800'."),
        ("x\x00, name", "The database has nothing about 'x\\x00'."),
        ("1998, event", "The database has nothing about '1998'. Did you mean '1999'?"),
    ],
)
def test_a_bad_row_costs_itself_alone(tmp_path: Path, arguments: str, answer: str) -> None:
    path = tmp_path / "odd.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(ODD_SCHEMA)
        columns = ", ".join(f"column_{'x' * 90}_{number}" for number in range(150))
        connection.execute(f"CREATE TABLE wide ({columns})")
        connection.execute("CREATE VIEW broken AS SELECT * FROM gone")
        connection.execute("CREATE TABLE whole (a PRIMARY KEY, b) WITHOUT ROWID")
    assert said(database(path), arguments) == answer


def said(tool: Tool, arguments: str) -> str:
    """Returns what a call gives, its output or its failure."""
    try:
        return tool.execute(arguments)
    except ToolError as error:
        return str(error)


def test_numbers_are_found_where_the_names_are_too_many_to_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "odd.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(ODD_SCHEMA)
    monkeypatch.setattr(module, "MAX_NAMES", 2)
    assert said(database(path), "1999, event") == "an eclipse"
    assert said(database(path), "2.5, half of") == "5"
    assert said(database(path), "0, name") == "zero"


def test_a_name_that_is_there_is_not_offered_instead_of_itself(tmp_path: Path) -> None:
    path = write(tmp_path / "facts.db", "CREATE TABLE facts (entity, attribute, value)")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO facts VALUES ('Rome', NULL, 'x'), ('Oslo', x'ff', 'y')")
    tool = database(path)
    assert said(tool, "Rome, capital") == "The database has no attribute of Rome."
    assert said(tool, "Oslo, capital") == "The database has no attribute of Oslo."


def test_a_letter_with_an_accent_is_found_however_it_is_composed(tmp_path: Path) -> None:
    path = write(tmp_path / "facts.db", "CREATE TABLE facts (entity, attribute, value)")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO facts VALUES ('Me\u0301lie\u0300s', 'born', 1861)")
    assert said(database(path), "M\u00e9li\u00e8s, born") == "1861"


def test_a_file_that_changes_or_is_replaced_is_read_again(path: Path, tmp_path: Path) -> None:
    call = ToolCall("Database", "Chad, capital")
    with Toolbox([database(path)]) as toolbox:
        assert toolbox.execute([call])[0].output is None
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("INSERT INTO facts VALUES ('Chad', 'capital', 'Fort-Lamy')")
        assert toolbox.execute([call])[0].output == "Fort-Lamy"
        other = write(tmp_path / "other.db", "CREATE TABLE facts (entity, attribute, value)")
        with closing(sqlite3.connect(other)) as connection, connection:
            connection.execute("INSERT INTO facts VALUES ('Chad', 'capital', 'Ndjamena')")
        other.rename(path)
        assert toolbox.execute([call])[0].output == "Ndjamena"


def test_a_long_name_in_a_large_table_is_not_compared_for_long(tmp_path: Path) -> None:
    path = write(tmp_path / "large.db", "CREATE TABLE facts (entity, attribute, value)")
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = ((f"Place number {number} of {'a' * 60}",) for number in range(50_000))
        connection.executemany("INSERT INTO facts VALUES (?, 'is', 'there')", rows)
    tool = database(path)
    said(tool, "Place, is")  # reads the names
    for name in ("Place number 7 of " + "a" * 59, "a" * 9000, "Place number " * 700):
        start = time.perf_counter()
        assert said(tool, f"{name}, is").startswith("The database has nothing about '")
        assert time.perf_counter() - start < 2


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


def test_a_call_says_what_the_table_has_about_what_the_text_names(path: Path) -> None:
    made = database(path)
    try:
        spell = made.spelling(InlineGrammar(), "From Washington, D.C. to France one")
        assert spell is not None
        assert spell("") == ("France,", "Washington, D.C.,", "entity=")
        assert spell("France, c") == ("apital)",)
        assert spell("France, country)") == ()
        assert spell("Washington, D.C., cou") == ("ntry)",)
        for text in ("France, official_language", "Washington, D.C., country"):
            assert made.execute(text)
    finally:
        made.close()


def test_where_the_text_names_nothing_the_entity_is_free_and_any_attribute_may_come(
    path: Path,
) -> None:
    made = database(path)
    try:
        spell = made.spelling(InlineGrammar(), "In Atlantis")
        assert spell is not None
        assert spell("Atl") is None
        assert spell("Atlantis, ca") == ("pital)",)
        assert spell("Atlantis, king)") == ()
    finally:
        made.close()


def test_names_that_are_too_many_to_hold_are_free(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_NAMES", 1)
    made = database(path)
    try:
        spell = made.spelling(InlineGrammar(), "In France")
        assert spell is not None
        assert spell("") is None
        assert spell("France, anything)") is None
    finally:
        made.close()


def test_names_that_are_written_later_can_be_said_at_once(path: Path) -> None:
    made = database(path)
    try:
        spell = made.spelling(InlineGrammar(), "In France")
        assert spell is not None
        assert spell("France, k") == ()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("INSERT INTO facts VALUES ('France', 'king', 'none')")
            connection.commit()
        assert spell("France, k") == ("ing)",)
    finally:
        made.close()
