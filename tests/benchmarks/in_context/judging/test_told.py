"""When a look-up is the right one, and a fact told."""

from benchmarks.in_context.judging.told import precision, told
from benchmarks.stated import StatedFact
from recipes.data.sources import Fact
from toolformer.records import AnnotatedDocument, Candidate, Document, Verdict

TEXT = "Kano is a city in Nigeria, Africa."
STATED = StatedFact(Fact("Kano", "P17", "Nigeria"), TEXT.index("Nigeria"))
BEFORE = STATED.place - 1  # its space


def look_up(
    position: int, arguments: str, output: str | None, verdict: Verdict = Verdict.KEPT
) -> Candidate:
    return Candidate(position, "Database", arguments, 0.5, 1, output=output, verdict=verdict)


def became(*candidates: Candidate) -> tuple[bool, bool, str, int, int]:
    annotated = AnnotatedDocument(Document("1", TEXT), ("Database",), candidates=candidates)
    found = told(annotated, STATED)
    return found.is_proposed, found.is_proposed_there, found.fate, found.kept, found.right


def test_the_right_call_at_the_object_tells_the_fact() -> None:
    assert became(look_up(BEFORE, "Kano, country", "Nigeria")) == (True, True, "kept", 1, 1)


def test_the_right_call_earlier_is_proposed_and_not_there() -> None:
    low = look_up(4, "Kano, country", "Nigeria", Verdict.LOW_GAIN)
    assert became(low) == (True, False, "low_gain", 0, 0)


def test_a_call_behind_the_object_tells_nothing() -> None:
    behind = look_up(len(TEXT) - 1, "Kano, country", "Nigeria")
    assert became(behind)[:2] == (False, False)
    assert became(behind)[3:] == (1, 0)


def test_another_attribute_that_tells_the_object_is_not_the_right_call() -> None:
    assert became(look_up(BEFORE, "Kano, region", "Nigeria")) == (False, False, "kept", 1, 1)


def test_precision_counts_calls() -> None:
    right = look_up(BEFORE, "Kano, country", "Nigeria")
    wrong = look_up(4, "Kano, continent", "Africa")
    annotated = AnnotatedDocument(Document("1", TEXT), ("Database",), candidates=(wrong, right))
    assert precision([told(annotated, STATED)]).value == 0.5
