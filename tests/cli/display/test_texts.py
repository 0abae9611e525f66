"""Which texts are picked to be shown, and how much of a long one."""

from dataclasses import replace

from toolformer.calls import InlineGrammar
from toolformer.cli.display.texts import dozen, kept_text
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Verdict
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
