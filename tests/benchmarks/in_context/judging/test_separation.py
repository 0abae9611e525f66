"""Areas and recalls by hand."""

import pytest

from benchmarks.in_context.judging.separation import separation


def test_the_area_is_the_share_of_pairs_in_order_and_half_of_the_equal_ones() -> None:
    found = separation([2.0, 1.0, 1.0, 0.0], [True, True, False, False], list("abcd"))
    assert found.auc == 3.5 / 4
    assert (found.right, found.wrong) == (2, 2)


def test_the_interval_holds_the_area() -> None:
    gains = [float(number % 7) for number in range(60)]
    right = [number % 3 == 0 for number in range(60)]
    found = separation(gains, right, [str(number // 3) for number in range(60)])
    assert 0 < found.low < found.auc < found.high < 1


def test_recall_is_that_above_the_wrong_ones_quantile() -> None:
    wrong = [number / 100 for number in range(100)]
    right = [0.5, 0.96, 2.0, 3.0]
    found = separation(
        [*wrong, *right], [False] * 100 + [True] * 4, [str(number) for number in range(104)]
    )
    assert found.recall_at_5 == 0.75
    assert found.recall_at_1 == 0.5


def test_what_separates_everything_is_one_whatever_is_drawn() -> None:
    found = separation([5.0, 1.0, 6.0, 2.0], [True, False, True, False], list("aabb"))
    assert (found.low, found.auc, found.high) == pytest.approx((1.0, 1.0, 1.0))
