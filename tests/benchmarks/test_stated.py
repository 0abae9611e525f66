import pytest

from benchmarks.stated import StatedFact, at_object, fate, tells
from recipes.data.sources import Fact
from toolformer.records import AnnotatedDocument, Candidate, Document, Verdict

TEXT = "Lima is the capital of Peru and its port."
STATED = StatedFact(Fact("Lima", "P1376", "Peru"), 23)


def candidate(position: int, output: str | None, verdict: Verdict) -> Candidate:
    arguments = None if verdict is Verdict.PRUNED else "Lima, capital of"
    return Candidate(position, "Database", arguments, 0.5, 1, output, verdict=verdict)


def annotated(*candidates: Candidate, text: str = TEXT) -> AnnotatedDocument:
    return AnnotatedDocument(Document("1", text), ("Database",), candidates=candidates)


@pytest.mark.parametrize(
    ("output", "is_told"),
    [
        ("Peru", True),
        ("peru", True),
        ("Chile, Peru", True),
        ("New Peru", False),
        ("Peruvian", False),
        ("", False),
        (None, False),
    ],
)
def test_an_output_tells_an_object_that_is_among_its_values(
    output: str | None, is_told: bool
) -> None:
    assert tells(output, "Peru") is is_told


def test_an_object_with_a_comma_is_told_by_the_whole_output() -> None:
    assert tells("Washington, D.C.", "Washington, D.C.")


def test_a_kept_call_anywhere_before_the_object_tells_it() -> None:
    assert fate(annotated(candidate(4, "Peru", Verdict.KEPT)), STATED) == "kept"
    assert fate(annotated(candidate(22, "Chile, Peru", Verdict.KEPT)), STATED) == "kept"


def test_a_call_after_the_object_tells_nothing() -> None:
    assert fate(annotated(candidate(27, "Peru", Verdict.KEPT)), STATED) == "no place at the object"


def test_the_call_that_came_furthest_decides() -> None:
    found = annotated(candidate(4, "Peru", Verdict.PEEKS), candidate(22, "Peru", Verdict.LOW_GAIN))
    assert fate(found, STATED) == "low_gain"


def test_what_stood_at_the_object_is_named() -> None:
    assert fate(annotated(candidate(22, None, Verdict.PRUNED)), STATED) == "pruned"
    assert fate(annotated(candidate(22, None, Verdict.TOOL_ERROR)), STATED) == (
        "unknown to the database"
    )
    assert fate(annotated(candidate(22, "Chile", Verdict.LOW_GAIN)), STATED) == "another answer"


def test_an_article_or_a_quotation_mark_may_stand_before_the_object() -> None:
    text = 'Lima is the capital of the "Peru" of old.'
    stated = StatedFact(STATED.fact, text.index("Peru"))
    found = annotated(
        candidate(22, "Peru", Verdict.KEPT), candidate(4, None, Verdict.PRUNED), text=text
    )
    assert [each.position for each in at_object(found, stated)] == [22]
