"""Results on disk: given to the next program, never a stale one, and no reason to fail."""

import json
import logging
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from toolformer.calls import ToolCall
from toolformer.cli.main import run
from toolformer.errors import ConfigError
from toolformer.tools import Tool, ToolContext, load_tool, tool
from toolformer.tools.execution.stored import Answered, StoredCount, StoredResults, stored_results
from toolformer.tools.toolbox import Toolbox

COUNTED = """
from pathlib import Path

def count(word: str) -> str:
    if word == "bad":
        raise ValueError("a bad word")
    if word == "down":
        raise ConnectionError("nobody there")
    log = Path(__file__).with_name("calls.log")
    with log.open("a") as file:
        file.write(word + chr(10))
    return str(len(word)) + "{version}"
"""


@pytest.fixture
def counted(tmp_path: Path) -> str:
    """The spec of a tool that notes each of its calls."""
    (tmp_path / "counted.py").write_text(COUNTED.replace("{version}", ""))
    return f"{tmp_path / 'counted.py'}:count"


def asked(spec: str | Tool, folder: Path, *words: str) -> list[tuple[str | None, str | None]]:
    """What a new program is told."""
    with Toolbox([spec], results=folder) as toolbox:
        [name] = toolbox
        results = toolbox.execute([ToolCall(name, word) for word in words])
    return [(each.output, each.error) for each in results]


def ran(tmp_path: Path) -> list[str]:
    return (tmp_path / "calls.log").read_text().split()


def test_the_next_program_is_given_what_the_first_one_found(counted: str, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    first = asked(counted, folder, "one", "three", "bad", "one")
    assert [output for output, _ in first] == ["3", "5", None, "3"]
    assert asked(counted, folder, "one", "three", "bad", "four")[:3] == first[:3]
    assert sorted(ran(tmp_path)) == ["four", "one", "three"]
    with stored_results(folder) as stored:
        assert stored.counts() == [StoredCount("count", results=4, failed=1)]


def test_a_file_that_has_changed_is_another_tool(counted: str, tmp_path: Path) -> None:
    assert asked(counted, tmp_path, "one") == [("3", None)]
    (tmp_path / "counted.py").write_text(COUNTED.replace("{version}", "!!"))
    assert asked(counted, tmp_path, "one") == [("3!!", None)]


def test_what_could_not_be_reached_is_asked_again(counted: str, tmp_path: Path) -> None:
    for _ in range(2):
        [(_, error)] = asked(counted, tmp_path, "down")
        assert "could not be reached" in str(error)
    with stored_results(tmp_path) as stored:
        assert stored.counts() == []


def test_a_tool_that_nothing_loads_again_is_not_kept(tmp_path: Path) -> None:
    @tool
    def shout(text: str) -> str:
        """Says it loudly."""
        return text.upper()

    assert asked(shout, tmp_path, "hi") == [("HI", None)]
    with stored_results(tmp_path) as stored:
        assert stored.counts() == []


def test_what_a_call_knows_is_part_of_it(tmp_path: Path) -> None:
    for _ in range(2):
        with Toolbox([load_tool("calendar")], results=tmp_path) as toolbox:
            days = [date(2023, 3, 3), date(2023, 3, 4)]
            found = [
                toolbox.execute([ToolCall("Calendar", "weekday")], ToolContext(today=day))[0].output
                for day in days
            ]
        assert found == ["Friday", "Saturday"]
    with stored_results(tmp_path) as stored:
        assert [each.results for each in stored.counts()] == [2]


def test_threads_write_and_read_one_file(tmp_path: Path) -> None:
    with StoredResults(tmp_path) as stored, ThreadPoolExecutor(8) as pool:

        def work(number: int) -> Answered | None:
            key = str(number % 50)
            stored.put(key, tool="T", answered=Answered(key, None))
            return stored.get(key)

        found = list(pool.map(work, range(400)))
    assert found == [Answered(str(number % 50), None) for number in range(400)]


WRITER = """
import sys
from pathlib import Path
from toolformer.tools.execution.stored import Answered, StoredResults
with StoredResults(Path(sys.argv[1])) as stored:
    for number in range(300):
        stored.put(f"{sys.argv[2]} {number % 100}", tool="T", answered=Answered("x", None))
"""


def test_processes_write_one_file(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name]) for name in "abc"
    ]
    assert [each.wait(120) for each in writers] == [0, 0, 0]
    with stored_results(tmp_path) as stored:
        assert stored.counts() == [StoredCount("T", results=300, failed=0)]
        assert stored.clear() == 300
        assert stored.counts() == []


def test_something_else_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "results.db").write_bytes(b"not a database, and longer than a hundred bytes" * 9)
    with pytest.raises(ConfigError, match="cannot be kept in"):
        StoredResults(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    connection = sqlite3.connect(other / "results.db")
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(ConfigError, match="of another version"):
        StoredResults(other)
    with pytest.raises(ConfigError, match="There are no results of tools in"):
        stored_results(tmp_path / "none")


def test_a_file_that_breaks_meanwhile_stops_nothing(
    counted: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "results"
    with Toolbox([counted], results=folder) as toolbox, caplog.at_level(logging.WARNING):
        connection = sqlite3.connect(folder / "results.db")
        connection.execute("DROP TABLE results")
        connection.close()
        results = toolbox.execute([ToolCall("count", word) for word in ("one", "three")])
    assert [each.output for each in results] == ["3", "5"]
    assert sum("cannot be used" in each.getMessage() for each in caplog.records) == 1


def test_the_command_line_counts_and_forgets(
    counted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked(counted, tmp_path, "one", "bad")
    assert run(["tools", "--cache-stats", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "count: 2 results, 1 of them refusals\n"
    assert run(["tools", "--cache-stats", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"tool": "count", "results": 2, "failed": 1}]
    assert run(["tools", "--clear", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "2 results forgotten.\n"
    assert run(["tools", "--cache-stats", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "No results.\n"
    assert run(["tools", "--clear", str(tmp_path / "none")]) == 2


def test_a_run_and_the_next_one_share_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = (
        "from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel\n"
        "def word(before): return (before.rsplit(None, 1)[-1] + ')',)\n"
        "model = ScriptedLanguageModel([ScriptedCall('count', after='of three', writes=word)])\n"
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "counted.py").write_text(COUNTED.replace("{version}", ""))
    (tmp_path / "script.py").write_text(script)
    (tmp_path / "c.txt").write_text("The letters of three are 5 in all.\n")
    for number in range(2):
        command = ["annotate", "c.txt", "--model", "script.py:model", "--tool", "counted.py:count"]
        command += ["--out", f"run{number}", "--tool-cache", "cache", "--tool-workers", "2"]
        assert run([*command, "--method", "paper", "--min-prob", "0"]) == 0
        capsys.readouterr()
    assert ran(tmp_path) == ["three"]
