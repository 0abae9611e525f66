"""What is shown of an answer that another engine writes, however its text is cut into pieces."""

from hypothesis import given
from hypothesis import strategies as st

from toolformer.calls import InlineGrammar, Segment, ToolCall
from toolformer.infer.answers import Answer, CallEvent
from toolformer.serve.engines.stretches import RemoteAnswer
from toolformer.tools.result import ToolResult

GRAMMAR = InlineGrammar()
SAYS = {"": "It is [Calculator(2 + (3))", " -> 5]": " 5 [Calculator(x)", ": x]": " [1] so. Never"}
PIECES = st.lists(st.integers(min_value=1, max_value=9), min_size=1, max_size=9)


def cut(text: str, sizes: list[int]) -> list[str]:
    pieces: list[str] = []
    while text:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(text[:size])
        text = text[size:]
    return pieces


def written(sizes: list[int], *, stop: tuple[str, ...] = ("Nev",)) -> tuple[str, Answer]:
    """Returns what is shown of an answer in pieces of these sizes, and the answer."""
    answer = RemoteAnswer("", GRAMMAR, [GRAMMAR.lead("Calculator")], stop)
    shown: list[Segment | CallEvent] = []
    for _ in range(4):
        text = next(says for after, says in reversed(SAYS.items()) if answer.read.endswith(after))
        for piece in cut(text + "->more", sizes):
            shown += answer.add(piece)
            if answer.call is not None or answer.is_stopped:
                break
        if answer.call is None:
            break
        call: ToolCall = answer.call
        is_sum = call.arguments == "2 + (3)"
        shown += answer.receive(
            ToolResult(call, output="5") if is_sum else ToolResult(call, error="No: x")
        )
    rest, whole = answer.finish("stop")
    shown += rest
    return "".join(each.text for each in shown if isinstance(each, Segment)), whole


@given(PIECES)
def test_the_pieces_in_which_it_comes_change_nothing(sizes: list[int]) -> None:
    _, whole = written(sizes)
    assert whole.annotated == "It is [Calculator(2 + (3)) -> 5] 5 [1] so. "
    assert whole.text == "It is 5 [1] so. "
    assert [(each.output, each.error) for each in whole.events] == [("5", None), (None, "No: x")]
    assert [each.position for each in whole.events] == [5, 7]


@given(PIECES)
def test_no_text_is_shown_that_is_not_in_the_answer_but_calls_that_fail(sizes: list[int]) -> None:
    shown, whole = written(sizes)
    assert shown.replace(" [Calculator(x)", "") == whole.annotated


def test_the_engine_reads_why_a_call_failed() -> None:
    answer = RemoteAnswer("", GRAMMAR, [GRAMMAR.lead("Calculator")], ())
    answer.add("So [Calculator(1/0)")
    assert answer.call is not None
    answer.receive(ToolResult(answer.call, error="Not ] by zero."))
    assert answer.read == "So [Calculator(1/0) -> Not ) by zero.]"
    assert answer.finish("end")[1].annotated == "So"
