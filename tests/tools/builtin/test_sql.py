"""SQL: what a SELECT returns, as one line."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from toolformer.calls import ToolCall
from toolformer.errors import ToolError
from toolformer.tools.builtin.sql import sql
from toolformer.tools.toolbox import Toolbox


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("CREATE TABLE goods (name TEXT, price REAL, stock INTEGER)")
    connection.executemany(
        "INSERT INTO goods VALUES (?, ?, ?)",
        [("tea", 4.5, 12), ("coffee", 7.0, 3), ("salt", None, 40)],
    )
    connection.commit()
    connection.close()
    return path


@pytest.mark.parametrize(
    ("query", "output"),
    [
        ("SELECT price FROM goods WHERE name = 'coffee'", "7"),
        ("SELECT name FROM goods ORDER BY name", "coffee, salt, tea"),
        ("SELECT name, stock FROM goods ORDER BY stock DESC", "salt, 40; tea, 12; coffee, 3"),
        ("SELECT name, price FROM goods WHERE stock > 10 ORDER BY 1", "salt; tea, 4.5"),
        ("'SELECT count(*) FROM goods'", "3"),
        ("query='SELECT count(*) FROM goods'", "3"),
        ("  with t as (select 1) select count(*) from goods, t", "3"),
        ("SELECT sum(price * stock) FROM goods", "75"),  # 4.5 * 12 + 7 * 3
        ("SELECT count(*) FROM goods;", "3"),
        ("SELECT x'50', 9e999, NULL, '', ' ', 0, -0.0, 0.1 + 0.2", "0, 0, 0.3"),
    ],
)
def test_a_select_is_answered_in_one_line(path: Path, query: str, output: str) -> None:
    assert sql(path).execute(query) == output


def test_no_more_than_twenty_rows_are_shown(path: Path) -> None:
    query = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"
    expected = ", ".join(str(number) for number in range(1, 21)) + ", ..."
    assert sql(path).execute(query) == expected


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("DELETE FROM goods", "Only one SELECT statement is answered, not 'DELETE FROM goods'."),
        ("EXPLAIN SELECT 1", "Only one SELECT statement is answered"),
        ("SELECT price FROM goods WHERE name = 'salt'", "The query returned nothing."),
        ("SELECT name FROM goods WHERE name = 'gold'", "The query returned nothing."),
        ("SELECT prize FROM goods", "The query failed: no such column: prize."),
        ("SELECT 1; DELETE FROM goods", "The query failed: You can only execute one statement"),
        ("SELECT 9e999, -9e999, x'ff', CAST(x'ff' AS TEXT)", "The query returned nothing."),
        ("", "SQL needs (query); '' has no `query`."),
    ],
)
def test_anything_else_is_a_tool_error(path: Path, query: str, message: str) -> None:
    with pytest.raises(ToolError) as error:
        sql(path).execute(query)
    assert str(error.value).startswith(message)


def test_a_query_is_stopped_after_one_second(path: Path) -> None:
    query = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT sum(x) FROM c"
    with pytest.raises(ToolError, match=r"^The query took longer than 1 s\.$"):
        sql(path).execute(query)


def test_the_description_names_the_tables_and_columns(path: Path) -> None:
    tool = sql(path)
    assert tool.signature == "SQL(query)"
    assert "goods(name, price, stock)" in tool.description


def test_the_words_after_each_exemplar_begin_with_the_answer() -> None:
    tool = sql()
    assert 4 <= len(tool.exemplars) <= 6
    for one in tool.exemplars:
        assert one.after.startswith(f" {tool.execute(one.arguments)}")


def test_a_file_that_was_written_meanwhile_is_asked_again(path: Path) -> None:
    call = ToolCall("SQL", "SELECT count(*) FROM goods")
    with Toolbox([sql(path)]) as toolbox:
        assert toolbox.execute([call])[0].output == "3"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM goods WHERE name = 'tea'")
        assert toolbox.execute([call])[0].output == "2"
