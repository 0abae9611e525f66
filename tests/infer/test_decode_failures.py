"""A call that fails leaves no trace in the text: no output is invented, and the answer goes on."""

import pytest

from tests.infer.decoding import CALL, PROMPT, answer_of, pieces_of, scripted, texts_of
from toolformer.calls import Segment, ToolCall
from toolformer.infer.answers import Answer, CallEvent
from toolformer.lm.scripted.streams import Continuation

INSTEAD = (PROMPT, " four.")  # what it says where the marker is barred
SUM = ToolCall("Calculator", "2 + 2")


def failing(written: str | tuple[str, ...], **options: object) -> Answer:
    """Returns an answer whose one call fails."""
    answer = answer_of(Continuation(PROMPT, written), INSTEAD, **options)
    assert answer.segments == (Segment("text", " four."),)
    assert len(answer.events) == 1
    return answer


def fail(call: ToolCall) -> str:
    raise ValueError("Cannot divide by zero.")


def test_a_tools_error_is_the_events() -> None:
    [event] = failing(CALL, say=fail).events
    assert event == CallEvent(
        0, SUM, CALL, error="Cannot divide by zero.", seconds=0.5, tool_failed=True
    )


@pytest.mark.parametrize("output", ["a]", "]", "x [Calendar(", "two\nlines"])
def test_an_output_that_cannot_be_read_back_is_a_failure(output: str) -> None:
    [event] = failing(CALL, say=lambda _: output).events
    assert event.call == SUM
    reason = "is unbalanced or starts a call, so it cannot be read back."
    assert event.error == f"The output {output!r} {reason}"


def test_a_call_that_a_line_end_cuts_is_a_failure() -> None:
    [event] = failing(" [Calculator(2 +\n2)").events
    assert (event.call, event.written) == (None, " [Calculator(2 +\n")
    assert event.error == "The call does not close on its line."


def test_a_call_that_the_end_of_the_text_cuts_is_a_failure() -> None:
    [event] = failing(" [Calculator(2 + 2").events
    assert event.error == "The text ended inside the call."
    assert event.written == " [Calculator(2 + 2"


def test_an_endless_call_is_a_failure() -> None:
    answer = failing(" [Calculator(" + "1 + " * 100, max_call_tokens=6)
    assert answer.events[0].error == "The call does not close within 6 tokens."
    assert answer.events[0].written == " [Calculator(1 + 1 + 1 +"
    assert answer.tokens == 1 + 6 + 2  # what was taken back was chosen too


def test_a_call_inside_a_call_is_a_failure() -> None:
    [event] = failing(" [Calculator(2 + [Calendar()) + 1)").events
    assert event.error == "Another call starts inside the call."
    assert event.written == " [Calculator(2 + [Calendar("


def test_a_call_inside_a_call_is_seen_when_one_token_says_it_all() -> None:
    written = (" [", "Calculator(", "2 + [Unknown(1))]")
    [event] = failing(written, top_k_start=0).events
    assert event.written == " [Calculator(2 + [Unknown(1))"
    assert event.error == "Another call starts inside the call."


def test_a_call_that_the_answers_limit_cuts_is_a_failure() -> None:
    answer = answer_of((PROMPT, CALL), INSTEAD, max_new_tokens=3)
    assert answer.events[0].error == "The answer reached its 3 tokens inside the call."
    assert (answer.segments, answer.finish) == ((), "length")


def test_a_call_that_fills_the_context_is_a_failure() -> None:
    answer = answer_of((PROMPT, CALL), INSTEAD, max_length=10, top_k_start=0)
    assert answer.events[0].error == "The model's context is full."
    assert answer.text == " four."


def test_an_output_that_does_not_fit_the_context_is_a_failure() -> None:
    # A start token, 4 of the prompt, 7 of the call, 3 of arrow and close leave 5 for the output.
    fitting = {"max_length": 20, "top_k_start": 0}
    assert answer_of((PROMPT, CALL), say=lambda _: "4" * 5, **fitting).events[0].output == "44444"
    answer = failing(CALL, say=lambda _: "4" * 6, **fitting)
    assert answer.events[0].error == "The model's context is full."
    assert answer.events[0].call == SUM


def test_a_failed_call_is_shown_as_it_formed_and_then_reported() -> None:
    model = scripted((PROMPT, f" so{CALL}"), (" so", " four."))
    pieces = pieces_of(model, say=fail)
    assert "".join(texts_of(pieces, kind="call")) == CALL
    assert texts_of(pieces) == [" so", " four", "."]
    assert pieces[-3] == CallEvent(
        3, SUM, CALL, error="Cannot divide by zero.", seconds=0.5, tool_failed=True
    )


def test_no_call_starts_again_where_one_failed() -> None:
    script = [(PROMPT, CALL), (PROMPT, " [Calendar()"), (PROMPT, " it"), (" it", " [Calendar()")]
    answer = answer_of(*script, say=lambda call: fail(call) if call == SUM else "May")
    assert answer.annotated == " it [Calendar() -> May]"


def test_text_before_a_failed_call_in_its_first_token_stays() -> None:
    merged = Continuation(PROMPT, (" so. [Calculator(2", " + 2)"))
    answer = answer_of(merged, (" so.", " Four."), say=fail)
    assert answer.segments == (Segment("text", " so. Four."),)


def test_failed_calls_are_part_of_the_budget() -> None:
    script = [("", " [Calculator(2 +\n"), ("", " x")]
    answer = answer_of(*script, max_calls=3, max_new_tokens=20)
    assert [event.position for event in answer.events] == [0, 2, 4]


def test_the_same_call_fails_only_once_in_a_row() -> None:
    asked = []

    def fail_and_count(call: ToolCall) -> str:
        asked.append(call)
        return fail(call)

    answer_of(("", CALL), ("", " x"), say=fail_and_count, max_calls=3, max_new_tokens=30)
    assert asked == [SUM]


def test_a_call_that_no_tool_failed_is_told_from_one_that_did() -> None:
    answer = answer_of(("", CALL), ("", " x"), say=fail, max_calls=2, max_new_tokens=30)
    assert [(event.call, event.tool_failed) for event in answer.events] == [
        (SUM, True),
        (SUM, False),  # it is the last call once more
    ]
    [unreadable] = failing(CALL, say=lambda _: "a]").events
    [unfitting] = failing(CALL, say=lambda _: "4" * 6, max_length=20, top_k_start=0).events
    [unclosed] = failing(" [Calculator(2 +\n2)").events
    assert {each.tool_failed for each in (unreadable, unfitting, unclosed)} == {False}


def test_the_prompts_failed_call_is_taken_out() -> None:
    for end in (CALL, " [Calculator(2 + "):
        answer = answer_of(("Calculator(2 +", " 2)"), INSTEAD, prompt=PROMPT + end, say=fail)
        assert answer.whole == "2 + 2 is four."
        assert answer.events == (
            CallEvent(0, SUM, CALL, error="Cannot divide by zero.", seconds=0.5, tool_failed=True),
        )


def test_the_prompts_call_of_a_barred_tool_is_taken_out() -> None:
    answer = answer_of(INSTEAD, prompt=PROMPT + CALL, tools=(), barred=["Calculator"])
    assert answer.whole == "2 + 2 is four."
    assert answer.events[0].error == "Calculator may not be called now."


def test_white_space_of_the_prompt_outlives_a_failed_call() -> None:
    answer = answer_of((PROMPT, CALL), INSTEAD, prompt=f"{PROMPT} ", say=fail)
    assert answer.whole == "2 + 2 is four."
