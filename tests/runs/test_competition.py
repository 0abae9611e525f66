"""Of calls that stand too near one another the better one stays."""

import pytest

from toolformer.records import Candidate, Losses
from toolformer.runs.select import winners

ORDER = {"First": 0, "Second": 1}


def call(position: int, gain: float, *, token: int | None = None, tool: str = "First") -> Candidate:
    losses = Losses(no_call=gain, with_output=0.0, no_output=gain)
    return Candidate(position, tool, "x", 0.5, 1, output="y", losses=losses, token=token)


def test_calls_six_tokens_apart_both_stay_and_nearer_ones_do_not() -> None:
    assert winners([call(0, 1.0, token=0), call(30, 2.0, token=6)], order=ORDER) == {0, 1}
    assert winners([call(0, 1.0, token=0), call(30, 2.0, token=5)], order=ORDER) == {1}


def test_one_that_lost_keeps_no_other_out() -> None:
    row = [call(0, 3.0, token=0), call(20, 2.0, token=4), call(40, 1.0, token=8)]
    assert winners(row, order=ORDER) == {0, 2}


def test_without_tokens_only_one_position_is_fought_for() -> None:
    assert winners([call(7, 1.0), call(7, 2.0), call(8, 1.0)], order=ORDER) == {1, 2}


def test_equal_gains_go_by_tool_order() -> None:
    assert winners([call(7, 1.0, tool="Second"), call(7, 1.0)], order=ORDER) == {1}


def test_a_call_without_a_gain_is_no_competitor() -> None:
    with pytest.raises(ValueError, match="without a gain"):
        winners([Candidate(0, "First", "x", 0.5, 1)], order=ORDER)
