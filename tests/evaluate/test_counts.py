"""What trials add up to."""

import math
from dataclasses import replace

import pytest

from toolformer.evaluate.counts import Counts, TextScores, count, wilson
from toolformer.evaluate.trial import Trial, TriedCall

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


def test_inputs_with_and_without_an_output_are_told_apart() -> None:
    total, _ = count([trial(TOLD, right=True), trial(TOLD), trial(right=True), trial(REFUSED)])
    assert (total.inputs, total.right, total.called, total.right_called) == (4, 2, 2, 1)
    assert (total.uncalled, total.right_uncalled) == (2, 1)
    assert total.accuracy == 0.5


def test_a_call_that_failed_was_started_and_is_counted_by_why() -> None:
    total, _ = count([trial(REFUSED), trial(UNCLOSED), trial(UNCLOSED, TOLD), trial()])
    assert (total.started, total.called) == (3, 1)
    assert (total.tool_errors, total.failed_calls, total.calls) == (1, 2, 1)


def test_a_call_that_never_reached_its_tool_is_no_error_of_the_tools() -> None:
    total, _ = count([trial(REFUSED, AGAIN)])
    assert (total.tool_errors, total.failed_calls) == (1, 1)


def test_a_call_after_the_answer_is_counted_apart() -> None:
    total, _ = count([trial(LATE, right=True), trial(TOLD, LATE)])
    assert (total.called, total.right_called, total.late, total.calls) == (1, 0, 1, 3)


def test_subsets_are_counted_apart() -> None:
    _, by_tag = count([trial(right=True, tags=("hard", "new")), trial(tags=("hard",)), trial()])
    assert {tag: (each.right, each.inputs) for tag, each in by_tag.items()} == {
        "hard": (1, 2),
        "new": (1, 1),
    }


def test_counts_come_back_from_json() -> None:
    total, _ = count([trial(TOLD, right=True), trial(UNCLOSED)])
    assert Counts.from_dict(total.to_dict()) == total
    assert total.to_dict()["accuracy"] == 0.5


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
    assert (short + long).perplexity == pytest.approx(2 ** (10 / 4))
    assert TextScores.from_dict((short + long).to_dict()) == short + long


def test_of_ten_right_ones_the_lower_end_is_ten_over_ten_plus_z_squared() -> None:
    # p = 1: (1 + z²/2n − z²/2n) / (1 + z²/n) = n / (n + z²), z² = 3.84146
    low, high = wilson(10, 10)
    assert low == pytest.approx(10 / 13.84146, abs=1e-5)
    assert high == pytest.approx(1.0)


def test_of_none_right_the_upper_end_is_z_squared_over_ten_plus_z_squared() -> None:
    low, high = wilson(0, 10)
    assert low == 0.0
    assert high == pytest.approx(3.84146 / 13.84146, abs=1e-5)


def test_a_half_lies_in_the_middle() -> None:
    # half width: z √(0.25/100 + z²/40000) / (1 + z²/100) = 0.09998 / 1.0384146
    low, high = wilson(50, 100)
    assert (low + high) / 2 == pytest.approx(0.5)
    assert high - 0.5 == pytest.approx(0.0961693, abs=1e-5)


def test_of_nothing_nothing_is_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
