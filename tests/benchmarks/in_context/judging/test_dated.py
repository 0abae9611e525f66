"""What notes state, and which calls tell it."""

import pytest

from benchmarks.in_context.judging.dated import (
    date_told,
    dated_exemplars,
    is_what_follows,
    notes,
    stated_date,
)
from recipes.data.notes import FAMILIES
from recipes.real.exemplars import calendar_exemplars
from toolformer.records import AnnotatedDocument, Candidate, Document, Verdict
from toolformer.tools.builtin.calendar import answer

NOTES = notes(count=10 * len(FAMILIES), seed=5)


def call(position: int, output: str, verdict: Verdict = Verdict.KEPT) -> Candidate:
    return Candidate(position, "Calendar", "asked", 0.5, 1, output=output, verdict=verdict)


def test_a_note_states_what_the_calendar_answers() -> None:
    for note in NOTES.values():
        said = stated_date(note)
        assert answer(said.arguments, note.today) == said.value
        assert note.text[said.place :].startswith(f" {said.value}")


def test_every_family_states_something() -> None:
    assert {stated_date(note).family for note in NOTES.values()} == set(FAMILIES)


def test_exemplars_have_a_calendars_answers_and_the_text_goes_on_with_them() -> None:
    for each in (*calendar_exemplars(count=28), *dated_exemplars(count=24, seed=1)):
        [placed] = each.calls
        assert answer(placed.call.arguments, each.today) == placed.output
        assert each.text[placed.position :].startswith(f" {placed.output}")


def test_exemplars_share_no_sentence_with_the_notes() -> None:
    def openings(text: str) -> set[tuple[str, ...]]:
        words = text.split()
        return {tuple(words[start : start + 4]) for start in range(len(words) - 3)}

    said = set().union(*(openings(note.text) for note in NOTES.values()))
    dated = [each for each in said if not any(word[:1].isdigit() for word in each)]
    for each in calendar_exemplars(count=28):
        assert not openings(each.text) & set(dated), each.text


def test_a_calls_answer_follows_when_the_text_says_it_or_the_date_in_it() -> None:
    text = "Closed on May 16, 2024, as said."
    assert is_what_follows(call(9, "May 16, 2024"), text)
    assert is_what_follows(call(9, "Thursday, May 16, 2024"), text)
    assert is_what_follows(call(13, "Thursday, May 16, 2024"), text)
    assert not is_what_follows(call(9, "May 16, 2025"), text)
    assert not is_what_follows(call(17, "Thursday, May 16, 2024"), text)  # the year alone


def test_a_number_is_not_followed_by_one_that_begins_alike_or_has_another_sign() -> None:
    assert not is_what_follows(call(10, "5"), "That makes 56 days.")
    assert not is_what_follows(call(10, "-56"), "That makes 56 days.")
    assert is_what_follows(call(10, "56"), "That makes 56 days.")


@pytest.mark.parametrize("verdict", [Verdict.KEPT, Verdict.LOW_GAIN])
def test_a_date_is_told_by_a_kept_call_at_its_place(verdict: Verdict) -> None:
    note = next(iter(NOTES.values()))
    said = stated_date(note)
    document = Document("1", note.text)
    right, elsewhere = call(said.place, said.value, verdict), call(3, said.value)
    annotated = AnnotatedDocument(document, ("Calendar",), candidates=(elsewhere, right))
    found = date_told(annotated, said)
    assert found.is_proposed
    assert found.is_told == (verdict is Verdict.KEPT)
    assert found.right == found.kept - 1
