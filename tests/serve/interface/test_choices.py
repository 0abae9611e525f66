"""What a client is told of an answer: only what is final, and nothing of its own prompt again."""

import pytest

from toolformer.calls import Segment, ToolCall
from toolformer.infer.answers import Answer, CallEvent, ScoredToken
from toolformer.infer.request import Request
from toolformer.serve.engines.tickets import News
from toolformer.serve.interface.choices import Choice, finish_reason

CALL, OUTPUT = Segment("call", " [Sum(2)"), Segment("output", " -> 2]")
DONE = CallEvent(0, ToolCall("Sum", "2"), CALL.text, output="2")
FAILED = CallEvent(0, ToolCall("Sum", "2"), CALL.text, error="No.")


def text(said: str) -> Segment:
    return Segment("text", said)


def begun(prompt: str, *, kept: str | None = None, hides_calls: bool = False) -> Choice:
    choice = Choice(0, Request(prompt), hides_calls=hides_calls)
    choice.take(News(0, kept=prompt if kept is None else kept, prompt_tokens=3))
    return choice


def told(choice: Choice, *pieces: Segment | CallEvent) -> list[str]:
    return [choice.take(News(0, pieces=(piece,))).text for piece in pieces]


def test_a_call_is_told_once_it_has_its_output() -> None:
    pieces = told(begun("It is"), CALL, OUTPUT, DONE, text(" 2."))
    assert pieces == ["", "", " [Sum(2) -> 2]", " 2."]


def test_a_call_that_fails_is_never_told() -> None:
    assert told(begun("It is"), CALL, FAILED, text(" 2.")) == ["", "", " 2."]


def test_calls_that_are_hidden_leave_the_text() -> None:
    pieces = told(begun("It is", hides_calls=True), text(" so"), CALL, OUTPUT, DONE, text("."))
    assert "".join(pieces) == " so."


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ((text("  2."),), " 2."),
        ((text(" "), text(" 2"), text(".")), " 2."),
        ((CALL, OUTPUT, DONE), "[Sum(2) -> 2]"),
        ((text("2."),), "2."),
    ],
)
def test_what_moved_from_the_prompt_is_not_told_again(
    pieces: tuple[Segment | CallEvent, ...], expected: str
) -> None:
    assert "".join(told(begun("It is ", kept="It is"), *pieces)) == expected


def test_a_call_that_the_prompt_began_is_told_from_where_the_prompt_ends() -> None:
    choice = begun("It is [Sum(", kept="It is")
    assert "".join(told(choice, CALL, OUTPUT, DONE)) == "2) -> 2]"
    failed = begun("It is [Sum(", kept="It is")
    assert "".join(told(failed, CALL, FAILED, text(" 2."))) == " 2."


def test_tokens_stand_where_their_text_does() -> None:
    choice = begun("It is ", kept="It is")
    choice.take(News(0, pieces=(CALL, OUTPUT, DONE)))
    scored = (ScoredToken(0, " 2", -0.5), ScoredToken(2, ".", -1.0))
    delta = choice.take(News(0, pieces=(text(" 2"), text(".")), scored=scored))
    assert choice.text == "[Sum(2) -> 2] 2."
    assert [(choice.text[each.offset :], each.log_prob) for each in delta.tokens] == [
        (" 2.", -0.5),
        (".", -1.0),
    ]


@pytest.mark.parametrize(
    ("finish", "said"),
    [("end", "stop"), ("stop", "stop"), ("length", "length"), ("context", "length"),
     ("call", "tool_calls")],
)  # fmt: skip
def test_why_an_answer_ends_is_told_in_other_words(finish: str, said: str) -> None:
    assert finish_reason(Answer("", (), (), tokens=0, finish=finish)) == said  # type: ignore[arg-type]
