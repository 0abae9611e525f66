"""No statement changes, leaves, or keeps busy a database."""

import hashlib
import os
import signal
import sqlite3
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from toolformer.errors import ConfigError, ToolError, ToolUnavailableError
from toolformer.tools.databases.readonly import ReadOnlyDatabase

LETTERS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of three facts and a view."""
    path = tmp_path / "facts #1?.db"  # characters that mean something in a URI
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("CREATE TABLE facts (entity TEXT, attribute TEXT, value TEXT)")
    connection.execute("CREATE INDEX by_entity ON facts (entity)")
    connection.executemany(
        "INSERT INTO facts VALUES (?, ?, ?)",
        [("France", "capital", "Paris"), ("Peru", "capital", "Lima"), ("Peru", "area", "1285216")],
    )
    connection.execute("CREATE VIEW capitals AS SELECT * FROM facts WHERE attribute = 'capital'")
    connection.commit()
    connection.close()
    return path


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT value FROM facts WHERE entity = 'France'", [("Paris",)]),
        ("select count(*) from facts", [(3,)]),
        ("SELECT entity FROM capitals ORDER BY entity", [("France",), ("Peru",)]),
        ("SELECT upper(value) FROM FACTS WHERE entity LIKE 'fr%'", [("PARIS",)]),
        ("WITH p AS (SELECT * FROM facts WHERE entity = 'Peru') SELECT count(*) FROM p", [(2,)]),
        ("SELECT count(*) FROM (SELECT 1 UNION SELECT 2) AS t", [(2,)]),
        ("SELECT max(x) FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c "
         "LIMIT 5) SELECT x FROM c)", [(5,)]),
        ("SELECT a.value FROM facts a JOIN facts b USING (entity) WHERE b.value = 'Lima' "
         "AND a.attribute = 'area'", [("1285216",)]),
        ("SELECT name FROM sqlite_master WHERE type = 'table'", [("facts",)]),
        ("VALUES (1, 2)", [(1, 2)]),
    ],
)  # fmt: skip
def test_a_select_over_its_own_tables_is_answered(
    path: Path, query: str, rows: list[tuple[object, ...]]
) -> None:
    assert ReadOnlyDatabase(path).select(query, max_rows=9).rows == rows


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO facts VALUES ('a', 'b', 'c')",
        "REPLACE INTO facts VALUES ('a', 'b', 'c')",
        "UPDATE facts SET value = ''",
        "DELETE FROM facts",
        "DROP TABLE facts",
        "DROP VIEW capitals",
        "CREATE TABLE t (x)",
        "CREATE TEMP TABLE t (x)",
        "CREATE TABLE t AS SELECT * FROM facts",
        "CREATE TRIGGER t AFTER INSERT ON facts BEGIN SELECT 1; END",
        "CREATE VIRTUAL TABLE t USING fts5(x)",
        "ALTER TABLE facts RENAME TO t",
        "WITH t AS (SELECT 1) DELETE FROM facts",
        "UPDATE sqlite_master SET sql = ''",
        "ATTACH '{folder}/new.db' AS new",
        "ATTACH ':memory:' AS new",
        "DETACH main",
        "VACUUM",
        "VACUUM INTO '{folder}/copy.db'",
        "REINDEX",
        "ANALYZE",
        "BEGIN",
        "BEGIN EXCLUSIVE",
        "SAVEPOINT s",
        "PRAGMA query_only = OFF",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA writable_schema = ON",
        "PRAGMA database_list",
        "SELECT * FROM pragma_database_list",
        "SELECT * FROM pragma_table_info('facts')",
        "SELECT load_extension('evil')",
        "SELECT readfile('/etc/passwd')",
        "SELECT writefile('{folder}/new', 'x')",
        "SELECT edit('x', 'sh')",
        "SELECT fts3_tokenizer('simple', x'00')",
        "SELECT * FROM fsdir('/')",
        "SELECT random()",
        "SELECT randomblob(9)",
        "SELECT current_timestamp",
        "SELECT zeroblob(1000000000)",
        "SELECT 1; DELETE FROM facts",
        "SELECT 1; SELECT 2",
        "SELECT value FROM facts WHERE entity = ?",
        "SELECT nothing FROM facts",
        "SELECT * FROM elsewhere",
        "SELEC 1",
        "SELECT \x00",
        "SELECT '\ud800'",
        "SELECT " + "(" * 5000 + "1" + ")" * 5000,
        "SELECT 1" + " UNION SELECT 1" * 600,
        "SELECT 1 -- " + "x" * 20_000,
    ],
)
def test_every_other_statement_is_a_tool_error_and_changes_nothing(path: Path, query: str) -> None:
    database = ReadOnlyDatabase(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    kept = {name.name for name in path.parent.iterdir()}
    with pytest.raises(ToolError, match="The query failed: "):
        database.select(query.replace("{folder}", str(path.parent)), max_rows=9)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    assert {name.name for name in path.parent.iterdir()} == kept
    assert database.select("SELECT count(*) FROM facts", max_rows=1).rows == [(3,)]


@pytest.mark.parametrize(
    "query",
    [
        LETTERS + "SELECT count(*) FROM c",
        LETTERS + "SELECT x FROM c WHERE x < 0",
        LETTERS + "SELECT a.x FROM c a, c b, c d ORDER BY a.x",
        "WITH RECURSIVE c(x) AS (SELECT 'a' UNION SELECT x || 'a' FROM c) SELECT max(x) FROM c",
        "WITH RECURSIVE c(x) AS (SELECT printf('%99000d', 1) UNION SELECT substr(x || 'a', 2) "
        "FROM c) SELECT max(x) FROM c",
        LETTERS + "SELECT group_concat(printf('%9000d', x)) FROM c",
        LETTERS + "SELECT sum(instr(replace(printf('%50000d', 1), ' ', 'a'), "
        "replace(printf('%49999d', 1), ' ', 'a') || 'b')) FROM c",
        LETTERS + "SELECT sum(replace(printf('%90000d', 1), ' ', 'a') LIKE '"
        + "%a" * 90 + "%b') FROM c",
        LETTERS + "SELECT sum(glob('" + "*a" * 90 + "*b', replace(printf('%90000d', 1), ' ', 'a')"
        ")) FROM c",
    ],
)  # fmt: skip
def test_a_bomb_meets_a_limit(path: Path, query: str) -> None:  # else it would never end
    database = ReadOnlyDatabase(path, timeout_s=0.2)
    with pytest.raises(ToolError, match=r"^The query took longer than 0\.2 s\.$|too much memory"):
        database.select(query, max_rows=9)


def test_the_message_of_a_slow_query_names_the_limit(path: Path) -> None:
    with pytest.raises(ToolError, match=r"^The query took longer than 0\.1 s\.$"):
        ReadOnlyDatabase(path, timeout_s=0.1).select(LETTERS + "SELECT count(*) FROM c", max_rows=1)


WIDE = "SELECT " + ", ".join(["{}"] * 99) + " FROM bulk"
HOSTILE = [
    WIDE.replace("{}", "length(ltrim(a, b))"),  # each is one step of SQLite that takes a second
    WIDE.replace("{}", "instr(a || a, a || 'b')"),
    "SELECT * FROM slow",
    WIDE.replace("{}", "bulk.a") + ", bulk AS b, bulk AS c ORDER BY b.n * c.n",
    LETTERS + "SELECT json_group_array(printf('%99999d', x)) FROM c",
    LETTERS + "SELECT a.x FROM c a, c b, c d ORDER BY a.x",
    "WITH RECURSIVE c(x) AS (SELECT 'a' UNION ALL SELECT x || x FROM c) SELECT max(x) FROM c",
    "SELECT replace(replace(replace(a, 'a', a), 'a', a), 'a', a) FROM bulk",
    "SELECT printf('%999999999d', 1)",
    "SELECT count(DISTINCT b.n * c.n * d.n) FROM bulk b, bulk c, bulk d, bulk e, bulk f",
]


@pytest.fixture
def bulk(tmp_path: Path) -> Path:
    """A database with long values and a slow view."""
    path = tmp_path / "bulk.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("CREATE TABLE bulk (n, a, b)")
        rows = [(n, "a" * 90_000, "b" * 90_000 + "a") for n in range(50)]
        connection.executemany("INSERT INTO bulk VALUES (?, ?, ?)", rows)
        connection.execute("CREATE VIEW slow AS SELECT ltrim(a, b) FROM bulk")
    return path


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("query", HOSTILE)
def test_a_hostile_query_costs_its_time_and_the_next_is_answered(bulk: Path, query: str) -> None:
    database = ReadOnlyDatabase(bulk, timeout_s=0.5)
    before = _most_memory()
    start = time.monotonic()
    with pytest.raises(ToolError, match=r"^The query took longer than 0\.5 s\.$|too much memory"):
        database.select(query, max_rows=20)
    assert time.monotonic() - start < 0.5 * 1.2 + 0.5  # half a second for a busy machine
    assert _most_memory() - before < 50 << 20
    start = time.monotonic()
    assert database.select("SELECT count(*) FROM bulk", max_rows=1).rows == [(50,)]
    assert time.monotonic() - start < 1


def _most_memory() -> int:
    """Returns the most memory that this process has had, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) << 10


def test_a_wide_row_of_long_values_is_read_as_far_as_it_is_wanted(bulk: Path) -> None:
    [row] = ReadOnlyDatabase(bulk).select(
        WIDE.replace("{}", "a"), max_rows=20, max_characters=100_000
    ).rows  # fmt: skip
    assert [len(str(cell)) for cell in row] == [90_000, 10_000] + [0] * 97


@pytest.mark.slow
def test_one_slow_query_after_another_is_stopped_in_time(bulk: Path) -> None:
    database = ReadOnlyDatabase(bulk, timeout_s=1)
    for _ in range(3):
        start = time.monotonic()
        with pytest.raises(ToolError, match=r"took longer than 1 s"):
            database.select(WIDE.replace("{}", "ltrim(a, b)"), max_rows=20)
        assert time.monotonic() - start < 1.2  # the next process was made ready meanwhile


@pytest.mark.parametrize(
    "query",
    [
        "SELECT date('now')",
        "SELECT datetime('NOW', '+1 day')",
        "SELECT date('n' || 'ow')",
        "SELECT date(x'6e6f77')",
        "SELECT date(char(110, 111, 119, 0, 65))",
        "SELECT time()",
        "SELECT strftime('%Y')",
        "SELECT strftime('%Y', 'now')",
        "SELECT julianday('subsec')",
        "SELECT unixepoch()",
        "SELECT day FROM asked",
    ],
)
def test_no_query_reads_the_clock(path: Path, query: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE VIEW asked AS SELECT date('now') AS day")
    with pytest.raises(ToolError, match="what day or time it is now is not known here"):
        ReadOnlyDatabase(path).select(query, max_rows=1)


@pytest.mark.parametrize(
    ("query", "cell"),
    [
        ("SELECT date('2023-03-03', '+1 day')", "2023-03-04"),
        ("SELECT strftime('%Y', '2023-03-03')", "2023"),
        ("SELECT strftime('now', '2023-03-03')", "now"),
        ("SELECT date(86400, 'unixepoch')", "1970-01-02"),
        ("SELECT datetime('2023-03-03 12:00', 'localtime')", "2023-03-03 12:00:00"),
        ("SELECT date('soon')", None),
        ("SELECT date(NULL)", None),
        ("SELECT year FROM dated", "2023"),
    ],
)
def test_sums_with_days_are_done_alike_everywhere(
    path: Path, query: str, cell: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE VIEW dated AS SELECT strftime('%Y', '2023-03-03') AS year")
    assert ReadOnlyDatabase(path).select(query, max_rows=1).rows == [(cell,)]


def test_a_file_that_another_program_writes_to_is_asked_again_another_time(path: Path) -> None:
    database = ReadOnlyDatabase(path)
    query = "SELECT count(*) FROM facts"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        start = time.monotonic()
        with pytest.raises(ToolUnavailableError, match="database is locked"):
            database.select(query, max_rows=1)
        assert time.monotonic() - start < 1
        connection.execute("COMMIT")
    assert database.select(query, max_rows=1).rows == [(3,)]


def test_a_file_that_is_gone_may_come_back(path: Path) -> None:
    database = ReadOnlyDatabase(path)
    away = path.with_name("away.db")
    path.rename(away)
    with pytest.raises(ToolUnavailableError, match="unable to open database file"):
        database.select("SELECT 1", max_rows=1)
    away.rename(path)
    assert database.select("SELECT 1", max_rows=1).rows == [(1,)]


def test_what_has_no_text_is_none(path: Path) -> None:
    query = "SELECT x'ff', CAST(x'ff' AS TEXT), NULL, 'text', 1, 0.5"
    rows = ReadOnlyDatabase(path).select(query, max_rows=1).rows
    assert rows == [(None, None, None, "text", 1, 0.5)]


def test_a_closed_database_is_opened_again(path: Path) -> None:
    database = ReadOnlyDatabase(path)
    database.close()
    assert database.select("SELECT count(*) FROM facts", max_rows=1).rows == [(3,)]


def test_a_process_that_was_killed_is_replaced(path: Path) -> None:
    database = ReadOnlyDatabase(path)
    for process in _children():
        os.kill(process, signal.SIGKILL)
    assert database.select("SELECT count(*) FROM facts", max_rows=1).rows == [(3,)]


def _children() -> list[int]:
    tasks = Path("/proc/self/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def test_names_that_are_not_utf8_and_wide_tables_are_no_hindrance(tmp_path: Path) -> None:
    path = tmp_path / "odd.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE good (a, b)")
        connection.execute(f"CREATE TABLE wide ({', '.join(f'c{n}' for n in range(1500))})")
        connection.execute("CREATE TABLE bad_name (a, bad_column)")
        connection.execute("CREATE VIEW broken AS SELECT * FROM gone")
        connection.execute("INSERT INTO good VALUES (1, 2)")
    written = path.read_bytes()
    path.write_bytes(
        written.replace(b"bad_name", b"bad_nam\xff").replace(b"bad_col", b"bad_co\xfe")
    )
    database = ReadOnlyDatabase(path)
    assert {name: len(columns) for name, columns in database.tables.items()} == {
        "good": 2,
        "wide": 1500,
    }
    assert database.select("SELECT * FROM good", max_rows=9).rows == [(1, 2)]
    assert database.select("SELECT count(*) FROM wide", max_rows=9).rows == [(0,)]


def test_no_more_rows_are_read_than_asked_for(path: Path) -> None:
    endless = ReadOnlyDatabase(path).select(LETTERS + "SELECT x FROM c", max_rows=3)
    assert endless.rows == [(1,), (2,), (3,)]
    assert endless.has_more
    assert not ReadOnlyDatabase(path).select("SELECT * FROM facts", max_rows=3).has_more


def test_several_threads_may_select_at_once(path: Path) -> None:
    database = ReadOnlyDatabase(path)
    results: list[int] = []

    def select_often() -> None:
        for _ in range(50):
            [(count,)] = database.select("SELECT count(*) FROM facts", max_rows=1).rows
            results.append(int(count or 0))

    threads = [threading.Thread(target=select_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [3] * 200


def test_its_tables_and_views_are_known_with_their_columns(path: Path) -> None:
    columns = ("entity", "attribute", "value")
    assert ReadOnlyDatabase(path).tables == {"capitals": columns, "facts": columns}


def test_a_database_in_write_ahead_mode_is_read_while_another_program_writes(path: Path) -> None:
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("INSERT INTO facts VALUES ('Oman', 'capital', 'Muscat')")
    database = ReadOnlyDatabase(path)
    assert database.select("SELECT count(*) FROM facts", max_rows=1).rows == [(3,)]
    writer.commit()
    assert database.select("SELECT count(*) FROM facts", max_rows=1).rows == [(4,)]
    with pytest.raises(ToolError):
        database.select("DELETE FROM facts", max_rows=1)
    writer.close()


def test_a_file_without_write_permission_is_enough(path: Path) -> None:
    path.chmod(0o444)
    assert ReadOnlyDatabase(path).select("SELECT count(*) FROM facts", max_rows=1).rows == [(3,)]


def test_a_file_that_is_missing_or_no_database_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"There is no database .*none\.db"):
        ReadOnlyDatabase(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "text.db").write_text("not a database, but long enough to be looked at" * 9)
    with pytest.raises(ConfigError, match=r"text\.db' cannot be read as a database"):
        ReadOnlyDatabase(tmp_path / "text.db")
