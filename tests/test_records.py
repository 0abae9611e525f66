"""Gains are taken as they are stored, and calls stand in the order of the text."""

import math

from hypothesis import given
from hypothesis import strategies as st

from toolformer.calls import PlacedCall, ToolCall
from toolformer.records import (
    AnnotatedDocument,
    Candidate,
    Document,
    Losses,
    Verdict,
    to_float32,
)

nats = st.floats(0, 1000)


def make(**changes: object) -> Candidate:
    fields = {"position": 2, "tool": "A", "arguments": "1", "start_prob": 0.5, "count": 1}
    return Candidate(**(fields | changes))  # type: ignore[arg-type]


@given(nats, nats, nats)
def test_a_stored_gain_is_the_gain_of_the_stored_losses(a: float, b: float, c: float) -> None:
    stored = Losses(to_float32(a), to_float32(b), to_float32(c))
    assert Losses(a, b, c) == stored
    assert Losses(a, b, c).gain == to_float32(
        min(stored.no_call, stored.no_output or 0.0) - (stored.with_output or 0.0)
    )


def test_the_gain_of_the_worked_example_is_0_147_nats() -> None:
    gain = Losses(no_call=3.835, with_output=2.842, no_output=2.989).gain
    assert gain is not None
    assert math.isclose(gain, 0.147, abs_tol=1e-6)


def test_the_easier_baseline_counts() -> None:
    assert Losses(no_call=4.0, no_output=5.0, with_output=1.5).gain == 2.5
    assert Losses(no_call=5.0, no_output=4.0, with_output=1.5).gain == 2.5


def test_a_result_that_makes_the_text_harder_has_a_negative_gain() -> None:
    assert Losses(no_call=1.0, no_output=1.0, with_output=1.5).gain == -0.5


def test_a_gain_is_unknown_until_all_three_losses_are() -> None:
    assert Losses(3.0).gain is None
    assert Losses(3.0, with_output=1.0).gain is None
    assert make().gain is None


def test_a_gain_that_is_unknown_has_a_bound() -> None:
    assert Losses(3.0).gain_at_most == 3.0
    assert Losses(3.0, with_output=1.0).gain_at_most == 2.0
    assert Losses(3.0, with_output=1.0, no_output=2.5).gain_at_most == 1.5


def test_the_kept_calls_stand_in_the_order_of_the_text() -> None:
    found = (
        make(position=5, output="x", verdict=Verdict.KEPT),
        make(position=3, output="z", verdict=Verdict.LOW_GAIN),
        make(position=1, output="y", verdict=Verdict.KEPT),
    )
    assert AnnotatedDocument(Document("1", "abcdef"), ("A",), None, found).kept == (
        PlacedCall(1, ToolCall("A", "1"), "y"),
        PlacedCall(5, ToolCall("A", "1"), "x"),
    )


def test_a_place_where_nothing_was_sampled_has_no_call() -> None:
    assert make(arguments=None).call is None
    assert make(arguments="1 + 1").call == ToolCall("A", "1 + 1")
