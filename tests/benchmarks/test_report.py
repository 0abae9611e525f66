import sys
from pathlib import Path

import pytest

from benchmarks.report import percent, publish, replace_section, section, table


def test_a_cell_may_hold_the_sign_that_ends_cells() -> None:
    assert table(["a"], [["x|y"]]) == "| a |\n|---|\n| x\\|y |"


def test_fractions_have_two_decimals_and_counts_none() -> None:
    assert table(["a", "b"], [[0.5, 3]]).splitlines()[-1] == "| 0.50 | 3 |"


def test_a_share_of_nothing_is_a_dash() -> None:
    assert [percent(2, 3), percent(0, 5), percent(0, 0)] == ["66.7 %", "0.0 %", "–"]


def test_a_section_is_replaced_where_it_stands() -> None:
    document = "# R\n\n<!-- a -->\n1\n<!-- /a -->\n\n<!-- b -->\n2\n<!-- /b -->\n"
    assert replace_section(document, "9", name="b") == document.replace("\n2\n", "\n9\n")


def test_a_new_section_goes_to_the_end() -> None:
    assert replace_section("# R\n", "9", name="c") == "# R\n\n<!-- c -->\n9\n<!-- /c -->\n"


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "results.md"
    publish("text", name="a", path=path)
    first = path.read_text()
    publish("text", name="a", path=path)
    assert path.read_text() == first == "# Measured results\n\n<!-- a -->\ntext\n<!-- /a -->\n"


def test_the_command_is_shown_without_where_its_output_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arguments = [
        "x",
        "--model",
        "nano",
        "--write",
        "docs/results/c4.md",
        "--samples",
        "5",
        "--out=r",
    ]
    monkeypatch.setattr(sys, "argv", arguments)
    shown = section("T", ["body"], module="benchmarks.c4", settings={"k": 5})
    assert "`python -m benchmarks.c4 --model nano --samples 5`" in shown
    assert shown.startswith("## T\n\n")
    assert shown.endswith("k 5.\n\nbody")
