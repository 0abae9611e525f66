"""How fast a run is, and how long it will take."""

import pytest

from toolformer.cli.display.progress import Pace, spell_seconds


def pace(total: float | None, *times: float) -> Pace:
    ticks = iter((0.0, *times))
    return Pace("texts", total, clock=lambda: next(ticks))


def test_rate_and_time_left_follow_from_what_was_done() -> None:
    assert pace(100, 10).tell(25) == "2.5 texts/s, 30 s left"


def test_what_an_earlier_try_did_makes_a_run_no_faster() -> None:
    assert pace(100, 10).tell(60, resumed=50) == "1.0 texts/s, 40 s left"


def test_where_the_total_is_not_known_only_the_rate_is_told() -> None:
    assert pace(None, 10).tell(25) == "2.5 texts/s"


def test_before_anything_is_done_nothing_is_told() -> None:
    assert pace(100, 10).tell(50, resumed=50) == ""


def test_more_than_was_counted_leaves_no_time_to_go() -> None:
    assert pace(10, 10).tell(20) == "2.0 texts/s, 0 s left"


@pytest.mark.parametrize(
    ("seconds", "spelled"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (3599.7, "1 h 00 min"),
        (86400, "24 h 00 min"),
    ],
)
def test_a_duration_has_the_units_that_matter(seconds: float, spelled: str) -> None:
    assert spell_seconds(seconds) == spelled
