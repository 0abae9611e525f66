"""`toolformer tools` lists, describes and tries."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from toolformer.cli.main import run

CONVERTER = Path(__file__).parents[2] / "examples" / "unit_converter.py"


def test_without_arguments_the_tools_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools"]) == 0
    printed = capsys.readouterr().out
    for shown in ("calculator", "Calculator(expression)", "Database(entity, attribute)"):
        assert shown in printed


def test_the_list_is_also_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"calculator", "calendar", "database", "sql"} <= {row["tool"] for row in listed}


def test_a_tool_is_described_with_its_settings_and_exemplars(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["tools", "Calculator"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Calculator(expression)\n  Works out an arithmetic expression")
    assert "min-prob τs 0   threshold τf 0.5   max-positions k 20   samples m 10" in printed
    assert "[Calculator(15 * 24)] 360 tins in all." in printed


def test_a_description_is_also_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", "calendar", "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert described["tool"] == "calendar"
    assert described["context"] == ["today"]
    assert described["parameters"]["properties"]["expression"]["type"] == "string"


FAMILY = """
from toolformer.tools import Tool, tool

def family(factor: float = 2) -> list[Tool]:
    def up(n: float) -> float: return n * factor
    def down(n: float) -> float: return n / factor
    return [tool(up, name="Up"), tool(down, name="Down")]
"""


@pytest.fixture
def family(tmp_path: Path) -> str:
    """The spec of two tools."""
    (tmp_path / "family.py").write_text(FAMILY, encoding="utf-8")
    return f"{tmp_path / 'family.py'}:family"


def test_all_tools_of_a_spec_are_described(family: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", family]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Up(n)\n")
    assert "\n\nDown(n)\n" in printed
    assert run(["tools", family, "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert [row["tool"] for row in described] == [f"{family}:only=Up", f"{family}:only=Down"]


def test_of_several_tools_one_is_tried_when_it_is_chosen(
    family: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["tools", family, "3"]) == 2
    assert f"names several tools: Up, Down. Choose one: {family}:only=Up" in capsys.readouterr().err
    assert run(["tools", f"{family}:factor=4,only=Down", "3"]) == 0
    assert capsys.readouterr().out == "0.75\n"


def test_a_call_is_tried(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", "calculator", "400 / 1400"]) == 0
    assert capsys.readouterr().out == "0.29\n"


def test_a_call_that_begins_with_a_minus_stands_after_two(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["tools", "calculator", "--", "-3 + 5"]) == 0
    assert capsys.readouterr().out == "2\n"


def test_today_can_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", "calendar", "today", "--today", "2023-03-03"]) == 0
    assert capsys.readouterr().out == "Friday, March 3, 2023\n"


def test_a_result_is_also_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", "calculator", "2 * 3", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["output"], result["error"]) == ("6", None)


def test_a_tool_from_a_file_is_tried(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", f"{CONVERTER}:convert", "26.2, miles, km"]) == 0
    assert capsys.readouterr().out == "42.16\n"


def test_a_call_that_fails_ends_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", "calculator", "1/0"]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "Cannot divide by zero in '1/0'.\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["calculater"], "Unknown tool 'calculater'. Did you mean 'calculator'?"),
        (["calendar", "today", "--today", "Friday"], "'Friday' is not a date; write one such as"),
        (["database:path=none.db", "x, y"], "There is no database 'none.db'"),
    ],
)
def test_a_misuse_ends_with_two(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["tools", *arguments]) == 2
    assert capsys.readouterr().err.startswith(message)


def test_a_file_lists_the_tools_in_it(family: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = family.removesuffix(":family")
    assert run(["tools", file, "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [row["signature"] for row in listed] == ["Up(n)", "Down(n)"]
    assert run(["tools", str(CONVERTER), "--json"]) == 0
    assert [row["tool"] for row in json.loads(capsys.readouterr().out)] == [f"{CONVERTER}:convert"]


def test_a_file_without_a_tool_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.py").write_text("x = 3\ndef untyped(y): return y\n")
    assert run(["tools", str(tmp_path / "empty.py")]) == 2
    assert "There is no tool in" in capsys.readouterr().err


KINDS = '''
from typing import Literal

def measure(value: float | None, unit: Literal["km", "mi"] = "km", digits: int = 2) -> str:
    """Measures.

    Args:
        unit: Of the value.

    Examples:
        It is [measure(3)] 3 km.
        It is [measure(3, mi)]
        It is [measure(-1)] nowhere.
    """
    if value is None or value < 0:
        raise ValueError("There is no such length.")
    return f"{value:.{digits}g} {unit}"
'''


@pytest.fixture
def kinds(tmp_path: Path) -> str:
    (tmp_path / "kinds.py").write_text(KINDS, encoding="utf-8")
    return f"{tmp_path / 'kinds.py'}:measure"


def test_types_defaults_and_choices_are_shown(
    kinds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["tools", kinds]) == 0
    printed = capsys.readouterr().out
    assert "  value (number | null): no description\n" in printed
    assert '  unit ("km" | "mi"; may be left out, else "km"): Of the value.\n' in printed
    assert "  digits (integer; may be left out, else 2): no description\n" in printed
    assert run(["tools", "calendar"]) == 0
    assert (
        "expression (what the text in front of the call allows; may be left out"
        in capsys.readouterr().out
    )


def test_what_a_tool_lacks_is_named(kinds: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", "check", kinds]) == 1
    _, _, shown = capsys.readouterr().out.partition("What a model is shown\n")
    shown, _, missing = shown.partition("Missing\n")
    assert "It is [measure(3) -> 3 km] 3 km." in shown
    assert "-1" not in shown
    assert "A description of value: a line under Args: in the docstring." in missing
    assert "What follows [measure(3, mi)]: what the output helps to predict." in missing
    assert "The output of the exemplar [measure(-1)]:" in missing
    assert "There is no such length." in missing


def test_the_tools_that_come_with_it_lack_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("calculator", "calendar", "database"):
        assert run(["tools", "check", name, "--json"]) == 0, capsys.readouterr().out
        [found] = json.loads(capsys.readouterr().out)
        assert found["missing"] == []
        assert len(found["shown"]) == len(found["exemplars"])


def test_a_new_file_has_a_tool_that_works_and_a_test_that_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["tools", "new", "my_tool.py"]) == 0
    assert "toolformer tools check my_tool.py:with_tax" in capsys.readouterr().out
    assert run(["tools", "check", "my_tool.py"]) == 0
    assert run(["tools", "my_tool.py:with_tax", "50, 0.19"]) == 0
    assert capsys.readouterr().out.endswith("59.5\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_tool.py"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
    assert "4 passed" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["new"], "Name the file to be written"),
        (["new", "there.py"], "'there.py' exists"),
        (["new", "test-me.py"], "cannot be imported: name a file such as my_tool.py"),
        (["new", "tool.txt"], "cannot be imported"),
        (["check"], "Name what is to be checked"),
    ],
)
def test_what_cannot_be_written_or_checked_is_refused(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.py").write_text("")
    assert run(["tools", *arguments]) == 2
    assert said in capsys.readouterr().err
