from benchmarks.gsm8k import NOT_PROPOSED, WRONG, compare
from recipes.gsm8k import read_solution
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Verdict

SOLUTION = read_solution("So 4*6 = <<4*6=24>>24 and 2 boys + 3 girls = <<2+3=5>>5.")
GAIN = Losses(no_call=2.0, with_output=0.5, no_output=1.5)  # 1.0


def candidate(
    position: int, arguments: str | None, output: str | None, verdict: Verdict
) -> Candidate:
    return Candidate(
        position, "Calculator", arguments, 0.5, 1, output, losses=GAIN, verdict=verdict
    )


def fates(*candidates: Candidate) -> list[str]:
    document = Document("1", SOLUTION.text)
    annotated = AnnotatedDocument(document, ("Calculator",), candidates=candidates)
    return [each.fate for each in compare(annotated, SOLUTION)]


def test_the_solution_has_its_marks_where_the_tests_think() -> None:
    assert SOLUTION.text == "So 4*6 = 24 and 2 boys + 3 girls = 5."
    assert [mark.offset for mark in SOLUTION.marks] == [9, 35]


def test_only_the_mark_in_figures_is_found_by_the_rule() -> None:
    annotated = AnnotatedDocument(Document("1", SOLUTION.text), ())
    assert [each.found_by_rule for each in compare(annotated, SOLUTION)] == [True, False]


def test_a_kept_right_call_recovers_its_mark_alone() -> None:
    assert fates(candidate(8, "4 * 6", "24", Verdict.KEPT)) == ["kept", NOT_PROPOSED]


def test_the_right_call_counts_by_how_far_it_came() -> None:
    low = candidate(8, "4*6", "24", Verdict.LOW_GAIN)
    peeks = candidate(8, "6*4", "24", Verdict.PEEKS)
    assert fates(peeks, low)[0] == "low_gain"
    assert fates(peeks)[0] == "peeks"


def test_a_wrong_call_at_the_place_is_told_from_no_call() -> None:
    assert fates(candidate(8, "4+6", "10", Verdict.LOW_GAIN))[0] == WRONG
    assert fates(candidate(8, "4+6", "10", Verdict.KEPT))[0] == "another call was kept"
    assert fates(candidate(8, None, None, Verdict.PRUNED))[0] == "pruned"


def test_a_right_call_elsewhere_recovers_nothing() -> None:
    assert fates(candidate(2, "4*6", "24", Verdict.KEPT))[0] == NOT_PROPOSED


def test_the_gain_is_that_of_the_right_call() -> None:
    annotated = AnnotatedDocument(
        Document("1", SOLUTION.text),
        ("Calculator",),
        candidates=(candidate(8, "4*6", "24", Verdict.LOW_GAIN),),
    )
    assert [each.gain for each in compare(annotated, SOLUTION)] == [1.0, None]
