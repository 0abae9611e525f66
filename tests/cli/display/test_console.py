"""Answers in a pipe are whole."""

import re
from pathlib import Path

import pytest
from rich.table import Table

from toolformer.cli.display.console import Console, answer_console

CLI = Path(__file__).parents[3] / "toolformer" / "cli"


def test_a_table_in_a_pipe_is_as_wide_as_its_cells(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    table = Table("task", "accuracy")
    table.add_row("arithmetic " * 20, "57.2 % (52.8–61.5)")
    answer_console().print(table)
    lines = capsys.readouterr().out.splitlines()
    assert any("arithmetic " * 20 in line and "57.2 % (52.8–61.5)" in line for line in lines)
    assert max(map(len, lines)) < 300


@pytest.mark.parametrize("is_error", [False, True])
def test_a_line_in_a_file_is_not_wrapped(
    is_error: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    Console(stderr=is_error).print("word " * 500 + "end")
    assert "".join(capsys.readouterr()) == "word " * 500 + "end\n"


@pytest.mark.parametrize("width", [75, 20, 2])
def test_a_table_that_does_not_fit_a_terminal_is_told_cell_by_cell(
    width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    table = Table("tool", "texts tried", "kept", title="Calls per tool")
    table.add_row("Calculator", "1,076", "天气" * 4)
    Console(force_terminal=True, width=width).print(table)
    shown = "".join(capsys.readouterr().out.split())
    for cell in ("Calculator", "1,076", "天气" * 4):
        assert cell in shown
    assert "…" not in shown
    assert ("┃" in shown) == (width == 75)


@pytest.mark.parametrize("columns", ["0", "1", "-5", "²", "٣", "many", "", "9" * 30])
def test_a_width_that_makes_no_sense_costs_nothing(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("LINES", columns)
    Console().print(Table("tool"))
    Console().print("said")
    assert capsys.readouterr().out.endswith("said\n")


def test_what_is_being_done_is_said_as_it_is() -> None:
    with Console(stderr=True).status("Loading m[/run] :smile:") as status:
        assert str(status.status) == "Loading m[/run] :smile:"


def test_every_console_of_the_command_line_is_one_that_cleans() -> None:
    # rich's own would take a text for markup, and would pass on what steers the terminal.
    made = [
        path.name
        for path in CLI.rglob("*.py")
        if re.search(r"import .*\bConsole\b(?! as Rich)", path.read_text(encoding="utf-8"))
        and "from rich.console import Console\n" in path.read_text(encoding="utf-8")
        and re.search(r"\bConsole\(", path.read_text(encoding="utf-8"))
    ]
    assert made == []
    assert not [
        path.name
        for path in CLI.rglob("*.py")
        if "print(json.dumps" in path.read_text(encoding="utf-8")
    ]
