"""What must be shown, from results written by hand."""

from pathlib import Path

from recipes.real.bars import BARS, Bar, bars_table
from recipes.real.results import gathered
from toolformer.evaluate.counts import Counts, TextScores
from toolformer.evaluate.metric import Number
from toolformer.evaluate.results import ArmLine, Cell, Results, TaskLine
from toolformer.files import json_text


def results(*cells: Cell, measure: str = "answers") -> Results:
    tasks = [TaskLine(name, measure) for name in dict.fromkeys(cell.task for cell in cells)]
    arms = [ArmLine(name) for name in dict.fromkeys(cell.arm for cell in cells)]
    return Results(tasks=tasks, arms=arms, cells=cells)


def cell(task: str, arm: str, right: int, *, k: int | None = None, **more: int) -> Cell:
    return Cell(task=task, arm=arm, k=k, counts=Counts(inputs=200, right=right, **more))


def bar(start: str) -> Bar:
    [found] = [each for each in BARS if each.name.startswith(start)]
    return found


def test_accuracies_are_compared_in_points_for_each_arm() -> None:
    found = results(
        cell("steps", "tuned", 120, k=10),
        cell("steps", "adapter", 100, k=10),
        cell("steps", "control", 80),
    )
    above = bar("`steps`: live − control")
    assert above.measure(found, "tuned") == 20.0  # 60 % − 40 %
    assert above.measure(found, "adapter") == 10.0
    assert above.is_met(20.0)
    assert not above.is_met(10.0)
    assert bar("`steps`: live − base").measure(found, "tuned") is None


def test_edits_and_deletions_are_read_from_the_metrics_of_their_task() -> None:
    name = "follows the edit, of what it told before"
    edited = Cell(task="T-REx edited", arm="tuned", k=10, metrics={name: Number(0.96)})
    measured = bar("T-REx edited").measure(results(edited, measure="own"), "tuned")
    assert measured == 96.0
    assert bar("T-REx edited").is_met(measured)


def test_perplexity_is_that_with_calls_disabled() -> None:
    def predicted(arm: str, nats: float) -> Cell:
        scores = TextScores(texts=1, tokens=100, words=50, bytes=400, nats=nats)
        return Cell(task="perplexity Wikipedia", arm=arm, scores=scores)

    found = results(
        predicted("control", 300.0),
        predicted("tuned, calls disabled", 300.5),
        predicted("adapter", 302.0),  # has no other arm, and is measured with calls disabled too
        measure="perplexity",
    )
    wanted = bar("perplexity Wikipedia")
    assert round(wanted.measure(found, "tuned") or 0, 2) == 0.5  # exp(0.005) − 1
    assert round(wanted.measure(found, "adapter") or 0, 2) == 2.02
    assert wanted.is_met(0.5)
    assert not wanted.is_met(2.02)


def test_calls_on_texts_that_need_none_are_those_at_k_1() -> None:
    found = results(
        cell("restraint C4", "tuned", 0, k=10, started=100),
        cell("restraint C4", "tuned", 0, k=1, started=8),
        measure="restraint",
    )
    assert bar("C4").measure(found, "tuned") == 4.0
    assert not bar("C4").is_met(4.0)


def test_the_table_shows_what_was_not_measured_and_what_is_not_met() -> None:
    found = results(cell("dates", "tuned", 60, k=10), cell("dates", "control", 0))
    lines = bars_table(found, ["tuned", "adapter"]).splitlines()
    assert "| dates: live − control, points | 30.0 (**not met**) | – | ≥ 40 | 70 |" in lines
    assert len(lines) == 2 + len(BARS)
    assert bars_table(None, ["tuned"]).count("| – |") >= len(BARS)


def test_tasks_that_were_measured_by_themselves_are_put_together(tmp_path: Path) -> None:
    for name, arm in (("dates", "tuned"), ("steps", "base")):
        (tmp_path / name).mkdir()
        whole = results(cell(name, arm, 1))
        (tmp_path / name / "results.json").write_text(json_text(whole.to_dict()))
    found = gathered(tmp_path, ["steps", "dates", "missing"])
    assert found is not None
    assert [task.name for task in found.tasks] == ["steps", "dates"]
    assert [arm.name for arm in found.arms] == ["base", "tuned"]
    assert gathered(tmp_path, ["missing"]) is None
