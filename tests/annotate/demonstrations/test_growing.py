"""What a run kept joins the exemplars of the next round, in an order that the run decides."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.annotate.given import run_into
from toolformer.annotate.demonstrations import Demonstration, Pool
from toolformer.annotate.demonstrations.growing import grown_pool, pool_digest
from toolformer.annotate.demonstrations.stretches import MOST_CHARACTERS, around
from toolformer.calls import PlacedCall, ToolCall
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Verdict
from toolformer.runs.reading import read_selected
from toolformer.tools.exemplar import NOTATION
from toolformer.tools.registry import load_tool


def candidate(gain: float, position: int = 0, *, tool: str = "Calculator") -> Candidate:
    return Candidate(
        position,
        tool,
        "1 + 1",
        0.5,
        1,
        output="2",
        losses=Losses(no_call=5, with_output=5 - gain, no_output=6),
        verdict=Verdict.KEPT,
    )


def annotated(text: str, *candidates: Candidate, day: str | None = None) -> AnnotatedDocument:
    meta = {} if day is None else {"date": day}
    return AnnotatedDocument(Document(text, text, meta), ("Calculator",), candidates=candidates)


MINE = Demonstration("Mine", (PlacedCall(0, ToolCall("Calculator", "2"), "2"),))


def test_kept_documents_come_after_the_exemplars_the_best_first() -> None:
    dropped = replace(candidate(9), verdict=Verdict.UNHELPFUL)
    documents = [
        annotated("one", candidate(1)),
        annotated("two", candidate(3, 3), candidate(0.5, 0), dropped, day="2023-03-03"),
        annotated("none", dropped),
        annotated("also one", candidate(1)),
    ]
    grown = grown_pool([MINE], documents)
    assert [each.text for each in grown] == ["Mine", "two", "one", "also one"]
    assert [each.position for each in grown[1].calls] == [0, 3]
    assert (grown[1].today, grown[2].today) == (date(2023, 3, 3), None)


def test_a_text_is_in_the_pool_once_and_an_exemplar_stays_as_it_is() -> None:
    documents = [annotated(" Mine\n", candidate(5)), annotated("a", candidate(1))] * 2
    assert [each.text for each in grown_pool([MINE], documents)] == ["Mine", "a"]
    assert grown_pool([MINE], documents)[0] is MINE


def test_the_best_of_each_tool_are_taken_and_no_more() -> None:
    documents = [annotated(f"sum {n}", candidate(1 + n)) for n in range(5)]
    documents.append(annotated("a day", candidate(0.5, tool="Calendar")))
    grown = grown_pool([], documents, most=2)
    assert [each.text for each in grown] == ["sum 4", "sum 3", "a day"]


def test_the_pool_of_a_real_run_shows_no_document_itself(tmp_path: Path) -> None:
    run = run_into(tmp_path / "run")
    grown = grown_pool([], read_selected(run))
    assert len(grown) == 3
    assert grown[0].render(NOTATION) == "3 + 2 = [Calculator(3 + 2) -> 5] 5 apples in all"
    pool = Pool(grown, tool=load_tool("calculator"))
    for each in run.documents():
        shown = pool.nearest(each.document.text)
        assert len(shown) == 3 - any(one.text == each.document.text for one in grown)


def test_the_digest_tells_texts_calls_days_and_order_apart() -> None:
    one = Demonstration("a", (PlacedCall(0, ToolCall("T", "1"), "2"),))
    other_call = replace(one, calls=(PlacedCall(0, ToolCall("T", "1"), "3"),))
    pools = [
        [one],
        [replace(one, text="b")],
        [other_call],
        [replace(one, today=date(2023, 3, 3))],
        [one, other_call],
        [other_call, one],
    ]
    assert len({pool_digest(each) for each in pools}) == len(pools)
    assert pool_digest([one]) == pool_digest([replace(one)])


@given(
    st.text(st.sampled_from("ab .\n"), min_size=MOST_CHARACTERS + 1, max_size=2000), st.integers(0)
)
def test_a_stretch_holds_its_call_and_is_a_part_of_the_text(text: str, at: int) -> None:
    call = PlacedCall(at % (len(text) + 1), ToolCall("Calculator", "1 + 1"), "2")
    cut = around(Demonstration(text, (call,)), call)
    [placed] = cut.calls
    assert len(cut.text) <= MOST_CHARACTERS
    start = call.position - placed.position
    assert text[start : start + len(cut.text)] == cut.text


def test_a_stretch_begins_and_ends_with_a_line_if_it_can() -> None:
    lines = [f"Line {number} has some words in it, and that is all." for number in range(40)]
    text = "\n".join(lines)
    call = PlacedCall(text.index("Line 20") + 7, ToolCall("Calculator", "1 + 1"), "2")
    cut = around(Demonstration(text, (call,)), call)
    assert set(cut.text.split("\n")) <= set(lines)
    assert len(cut.text) > MOST_CHARACTERS / 2
