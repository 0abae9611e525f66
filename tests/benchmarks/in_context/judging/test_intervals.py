"""Intervals against numbers worked by hand, and against each other."""

import math

import pytest

from benchmarks.in_context.judging.intervals import by_text, ratio_by_text, wilson


def test_wilsons_interval_is_the_textbooks() -> None:
    share = wilson(8, 10)  # centre (0.8 + 0.19207) / 1.38415, reach 0.22665
    assert (share.low, share.high) == pytest.approx((0.4901, 0.9433), abs=1e-3)


def test_nothing_of_nothing_is_a_dash() -> None:
    assert str(wilson(0, 0)) == "–"
    assert math.isnan(wilson(0, 0).value)
    assert str(by_text([0, 0], [0, 0])) == "–"


def test_texts_that_agree_leave_no_doubt() -> None:
    share = by_text([1, 1, 1], [2, 2, 2])
    assert (share.low, share.value, share.high) == (0.5, 0.5, 0.5)


def test_what_comes_in_clumps_is_known_less_well() -> None:
    spread = by_text([1, 0] * 50, [1, 1] * 50)
    clumped = by_text([10, 0] * 5, [10, 10] * 5)
    assert spread.value == clumped.value == 0.5
    assert clumped.high - clumped.low > 2 * (spread.high - spread.low)


def test_independent_texts_are_known_as_well_as_wilson_says() -> None:
    drawn, known = by_text([1, 0, 0, 0] * 50, [1] * 200), wilson(50, 200)
    assert (drawn.low, drawn.high) == pytest.approx((known.low, known.high), abs=0.01)


def test_the_same_seed_draws_the_same() -> None:
    parts, wholes = [number % 3 for number in range(97)], [3 + number % 7 for number in range(97)]
    assert by_text(parts, wholes, seed=3) == by_text(parts, wholes, seed=3)
    assert by_text(parts, wholes, seed=3).low != by_text(parts, wholes, seed=4).low


def test_a_ratio_may_exceed_one() -> None:
    assert ratio_by_text([6, 6], [2, 2]) == "3.00 (3.00–3.00)"
