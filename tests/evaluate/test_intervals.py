"""Wilson's interval, against numbers worked by hand."""

import pytest

from toolformer.evaluate.intervals import wilson


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
