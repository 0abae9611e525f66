"""Scores reduced to numbers, proportions with their interval."""

import pytest

from toolformer.evaluate.metric import Interval, Metric, Number, reduce_all, wilson


def test_a_proportion_has_its_interval() -> None:
    followed = Metric.proportion("followed", of="called", name="says what the tool said")
    scores = [{"called": 1, "followed": 1}] * 5 + [{"called": 1}] * 5 + [{"inputs": 1}]
    number = followed.reduce(scores)
    assert number is not None
    assert number.value == 0.5
    assert number.interval == pytest.approx((0.2366, 0.7634), abs=1e-4)


def test_a_mean_is_one_of_the_trials_that_have_the_score() -> None:
    assert Metric.mean("words").reduce([{"words": 1}, {"words": 4}, {}]) == Number(2.5)


def test_where_there_is_nothing_to_reduce_there_is_no_number() -> None:
    metrics = (Metric.proportion("right"), Metric.mean("words"), Metric.mean("overlap"))
    assert reduce_all(metrics, [{"words": 2}]) == {"words": Number(2.0)}


def test_a_metric_of_ones_own_sees_the_scores_of_each_trial() -> None:
    longest = Metric("longest", lambda scores: Number(max(each["words"] for each in scores)))
    assert reduce_all([longest], [{"words": 2}, {"words": 7}]) == {"longest": Number(7)}


def test_a_number_is_written_as_a_percentage_or_in_its_form() -> None:
    assert str(Number(0.4, Interval(0.3089, 0.4979))) == "40.0 % (30.9–49.8)"
    assert str(Number(0.123456, form=".1f")) == "0.1"
    assert str(Number(12)) == "12"


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
