"""`toolformer tools` lists, describes and tries."""

import json
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
