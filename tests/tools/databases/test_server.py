"""SELECT over a real PostgreSQL, started here, and over a file of DuckDB."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from toolformer.calls import ToolCall
from toolformer.errors import ConfigError
from toolformer.tools.registry import load_tool
from toolformer.tools.result import ToolResult
from toolformer.tools.toolbox import Toolbox
from toolformer.tools.trust import is_harmless

TABLES = """
CREATE TABLE goods (name text, price numeric(9, 2), since date, stock integer);
INSERT INTO goods VALUES ('tea', 2.50, '2023-03-03', 7), ('50% cocoa', 3, NULL, NULL);
"""
_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@dataclass(frozen=True)
class Postgres:
    binaries: Path
    data: Path
    port: int

    @property
    def spec(self) -> str:
        return (
            f"sql:url=postgresql://reader@127.0.0.1:{self.port}/postgres,password=READER_PASSWORD"
        )

    def run(self, program: str, *arguments: str) -> None:
        command = [str(self.binaries / program), *arguments]
        if os.getuid() == 0:  # which PostgreSQL refuses to run as
            command = ["setpriv", "--reuid=nobody", "--clear-groups", *command]
        subprocess.run(command, check=True, capture_output=True, cwd=self.data.parent, timeout=60)

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.data.parent} -c fsync=off"
        log = self.data.parent / "log"
        self.run("pg_ctl", "-D", str(self.data), "-w", "-l", str(log), "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop")

    def tell(self, statements: str) -> None:
        target = ["-h", str(self.data.parent), "-p", str(self.port), "-U", "owner", "postgres"]
        self.run("psql", "-q", "-v", "ON_ERROR_STOP=1", *target, "-c", statements)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    if not _FOLDERS or shutil.which("setpriv") is None:
        pytest.skip("PostgreSQL is not installed: apt install postgresql")
    # Not below pytest's own folders, which nobody else may enter.
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        if os.getuid() == 0:
            subprocess.run(["chown", "nobody", folder], check=True)
        yield from _served(Path(folder))


def _served(folder: Path) -> Iterator[Postgres]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Postgres(_FOLDERS[-1], folder / "data", port)
    server.run("initdb", "-D", str(server.data), "-U", "owner", "--auth-host=scram-sha-256")
    server.start()
    try:
        server.tell(TABLES + "CREATE ROLE reader LOGIN PASSWORD 'pa55word';")
        server.tell("GRANT ALL ON goods TO reader")  # reading alone is our part
        yield server
    finally:
        server.stop()


@pytest.fixture
def duck(tmp_path: Path) -> str:
    with duckdb.connect(tmp_path / "shop.db") as connection:
        connection.execute(TABLES)
    return f"sql:url=duckdb:///{tmp_path / 'shop.db'},timeout=1"


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READER_PASSWORD", "pa55word")


def ask(spec: str, *queries: str) -> list[ToolResult]:
    with Toolbox([spec]) as toolbox:
        return toolbox.execute([ToolCall("SQL", query) for query in queries])


ANSWERS = {
    "SELECT price, since FROM goods WHERE name = 'tea'": "2.50, 2023-03-03",
    "SELECT name FROM goods WHERE name LIKE '50%' ;": "50% cocoa",
    "SELECT name, stock FROM goods ORDER BY price": "tea, 7; 50% cocoa",
    "SELECT stock::text || ':30' FROM goods WHERE name = 'tea'": "7:30",
    "WITH few AS (SELECT 1 AS n) SELECT n > 0 FROM few": "true",
    "SELECT n FROM generate_series(1, 100) AS s(n)": ", ".join(map(str, range(1, 21))) + ", ...",
}
REFUSED = {
    "DELETE FROM goods": "Only one SELECT",
    "SELECT 1; DELETE FROM goods": "semicolon",
    "SELECT price FROM nothing": "nothing",
    "SELECT name FROM goods WHERE name = 'milk'": "returned nothing",
}


def test_postgresql_answers(postgres: Postgres) -> None:
    results = ask(postgres.spec, *ANSWERS)
    assert {each.call.arguments: each.output or each.error for each in results} == ANSWERS


def test_duckdb_answers(duck: str) -> None:
    results = ask(duck, *ANSWERS)
    assert {each.call.arguments: each.output or each.error for each in results} == ANSWERS


WRITING = {
    "WITH gone AS (DELETE FROM goods RETURNING *) SELECT * FROM gone": "data-modifying",
    "SELECT * INTO copies FROM goods": "not allowed here",
    "SELECT set_config('transaction_read_only', 'off', true)": "read-write",
    "SELECT pg_sleep(60)": "took longer than 1 s",
}


def test_postgresql_is_not_changed_and_not_kept_busy(postgres: Postgres) -> None:
    wanted = REFUSED | WRITING
    results = ask(f"{postgres.spec},timeout=1", *wanted)
    for result, error in zip(results, wanted.values(), strict=True):
        assert error in (result.error or ""), result
        assert not result.is_unavailable
    [count] = ask(postgres.spec, "SELECT count(*) FROM goods")
    assert count.output == "2"


FILES = {
    "SELECT * FROM read_csv('/etc/passwd')": "disabled by configuration",
    "SELECT sum(a.n * b.n) FROM range(1000000) AS a(n), range(1000000) AS b(n)": "longer than 1 s",
}


def test_a_duckdb_is_not_left_and_not_kept_busy(duck: str) -> None:
    wanted = REFUSED | FILES
    for result, error in zip(ask(duck, *wanted), wanted.values(), strict=True):
        assert error in (result.error or ""), result
        assert not result.is_unavailable


def test_a_query_finds_nothing_that_another_set(postgres: Postgres) -> None:
    ask(postgres.spec, "SELECT set_config('search_path', 'nowhere', false)")
    [result] = ask(postgres.spec, "SELECT count(*) FROM goods")
    assert result.output == "2"


def test_the_tables_are_told(postgres: Postgres, duck: str) -> None:
    for spec in (postgres.spec, duck):
        assert "goods(name, price, since, stock)" in load_tool(spec).description


def test_a_server_that_is_away_is_an_outage(postgres: Postgres) -> None:
    with Toolbox([postgres.spec]) as toolbox:
        postgres.stop()
        try:
            [away] = toolbox.execute([ToolCall("SQL", "SELECT 1")])
        finally:
            postgres.start()
        [back] = toolbox.execute([ToolCall("SQL", "SELECT 1")])
    assert away.is_unavailable
    assert back.output == "1"


def test_the_password_stands_nowhere(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = load_tool(postgres.spec)
    assert "pa55word" not in f"{tool} {tool.spec} {tool.description} {tool.options}"
    monkeypatch.setenv("READER_PASSWORD", "wr0ng-word")
    with pytest.raises(ConfigError) as raised:
        load_tool(postgres.spec)
    assert "password authentication failed" in str(raised.value)
    assert "wr0ng-word" not in str(raised.value)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("sql:url=nothing", "not the URL of a database"),
        ("sql:url=postgresql://me:secret@host/db", "would be written into manifests"),
        ("sql:url=mysql://me@host/db", "cannot be kept from writing here"),
        ("sql:url=duckdb:///no/such/file.db", "There is no file"),
        ("sql:url=postgresql://reader@127.0.0.1:9/db", "cannot be used: The database could not"),
        ("sql:url=postgresql://reader@host/db,password=NOT_SET_ANYWHERE", "that is set"),
    ],
)
def test_what_is_no_database_is_refused(spec: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        load_tool(spec)


def test_no_checkpoint_may_say_where_to_ask() -> None:
    assert not is_harmless("sql:url=postgresql://reader@host/shop")
    assert not is_harmless("sql:password=HOME")
