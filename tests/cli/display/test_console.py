"""Answers in a pipe are whole."""

import pytest
from rich.table import Table

from toolformer.cli.display.console import answer_console


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
