"""What a sweep comes to: numbers worked by hand, and the published ones beside them."""

from dataclasses import replace
from pathlib import Path

import pytest

from toolformer.evaluate.tables import TableText, markdown_of
from toolformer.studies.in_tool.data.questions import Mode
from toolformer.studies.in_tool.experiment.results import Row, read_sweep, write_results
from toolformer.studies.in_tool.reporting.fits import (
    Line,
    crossing,
    fewest_parameters,
    first_reaching,
    fitted_line,
    line_of,
)
from toolformer.studies.in_tool.reporting.plots import plot
from toolformer.studies.in_tool.reporting.tables import sweep_tables


def row(mode: Mode, facts: int, parameters: int, right: int, seed: int = 0) -> Row:
    return Row(
        mode=mode, facts=facts, width=parameters // 100, parameters=parameters, seed=seed,
        alpha=1.0, steps=10, loss=0.5, asked=100, right=right, strange_asked=100,
        strange_right=right // 2, edited_asked=right, edited_right=right if mode == "tool" else 0,
    )  # fmt: skip


# Of weights, 100 facts take 1,000 parameters and 300 take 3,000; the tool takes 2,000 of any.
ROWS = [
    *(row(Mode.WEIGHT, 100, size, right) for size, right in ((900, 90), (1100, 100))),
    *(row(Mode.WEIGHT, 300, size, right) for size, right in ((2900, 90), (3100, 100))),
    *(
        row(Mode.TOOL, facts, size, right)
        for facts in (100, 300)
        for size, right in ((1900, 90), (2100, 100))
    ),
]


def test_the_fewest_parameters_lie_between_two_models() -> None:
    fewest = fewest_parameters(ROWS)
    assert {key[:2]: each.mean for key, each in fewest.items()} == {
        (Mode.WEIGHT, 100): pytest.approx(1000),
        (Mode.WEIGHT, 300): pytest.approx(3000),
        (Mode.TOOL, 100): pytest.approx(2000),
        (Mode.TOOL, 300): pytest.approx(2000),
    }


def test_the_line_of_weights_has_ten_parameters_a_fact() -> None:
    line = line_of(fewest_parameters(ROWS), Mode.WEIGHT)
    assert line is not None
    assert (line.base, line.slope) == (pytest.approx(0, abs=1e-6), pytest.approx(10))


def test_the_tool_needs_less_from_200_facts_on() -> None:
    assert crossing(fewest_parameters(ROWS)) == pytest.approx(200)
    assert crossing(fewest_parameters(ROWS[:4])) is None


def test_a_seed_that_does_not_reach_the_recall_leaves_no_mean() -> None:
    rows = [*ROWS, row(Mode.WEIGHT, 100, 900, 50, seed=1)]
    fewest = fewest_parameters(rows)[Mode.WEIGHT, 100, 1.0]
    assert (fewest.mean, fewest.by_seed, fewest.seeds) == (None, (pytest.approx(1000),), 2)


def test_a_recall_that_falls_again_counts_from_where_it_was_first_reached() -> None:
    assert first_reaching([(3, 0.5), (1, 0.0), (2, 1.0)], wanted=0.5) == 1.5


def test_one_number_of_facts_makes_no_line() -> None:
    assert fitted_line([(4, 1), (4, 3)]) is None
    assert fitted_line([(0, 1), (1, 3), (2, 5)]) == Line(1, 2)


def drawn(title: str) -> TableText:
    return next(each for each in sweep_tables(ROWS) if each.title.startswith(title))


def test_the_tables_name_the_published_values() -> None:
    rows = [replace(each, facts=each.facts * 1024 // 100) for each in ROWS]
    tables = {each.title: each for each in sweep_tables(rows)}
    fewest = tables["Fewest parameters for a recall of 0.95"].rows[0]
    assert fewest == (
        "1,024",
        "1,000 (1,000 to 1,000)",
        "27,166",
        "2,000 (2,000 to 2,000)",
        "27,939",
    )
    lines = tables["The straight line of weights, and where the tool needs less"].rows
    assert lines[0] == ("parameters a fact", "0.98 (0.98 to 0.98)", "8.14")


def test_a_recall_stands_with_its_interval_of_questions() -> None:
    table = drawn("Recall, facts in weights")
    assert table.header[:2] == ("facts", "d = 9 (900)")
    assert table.rows[0][1] == "0.90 [0.83, 0.94]"
    assert table.rows[0][3] == "–"  # of a width that was not trained


def test_edits_are_followed_by_the_tool_alone() -> None:
    rows = drawn("Answers that follow").rows
    assert [line[0] for line in rows] == ["weights", "tool"]
    assert [line[2].split()[0] for line in rows] == ["0.00", "1.00"]


def test_families_have_a_table_where_alpha_differs() -> None:
    rows = [*ROWS, replace(ROWS[0], alpha=0.0), replace(ROWS[1], alpha=0.0)]
    table = next(each for each in sweep_tables(rows) if each.title.startswith("Compress"))
    assert table.rows[0][:4] == ("weights", "100", "0", "0.00")
    assert not any(each.title.startswith("Compress") for each in sweep_tables(ROWS))


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_results(tmp_path / "r.csv", ROWS)
    assert read_sweep(tmp_path / "r.csv") == ROWS
    assert all("|" in markdown_of(each) for each in sweep_tables(ROWS))


@pytest.mark.slow
def test_the_figures_are_the_same_bytes_for_the_same_rows(tmp_path: Path) -> None:
    for name in "ab":
        assert [each.name for each in plot(ROWS, tmp_path / name)] == [
            "recall.svg",
            "parameters.svg",
        ]
    for name in ("recall.svg", "parameters.svg"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert "parameters a fact" in (tmp_path / "a" / "parameters.svg").read_text()
