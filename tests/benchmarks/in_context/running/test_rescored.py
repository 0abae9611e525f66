"""A run judged again: other losses, other thresholds, the same calls."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.in_context.running.rescored import by_one_threshold, rescored
from benchmarks.in_context.running.scoring import CallAtPlace
from toolformer.annotate import annotate
from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel
from toolformer.records import AnnotatedDocument, Losses, Verdict
from toolformer.runs.directory import Run

TEXTS = [f"There are {a} + {b} = {a + b} balloons in the whole room." for a, b in ((2, 3), (4, 5))]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    script = [
        ScriptedCall("Calculator", after=f"{text.split(' =')[0][10:]} =", writes=(f"{sum_})",))
        for text in TEXTS
        for sum_ in [text.split(" =")[0][10:]]
    ]
    model = ScriptedLanguageModel(script)
    return annotate(TEXTS, model=model, tools="calculator", out=tmp_path / "run")


def kept(documents: Sequence[AnnotatedDocument]) -> int:
    return sum(each.verdict is Verdict.KEPT for one in documents for each in one.candidates)


def test_calls_are_kept_by_the_losses_that_are_given(run: Run) -> None:
    def helpful(calls: Sequence[CallAtPlace]) -> list[Losses]:
        right = [f"= {each.output} " in each.text for each in calls]
        return [Losses(3.0, 0.0 if is_right else 3.0, 3.0) for is_right in right]

    assert kept(rescored(run, helpful).documents) == len(TEXTS)
    assert not kept(rescored(run, lambda calls: [Losses(1.0, 1.0, 1.0) for _ in calls]).documents)


def test_what_is_scored_again_are_calls_with_their_outputs_and_their_placebos(run: Run) -> None:
    asked: list[CallAtPlace] = []

    def score(calls: Sequence[CallAtPlace]) -> list[Losses]:
        asked.extend(calls)
        return [Losses(3.0, 0.0, 3.0) for _ in asked]

    rescored(run, score)
    outputs = {(each.text, each.output) for each in asked}
    assert {(TEXTS[0], "5"), (TEXTS[1], "9")} <= outputs
    placebos = [
        (one.document.text, each.placebo.output)
        for one in run.documents()
        for each in one.candidates
        if each.placebo is not None
    ]
    assert placebos
    assert set(placebos) <= outputs


def test_the_one_threshold_lets_no_placebo_pass_where_there_are_few(run: Run) -> None:
    judged = by_one_threshold(run)
    assert judged.thresholds.are_equal
    gains = [
        each.placebo.beside(each.losses).gain
        for one in judged.documents
        for each in one.candidates
        if each.placebo is not None and each.losses is not None
    ]
    assert gains
    assert all(gain is not None and gain < judged.thresholds.used for gain in gains)
