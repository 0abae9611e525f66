"""What trials add up to."""

import math
from dataclasses import asdict, replace

import pytest

from toolformer.evaluate.counts import ACCURACY, STARTED, Counts, TextScores, by_tag, scores_of
from toolformer.evaluate.trial import TOO_LONG, Trial, TriedCall
from toolformer.typed import type_adapter

TOLD = TriedCall("Calculator", "2 + 2", " [Calculator(2 + 2)", output="4")
REFUSED = TriedCall(
    "Calculator", "2 / 0", " [Calculator(2 / 0)", error="Division by zero.", tool_failed=True
)
AGAIN = replace(REFUSED, error="It is the last call once more.", tool_failed=False)
LATE = replace(TOLD, is_late=True)
UNCLOSED = TriedCall(None, None, " [Calculator(2 +", error="The call does not close.")


def trial(*calls: TriedCall, right: bool = False, tags: tuple[str, ...] = ()) -> Trial:
    return Trial(
        id="1", prompt="2 + 2 is", text=" 4", annotated=" 4", calls=calls, is_right=right, tags=tags
    )


def count(trials: list[Trial]) -> Counts:
    return Counts.sum([scores_of(each) for each in trials])


def test_inputs_with_and_without_an_output_are_told_apart() -> None:
    total = count([trial(TOLD, right=True), trial(TOLD), trial(right=True), trial(REFUSED)])
    assert (total.inputs, total.right, total.called, total.right_called) == (4, 2, 2, 1)
    assert (total.uncalled, total.right_uncalled) == (2, 1)
    assert total.accuracy == 0.5


def test_a_call_that_failed_was_started_and_is_counted_by_why() -> None:
    total = count([trial(REFUSED), trial(UNCLOSED), trial(UNCLOSED, TOLD), trial()])
    assert (total.started, total.called) == (3, 1)
    assert (total.tool_errors, total.failed_calls, total.calls) == (1, 2, 1)


def test_a_call_that_never_reached_its_tool_is_no_error_of_the_tools() -> None:
    total = count([trial(REFUSED, AGAIN)])
    assert (total.tool_errors, total.failed_calls) == (1, 1)


def test_a_tool_that_could_not_be_reached_is_not_one_that_refused() -> None:
    total = count([trial(REFUSED, replace(REFUSED, is_unavailable=True))])
    assert (total.tool_errors, total.unavailable, total.failed_calls) == (1, 1, 0)


def test_an_input_that_was_never_asked_is_neither_right_nor_wrong() -> None:
    long = Trial(id="2", prompt="2 " * 9999, finish=TOO_LONG)
    total = count([trial(right=True), long])
    assert (total.inputs, total.too_long, total.accuracy, total.uncalled) == (1, 1, 1.0, 1)
    scores = [scores_of(long)]
    assert [metric.reduce(scores) for metric in (ACCURACY, STARTED)] == [None, None]


def test_a_call_after_the_answer_is_counted_apart() -> None:
    total = count([trial(LATE, right=True), trial(TOLD, LATE)])
    assert (total.called, total.right_called, total.late, total.calls) == (1, 0, 1, 3)


def test_subsets_are_counted_apart() -> None:
    trials = [trial(right=True, tags=("hard", "new")), trial(tags=("hard",)), trial()]
    counts = {tag: Counts.sum(scores) for tag, scores in by_tag(trials).items()}
    assert {tag: (each.right, each.inputs) for tag, each in counts.items()} == {
        "hard": (1, 2),
        "new": (1, 1),
    }


def test_counts_come_back_from_json() -> None:
    total = count([trial(TOLD, right=True), trial(UNCLOSED)])
    written = type_adapter(Counts).dump_python(total, mode="json")
    assert list(written)[-3:] == ["too_long", "accuracy", "interval"]
    assert (written["accuracy"], written["interval"]) == (0.5, list(total.interval))
    assert type_adapter(Counts).validate_python(written) == total


def test_perplexities_are_worked_out_from_the_sums() -> None:
    # 4 tokens of 1/2 each, over 2 words and 8 bytes: 4 bits.
    scores = TextScores(texts=1, tokens=4, words=2, bytes=8, nats=4 * math.log(2))
    assert scores.perplexity == pytest.approx(2.0)
    assert scores.word_perplexity == pytest.approx(4.0)
    assert scores.bits_per_byte == pytest.approx(0.5)


def test_texts_are_added_before_the_mean_is_taken() -> None:
    # One token of 1/2 and three of 1/8: 10 bits over 4 tokens.
    short = TextScores(1, 1, 1, 4, math.log(2))
    long = TextScores(1, 3, 2, 9, 3 * math.log(8))
    both = TextScores.sum([asdict(short), asdict(long)])
    assert (both.texts, both.tokens, both.words, both.bytes) == (2, 4, 3, 13)
    assert both.perplexity == pytest.approx(2 ** (10 / 4))
