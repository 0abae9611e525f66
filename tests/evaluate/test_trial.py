"""A trial as it is written."""

from toolformer.evaluate.trial import READ, Trial, TriedCall, from_row

FAILED = TriedCall("Calculator", "2 / 0", " [Calculator(2 / 0)", error="No.", tool_failed=True)
TRIAL = Trial(
    id="1",
    prompt="3 + 2 is",
    answers=("5",),
    group="plus",
    tags=("hard",),
    text=" 4.",
    annotated=" 4.",
    calls=(FAILED,),
    tokens=7,
    finish="end",
)


def test_a_trial_comes_back_from_its_row() -> None:
    assert from_row(TRIAL.to_row()) == TRIAL


def test_a_row_has_scores_only_where_the_task_brings_some() -> None:
    assert list(TRIAL.to_row())[-1] == "finish"
    scored = Trial(id="1", prompt="It is", scores={"overlap": 0.5, "words": 3})
    assert scored.to_row()["scores"] == {"overlap": 0.5, "words": 3}
    assert from_row(scored.to_row()) == scored


def test_a_text_that_was_read_is_its_scores() -> None:
    read = Trial(id="1", scores={"tokens": 3, "nats": 1.5}, finish=READ)
    assert read.to_row() == {"id": "1", "tokens": 3, "nats": 1.5}
    assert from_row(read.to_row()) == read


def test_whether_the_tool_failed_is_part_of_a_trial_and_older_rows_do_not_say() -> None:
    row = TRIAL.to_row()
    assert from_row(row).calls[0].tool_failed
    del row["calls"][0]["tool_failed"]
    assert not from_row(row).calls[0].tool_failed


def test_what_a_later_version_adds_to_a_row_is_left_out() -> None:
    assert from_row(TRIAL.to_row() | {"mood": "good"}) == TRIAL
