"""A run is read with other thresholds, without its model."""

from pathlib import Path

import pytest

from tests.annotate.given import BRIEF
from toolformer.annotate import annotate
from toolformer.errors import ConfigError
from toolformer.lm.base import LossRequest
from toolformer.lm.scripted.model import ScriptedCall, ScriptedLanguageModel
from toolformer.records import Document
from toolformer.runs import read_selected
from toolformer.runs.directory import Run
from toolformer.runs.reading import (
    count_by_threshold,
    resolve_thresholds,
)
from toolformer.runs.thresholds import Thresholds
from toolformer.tools.builtin.calculator import calculator

COSTS = {"5": 0.2, "6": 1.0, "7": 2.2}  # of every token but the last, without the output


def cost(token: str, request: LossRequest) -> float:
    """Makes a text gain 0.2, 1.0 or 2.2 nats by a call whose output it goes on with."""
    told = request.output is not None and f" {request.output} " in request.text
    return (
        0.0
        if told
        else -next(nats for digit, nats in COSTS.items() if f" {digit} " in request.text)
    )


DOCUMENTS = [
    Document(digit, f"{operand} + 2 = {digit} a b c d e")
    for operand, digit in (("3", "5"), ("4", "6"), ("1 + 4", "7"))
]
SCRIPT = [ScriptedCall("Calculator", after=" =", writes=("3 + 2)", "4 + 2)", "1 + 4 + 2)"))]


def make_run(out: Path, **settings: object) -> Run:
    model = ScriptedLanguageModel(SCRIPT, log_prob=cost)
    return annotate(
        DOCUMENTS,
        model=model,
        tools=[calculator],
        out=out,
        config=BRIEF.override(**({"prune_below": 0.1, "allow_peeking": True} | settings)),
    )


def kept(run: Run, *args: object, **options: object) -> list[str]:
    selected = read_selected(run, *args, **options)  # type: ignore[arg-type]
    return [annotated.document.id for annotated in selected if annotated.kept]


def test_each_threshold_keeps_what_gains_it(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    assert kept(run) == ["6", "7"]  # the calculator's own 0.5
    assert kept(run, 0.15) == ["5", "6", "7"]
    assert kept(run, 1.0) == ["6", "7"]
    assert kept(run, 2.0) == ["7"]
    assert kept(run, {"calculator": 3.0}) == []


def test_reading_anew_equals_annotating_anew(tmp_path: Path) -> None:
    first = make_run(tmp_path / "first")
    second = make_run(tmp_path / "second", gain_threshold=2.0)
    assert list(read_selected(first, 2.0)) == list(second.documents())


def test_texts_per_threshold_come_from_one_run(tmp_path: Path) -> None:
    counted = count_by_threshold(make_run(tmp_path / "run"), (0.5, 1.0, 2.0))
    texts = [each and each.tools["Calculator"].texts_kept for each in counted.values()]
    assert texts == [2, 2, 1]


def test_a_threshold_below_the_pruning_is_refused_or_left_open(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", prune_below=0.5)
    with pytest.raises(ConfigError, match=r"cannot select with threshold 0\.4"):
        kept(run, 0.4)
    assert count_by_threshold(run, [0.4])[0.4] is None


def test_a_run_that_keeps_all_losses_answers_for_any_threshold(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", prune_below=0, keep_all_losses=True)
    assert run.manifest.lowest_thresholds == {"Calculator": float("-inf")}
    assert kept(run, -5.0) == ["5", "6", "7"]


def test_a_tool_that_is_not_the_runs_is_refused_by_name(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    assert run.thresholds == {"Calculator": Thresholds(0.5, 0.5)}
    with pytest.raises(ConfigError, match=r"'calendar'.*Available: Calculator"):
        resolve_thresholds(run, {"calendar": 1.0})


def test_calls_that_peek_can_be_let_in_later(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", allow_peeking=False)
    assert kept(run, 0.5) == kept(make_run(tmp_path / "peeking"), 0.5)
    peeking = Document("p", "So = 5 a b 3 + 2")
    run = annotate(
        [peeking],
        model=ScriptedLanguageModel(SCRIPT),
        tools=[calculator],
        out=tmp_path / "p",
        config=BRIEF,
    )
    assert kept(run) == []
    assert kept(run, allow_peeking=True) == ["p"]
