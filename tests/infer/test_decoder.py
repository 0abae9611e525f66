"""A decoder admits requests while others run, gives them up, and waits no longer than asked."""

import threading
from dataclasses import replace
from math import log

import pytest

from tests.infer.decoding import CALL, GOES_ON, PROMPT, executing, four, requests_of, scripted
from toolformer.calls import Segment, ToolCall
from toolformer.errors import ModelError, ToolError
from toolformer.infer.answers import ScoredToken
from toolformer.infer.decode import decode
from toolformer.infer.decoder import Decoder, Decoding
from toolformer.infer.request import Request
from toolformer.lm.scripted.streams import Continuation
from toolformer.tools.context import ToolContext
from toolformer.tools.result import ToolResult


def drain(decoder: Decoder) -> list[Decoding]:
    finished = []
    while decoder:
        finished += decoder.advance()
    return finished


def wholes(finished: list[Decoding]) -> list[str]:
    return [each.answer.whole for each in finished if each.answer is not None]


def test_a_request_is_admitted_while_another_runs_and_answers_come_as_they_finish() -> None:
    with Decoder(scripted(("a", " b c d e"), ("x", " y"))) as decoder:
        [long] = decoder.admit([Request("a")])
        assert decoder.advance() == []
        [short] = decoder.admit([Request("x")])
        assert decoder.requests == [Request("a"), Request("x")]
        assert drain(decoder) == [short, long]
    assert wholes([short, long]) == ["x y", "a b c d e"]


def test_what_runs_beside_a_request_does_not_change_its_answer() -> None:
    model = scripted(*[("", f" {word}") for word in "abcdefgh"])
    requests = requests_of(*["x"] * 4, temperature=1.0, max_new_tokens=8)
    with Decoder(model, execute=executing(four)) as decoder:
        late = []
        for request in requests:
            late += decoder.admit([request])
            decoder.advance()
        drain(decoder)
    expected = list(decode(model, requests, execute=executing(four)))
    assert [decoding.answer for decoding in late] == expected


def test_a_prompt_that_is_too_long_is_answered_at_once_and_comes_with_the_next_step() -> None:
    with Decoder(scripted(("a", " b"), max_length=4)) as decoder:
        [long, _] = decoder.admit([Request("a a a a a"), Request("a")])
        assert long.answer is not None
        assert long.answer.finish == "too long"
        assert decoder.advance() == [long]
        assert wholes(drain(decoder)) == ["a b"]


def test_a_request_that_was_given_up_frees_its_stream_and_has_no_answer() -> None:
    model = scripted(("a", " b c d e"))
    with Decoder(model) as decoder:
        [gone, kept] = decoder.admit([Request("a"), Request("a")])
        decoder.advance()
        decoder.retire([gone])
        assert drain(decoder) == [kept]
    assert gone.answer is None
    assert gone.take() == [Segment("text", " b")]


def test_the_result_of_a_call_that_was_given_up_is_dropped() -> None:
    retired = threading.Event()

    def execute(call: ToolCall, _context: ToolContext) -> ToolResult:
        assert retired.wait(timeout=60)
        return ToolResult(call, output="4")

    with Decoder(scripted((PROMPT, CALL), GOES_ON), execute=execute) as decoder:
        [gone] = decoder.admit(requests_of(PROMPT))
        while "1 waiting" not in repr(decoder):
            decoder.advance()
        decoder.retire([gone])
        retired.set()
        [other] = decoder.admit(requests_of(PROMPT))
        assert drain(decoder) == [other]
    assert gone.answer is None


def test_a_step_waits_no_longer_for_tools_than_it_is_asked_to() -> None:
    admitted = threading.Event()

    def execute(call: ToolCall, _context: ToolContext) -> ToolResult:
        assert admitted.wait(timeout=60)
        return ToolResult(call, output="4")

    with Decoder(scripted((PROMPT, CALL), GOES_ON, ("a", " b")), execute=execute) as decoder:
        decoder.admit(requests_of(PROMPT))
        while "1 waiting" not in repr(decoder):
            decoder.advance()
        assert decoder.advance(timeout_s=0) == []  # and the tool has not answered
        decoder.admit([Request("a")])
        admitted.set()
        assert set(wholes(drain(decoder))) == {f"{PROMPT}{CALL} -> 4] 4.", "a b"}


def test_the_pieces_of_one_request_are_followed_while_others_run() -> None:
    with Decoder(scripted(("a", " b c"), ("x", " y z w"))) as decoder:
        first, second = decoder.admit([Request("a"), Request("x")])
        assert list(decoder.follow(first)) == [Segment("text", " b"), Segment("text", " c")]
        assert [piece.text for piece in decoder.follow(second)] == [" y", " z", " w"]


def test_following_a_prompt_that_is_too_long_is_refused() -> None:
    with Decoder(scripted(max_length=4)) as decoder:
        [long] = decoder.admit([Request("a a a a a")])
        with pytest.raises(ModelError, match=r"^The prompt 'a a a a a' cannot be continued"):
            list(decoder.follow(long))


def test_tools_that_nothing_runs_are_refused_before_anything_is_admitted() -> None:
    with Decoder(scripted(("a", " b"))) as decoder:
        with pytest.raises(ValueError, match="no execute was given to run calls of"):
            decoder.admit([Request("a"), *requests_of("a")])
        assert len(decoder) == 0


def test_a_decoder_says_how_many_run_and_how_many_wait() -> None:
    with Decoder(scripted(("a", " b"))) as decoder:
        decoder.admit([Request("a"), Request("a")])
        assert repr(decoder) == "Decoder('scripted': 2 requests, 0 waiting for their tools)"


def test_a_call_that_is_left_to_whoever_asked_ends_the_answer() -> None:
    [asked] = requests_of(PROMPT)
    with Decoder(scripted((PROMPT, CALL), GOES_ON), execute=executing(four)) as decoder:
        [left] = decoder.admit([replace(asked, hand_back=lambda _call: None)])
        drain(decoder)
    assert left.answer is not None
    assert (left.answer.finish, left.answer.annotated) == ("call", CALL)
    assert left.answer.call == ToolCall("Calculator", "2 + 2")
    assert {piece.kind for piece in left.take() if isinstance(piece, Segment)} == {"call"}


def test_a_call_that_whoever_asked_refuses_has_failed() -> None:
    def refuse(call: ToolCall) -> None:
        raise ToolError(f"Nobody runs {call.tool}.")

    [asked] = requests_of(PROMPT)
    model = scripted((PROMPT, CALL), Continuation(PROMPT, " 4", weight=0.5))
    with Decoder(model, execute=executing(four)) as decoder:
        [left] = decoder.admit([replace(asked, hand_back=refuse)])
        drain(decoder)
    assert left.answer is not None
    assert (left.answer.annotated, left.answer.call) == (" 4", None)
    assert [event.error for event in left.answer.events] == ["Nobody runs Calculator."]


def test_the_tokens_of_the_text_have_their_log_probs_and_those_of_calls_have_none() -> None:
    model = scripted((PROMPT, CALL), (PROMPT, " so"), GOES_ON, Continuation("]", " 5", weight=3.0))
    with Decoder(model, execute=executing(four)) as decoder:
        [asked] = decoder.admit(requests_of(f"Say 1. {PROMPT}", max_new_tokens=12))
        drain(decoder)
    assert asked.answer is not None
    assert asked.answer.annotated == " [Calculator(2 + 2) -> 4] 5"
    assert asked.prompt_tokens == 8
    assert asked.scored == [ScoredToken(0, " 5", pytest.approx(log(3 / 4)))]
