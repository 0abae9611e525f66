"""A trial as it is written."""

from dataclasses import replace

from toolformer.calls import ToolCall
from toolformer.evaluate.task import Example
from toolformer.evaluate.tasks.judging import end_of_number, is_number_right
from toolformer.evaluate.trial import Trial, from_row, trial_of
from toolformer.infer.answers import Answer, CallEvent

EXAMPLE = Example("1", "3 + 2 is", ("5",), "plus", ("hard",))
EVENT = CallEvent(0, ToolCall("Calculator", "2 + 2"), " [Calculator(2 + 2)", output="4")
ANSWER = Answer("3 + 2 is", (), (EVENT,), tokens=7, finish="end")


def tried(text: str, answer: Answer = ANSWER) -> Trial:
    return trial_of(
        EXAMPLE,
        answer,
        text=text,
        is_right=lambda said, each: is_number_right(said, each.answers),
        judged=end_of_number(text),
    )


def test_an_answer_may_follow_its_tool_and_be_wrong() -> None:
    assert (tried(" 4.").is_right, tried(" 4.").follows_tool) == (False, True)
    assert (tried(" 5.").is_right, tried(" 5.").follows_tool) == (True, False)


def test_without_an_output_there_is_nothing_to_follow() -> None:
    assert not tried(" 4.", replace(ANSWER, events=())).follows_tool


def test_a_call_after_the_answer_came_too_late_to_tell_it() -> None:
    late = tried(" 4 or 5.", replace(ANSWER, events=(replace(EVENT, position=2),)))
    assert (late.has_called, late.follows_tool, late.calls[0].is_late) == (False, False, True)
    early = tried(" or 4.", replace(ANSWER, events=(replace(EVENT, position=3),)))
    assert (early.has_called, early.follows_tool) == (True, True)


def test_a_trial_comes_back_from_its_row() -> None:
    assert from_row(tried(" 4.").to_row()) == tried(" 4.")


def test_whether_the_tool_failed_is_part_of_a_trial_and_older_rows_do_not_say() -> None:
    failed = replace(EVENT, output=None, error="No.", tool_failed=True)
    trial = tried(" 5.", replace(ANSWER, events=(failed,)))
    row = trial.to_row()
    assert from_row(row).calls[0].tool_failed
    del row["calls"][0]["tool_failed"]
    assert not from_row(row).calls[0].tool_failed
