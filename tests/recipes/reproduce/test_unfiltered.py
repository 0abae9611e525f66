"""Calls drawn from all that ran, in place of those the filter kept."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from recipes.reproduce.unfiltered import without_filter
from tests.finetune.given import annotated, candidate, manifest, sums, tiny_model
from toolformer.finetune.data.runs import SelectedRun
from toolformer.records import AnnotatedDocument, Candidate, Verdict
from toolformer.runs.select import NEAR_TOKENS

WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"


def selected(tmp_path: Path, *documents: AnnotatedDocument) -> SelectedRun:
    return SelectedRun("by hand", manifest(tiny_model(tmp_path / "model")), {}, documents)


def crowded(name: str, *, kept: int) -> AnnotatedDocument:
    """A text with a call after every word but the last, the first ones kept."""
    places = [index for index, sign in enumerate(WORDS) if sign == " "]
    found = [
        candidate(
            WORDS,
            place,
            arguments=f"{number} + 1",
            verdict=Verdict.KEPT if number < kept else Verdict.LOW_GAIN,
        )
        for number, place in enumerate(places)
    ]
    return annotated(WORDS, *found, name=name)


def drawn(run: SelectedRun, *, seed: int = 0) -> list[tuple[str, Candidate]]:
    return [
        (each.document.id, call)
        for each in without_filter(run, seed=seed).documents
        for call in each.candidates
        if call.verdict is Verdict.KEPT
    ]


def test_as_many_calls_are_drawn_as_were_kept(tmp_path: Path) -> None:
    run = selected(tmp_path, *sums(30))
    assert len(drawn(run)) == 20  # two of three


def test_calls_that_gained_too_little_are_drawn_too(tmp_path: Path) -> None:
    run = selected(tmp_path, *sums(30))
    assert {call.gain for _, call in drawn(run)} == {1.0, candidate("a b c", 1, gain=0.6).gain}


def test_what_was_not_drawn_is_not_kept(tmp_path: Path) -> None:
    left = [
        call.verdict
        for each in without_filter(selected(tmp_path, *sums(30)), seed=0).documents
        for call in each.candidates
    ]
    assert left.count(Verdict.LOW_GAIN) == 10


def test_no_call_is_drawn_near_another_one(tmp_path: Path) -> None:
    run = selected(tmp_path, *(crowded(str(number), kept=2) for number in range(8)))
    seats: dict[str, list[int]] = {}
    for name, call in drawn(run):
        assert call.token is not None
        seats.setdefault(name, []).append(call.token)
    assert sum(map(len, seats.values())) == 16
    assert max(map(len, seats.values())) > 1  # of one text
    for places in seats.values():
        ordered = sorted(places)
        assert all(b - a > NEAR_TOKENS for a, b in pairwise(ordered))


def test_a_call_that_did_not_run_is_never_drawn(tmp_path: Path) -> None:
    text = "The sum of 1 and 12 is 13, said the teacher."
    kept = candidate(text, 22)
    failed = replace(
        candidate(text, 5, verdict=Verdict.TOOL_ERROR), output=None, error="It failed."
    )
    unwritable = candidate(text, 10, output="4]", verdict=Verdict.NOT_RENDERABLE)
    run = selected(tmp_path, annotated(text, kept, failed, unwritable))
    assert {call.position for seed in range(10) for _, call in drawn(run, seed=seed)} == {22}


def test_one_seed_draws_the_same_and_another_one_other_calls(tmp_path: Path) -> None:
    run = selected(tmp_path, *sums(30))
    assert drawn(run, seed=1) == drawn(run, seed=1)
    assert drawn(run, seed=1) != drawn(run, seed=2)


def test_the_draw_does_not_depend_on_the_order_of_the_texts(tmp_path: Path) -> None:
    documents = sums(30)
    forwards = drawn(selected(tmp_path, *documents))
    backwards = drawn(selected(tmp_path, *documents[::-1]))
    assert {name for name, _ in forwards} == {name for name, _ in backwards}
