"""An answer tells its text, its text with calls, and the whole of prompt and text."""

import pytest

from toolformer.calls import Segment, ToolCall
from toolformer.infer.answers import Answer, CallEvent

SEGMENTS = (
    Segment("text", " I say"),
    Segment("call", " [Calendar()"),
    Segment("output", " -> May 4]"),
    Segment("text", " May 4."),
)
ANSWER = Answer("Today ", SEGMENTS, events=(), tokens=9, finish="end", taken=1)


def test_the_text_leaves_calls_and_outputs_out() -> None:
    assert ANSWER.text == " I say May 4."


def test_the_annotated_text_keeps_them() -> None:
    assert ANSWER.annotated == " I say [Calendar() -> May 4] May 4."


def test_the_whole_holds_what_moved_from_the_prompt_once() -> None:
    assert ANSWER.whole == "Today I say [Calendar() -> May 4] May 4."


@pytest.mark.parametrize("outcome", [{}, {"output": "4", "error": "It failed."}])
def test_an_event_has_an_output_or_an_error(outcome: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="exactly one of output and error"):
        CallEvent(0, ToolCall("Calendar", ""), " [Calendar()", **outcome)
