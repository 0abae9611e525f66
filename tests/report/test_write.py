"""A page has what is in its runs and evaluations, and only a page is written over."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.report.pages import (
    TEXTS,
    document,
    read_page,
    write_documents,
    write_evaluation,
    write_run,
)
from tests.runs.placebos import documents, write_calibrated
from toolformer.errors import ConfigError, RunError
from toolformer.records import Verdict
from toolformer.report import write_report
from toolformer.runs.directory import Run
from toolformer.runs.reading import read_selected


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return write_run(tmp_path_factory.mktemp("report") / "first")


def test_the_counts_are_those_of_the_run(run: Run, tmp_path: Path) -> None:
    done = write_report([run], tmp_path / "a" / "report.html")
    page, stats = read_page(done.path), run.stats()
    calculator = stats.tools["Calculator"]
    row = page.row("Calculator", "0.1")
    assert row[5:10] == [
        str(each)
        for each in (
            *(calculator.texts_tried, calculator.proposed, calculator.executed),
            *(calculator.scored, calculator.kept),
        )
    ]
    assert page.row("tool error")[1:3] == ["2", "0"]
    assert page.row("kept")[1:3] == ["2", "1"]
    assert (done.texts, done.texts_left_out, done.size) == (3, 0, len(page.html.encode()))


def test_every_text_is_there_with_its_calls_and_losses(run: Run, tmp_path: Path) -> None:
    rows = read_page(write_report([run], tmp_path / "report.html").path).texts()
    assert [row[1] for row in rows] == TEXTS
    assert rows[1][2:] == [None, []]
    stored = list(read_selected(run))
    for row, annotated in zip(rows, stored, strict=True):
        assert row[0] == annotated.document.id
        calls = sorted(annotated.candidates, key=lambda each: each.position)
        for shown, call in zip(row[3], calls, strict=True):
            losses = [None, None, None]
            if call.losses is not None:
                losses = [call.losses.no_call, call.losses.with_output, call.losses.no_output]
            assert shown[0] == call.position
            assert list(Verdict)[shown[2]] is call.verdict
            padded = [*shown, *[None] * 13][9:12]
            assert padded == [None if x is None else pytest.approx(x, abs=1e-3) for x in losses]
    kept = next(call for call in rows[2][3] if call[2] == 0)
    assert kept[3:5] == [" [Calculator(30 + 12)", " -> 42]"]


def test_errors_are_counted_by_their_shape(run: Run, tmp_path: Path) -> None:
    page = read_page(write_report([run], tmp_path / "report.html").path)
    example = "Cannot divide by zero in '3 / 0'."
    assert page.row("Calculator", f"Cannot divide by zero in '…'.{example}")[2:] == ["2"]


def test_other_thresholds_are_beside_those_that_count(tmp_path: Path) -> None:
    made = write_calibrated(tmp_path / "run", documents(), range(4)).finish()
    page = read_page(write_report([made], tmp_path / "report.html").path)
    # Placebos gain n/128, calls 1 + n/128. Two of 200 placebos may pass, so that 1.54 is the least
    # hundredth above the third, 197/128; calls pass it from n = 70 on.
    assert page.row("1.54")[2:5] == ["130", "130", "2 of 200"]
    assert page.row("1")[2:5] == ["200", "200", "72 of 200"]
    marked = [given for tag, given in page.tags if tag == "tr" and "aria-current" in given]
    assert len(marked) == 1


def test_thresholds_that_are_given_count(run: Run, tmp_path: Path) -> None:
    page = read_page(write_report([run], tmp_path / "report.html", threshold=50).path)
    assert page.row("kept")[1:3] == ["0", "0"]
    assert all(call[2] != 0 for row in page.texts() for call in row[3])


def test_of_too_many_texts_some_are_shown_and_the_page_says_so(tmp_path: Path) -> None:
    made = write_documents(tmp_path / "run", [document(n, f"This is {n}.") for n in range(250)])
    done = write_report([made], tmp_path / "report.html", max_texts=50)
    page = read_page(done.path)
    assert (done.texts, done.texts_left_out) == (50, 200)
    assert [row[0] for row in page.texts()] == [f"text {n}" for n in range(4, 250, 5)]
    assert "50 of the 250 texts are here, spread evenly over the run." in page.said
    assert page.row("Echo", "0.5")[9] == "250"
    assert "spread evenly" not in read_page(write_report([made], done.path).path).said


def test_no_text_at_all_is_a_page_too(run: Run, tmp_path: Path) -> None:
    page = read_page(write_report([run], tmp_path / "report.html", max_texts=0).path)
    assert page.texts() == []
    assert "0 of the 3 texts are here" in page.said


def test_several_runs_stand_side_by_side(run: Run, tmp_path: Path) -> None:
    other = write_run(tmp_path / "second", threshold=0.6)
    page = read_page(write_report([run, other], tmp_path / "report.html").path)
    assert page.row("", "first", "second")
    assert page.row("calls kept")[1:] == [
        str(sum(each.kept for each in made.stats().tools.values())) for made in (run, other)
    ]
    assert [row[0] for row in page.texts(0)] == [row[0] for row in page.texts(1)]
    told = json.loads(page.scripts["data"])
    assert [each["name"] for each in told["runs"]] == ["first", "second"]


def test_an_evaluation_is_shown_with_its_tables_and_a_sweep(run: Run, tmp_path: Path) -> None:
    evaluation = write_evaluation(tmp_path / "evaluation")
    done = write_report([run], tmp_path / "report.html", evaluations=[evaluation])
    page = read_page(done.path)
    assert page.row("accuracy")[1:] == ["80.0 % (49.0–94.3)", "30.0 % (10.8–60.3)"]
    assert page.row("1", "60.0 % (31.3–83.2)")[2:] == ["50.0 %"]
    figures = [given["aria-label"] for tag, given in page.tags if given.get("class") == "figure"]
    assert "sums: tuned, by k" in figures
    assert "Each task's main number, arm by arm" in figures


def test_a_directory_without_results_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no results of an evaluation"):
        write_report([run], tmp_path / "report.html", evaluations=[tmp_path])
    assert not (tmp_path / "report.html").exists()


def test_a_run_that_is_not_whole_is_refused_or_said_to_be_it(tmp_path: Path) -> None:
    made = write_run(tmp_path / "run")
    (made.path / "stats.json").unlink()
    with pytest.raises(RunError, match="was not finished"):
        write_report([made.path], tmp_path / "report.html")
    part = Run.open(made.path, incomplete=True)
    page = read_page(write_report([part], tmp_path / "report.html").path)
    assert "This run was not finished (2 shards so far): what is there of it is shown." in page.said


def test_the_same_runs_give_the_same_bytes(run: Run, tmp_path: Path) -> None:
    pages = [write_report([run], tmp_path / name).path.read_bytes() for name in ("a", "b")]
    assert pages[0] == pages[1]


def test_only_a_report_is_written_over(run: Run, tmp_path: Path) -> None:
    notes = tmp_path / "notes.html"
    notes.write_text("<p>mine</p>")
    with pytest.raises(ConfigError, match="is there and is not a report: name another --out"):
        write_report([run], notes)
    assert notes.read_text() == "<p>mine</p>"
    with pytest.raises(ConfigError, match="is a directory"):
        write_report([run], tmp_path)
    with pytest.raises(ConfigError, match="There is no run to report on"):
        write_report([], tmp_path / "report.html")


def test_without_the_extra_it_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigError, match=re.escape('pip install "toolformer-engine[report]"')):
        write_report([run], tmp_path / "report.html")
