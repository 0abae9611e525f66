"""Which texts are picked to be shown, and how much of a long one."""

from dataclasses import replace

from toolformer.calls import InlineGrammar
from toolformer.cli.display.texts import dozen, kept_text, why
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Placebo, Verdict
from toolformer.runs.thresholds import Thresholds

KEPT = Candidate(
    position=4,
    tool="Calculator",
    arguments="1 + 1",
    start_prob=0.5,
    count=1,
    output="2",
    losses=Losses(2.0, 1.0, 2.0),
    verdict=Verdict.KEPT,
)

PAPERS = {"Calculator": Thresholds.of(0.5)}


def document(name: str, *tools: str, text: str = "a = 2 b") -> AnnotatedDocument:
    kept = tuple(replace(KEPT, tool=tool) for tool in tools)
    return AnnotatedDocument(Document(name, text), tools, candidates=kept)


def picked(documents: list[AnnotatedDocument], *tools: str) -> list[str]:
    return [each.document.id for each in dozen(documents, tools)]


def test_a_rare_tool_is_shown_beside_a_frequent_one() -> None:
    many = [document(f"a{number}", "A") for number in range(50)]
    names = picked([*many, document("b", "B")], "A", "B")
    assert len(names) == 12
    assert "b" in names


def test_which_tool_a_text_stands_for_does_not_follow_the_order_of_a_set() -> None:
    tools = [f"Tool{number}" for number in range(12)]
    documents = [document(f"a{n}", tools[n], tools[(n + 1) % 12]) for n in range(12)]
    assert picked(documents, *tools) == [f"a{n}" for n in range(12)]


def test_texts_without_a_kept_call_are_not_shown() -> None:
    assert picked([document("none"), document("some", "A")], "A") == ["some"]


def test_far_from_its_calls_a_text_is_left_out() -> None:
    text = f"{'x' * 900} = 2 {'y' * 900}"
    long = AnnotatedDocument(
        Document("d", text), ("Calculator",), candidates=(replace(KEPT, position=902),)
    )
    shown = kept_text(long, InlineGrammar(), PAPERS).plain
    assert shown == (f"d\n… {'x' * 198} = [Calculator(1 + 1) -> 2]⟨+1.00⟩ 2 {'y' * 197} …")


def test_calls_near_each_other_share_a_stretch_of_text() -> None:
    near = AnnotatedDocument(
        Document("d", "1 + 1 = 2 and 1 + 1 = 2 ."),
        ("Calculator",),
        candidates=(replace(KEPT, position=7), replace(KEPT, position=21)),
    )
    shown = kept_text(near, InlineGrammar(), PAPERS).plain
    call = " [Calculator(1 + 1) -> 2]⟨+1.00⟩"
    assert shown == f"d\n1 + 1 ={call} 2 and 1 + 1 ={call} 2 ."


BOTH = Thresholds(used=0.75, help=-0.25)


def test_the_gain_that_was_too_low_is_named() -> None:
    low = replace(KEPT, losses=Losses(2.0, 1.5, 1.75), verdict=Verdict.LOW_GAIN)
    assert why(low, thresholds=BOTH).startswith("used 0.25 is below 0.75 (help 0.50). L(ε) 2.00,")
    unhelpful = replace(KEPT, losses=Losses(2.0, 2.5, 4.0), verdict=Verdict.UNHELPFUL)
    assert why(unhelpful, thresholds=BOTH).startswith(
        "used 1.50, help -0.50, which is below -0.25: its output is used, and the text is likelier "
        "without the call. L(ε) 2.00"
    )


def test_what_was_not_scored_in_full_has_a_bound_alone() -> None:
    partly = replace(KEPT, losses=Losses(2.0, 2.5), verdict=Verdict.LOW_GAIN)
    assert why(partly, thresholds=BOTH).startswith("gain at most -0.50 is below -0.25. L(ε) 2.00")


def test_a_trivial_call_and_its_place_are_told() -> None:
    trivial = replace(KEPT, losses=None, verdict=Verdict.TRIVIAL, start_gain=3.25)
    assert why(trivial, thresholds=BOTH) == (
        "its output is its argument, or stands just before it. p(start) 0.500, start gain 3.25, "
        "1 sample."
    )


def test_a_placebo_is_told_with_its_own_gains() -> None:
    beside = replace(KEPT, placebo=Placebo("9", 2.5))
    assert "With another call's output, 9: used -0.50, help -0.50. p(start)" in why(
        beside, thresholds=BOTH
    )
