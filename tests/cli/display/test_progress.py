"""How fast a run is, and how long it will take."""

import io

import pytest
from rich.console import Console

from toolformer.cli.display.progress import Pace, counting_bar, spell_seconds, training_bar
from toolformer.finetune.training.steps import DevScore, TrainingStep


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


def shown_of(*steps: TrainingStep, is_terminal: bool) -> str:
    written = io.StringIO()
    console = Console(file=written, force_terminal=is_terminal, width=100, color_system=None)
    with training_bar(console) as move:
        for step in steps:
            move(step)
    return written.getvalue()


def test_a_training_leaves_a_line_for_every_look_at_the_held_out_texts() -> None:
    steps = [
        TrainingStep(0, 4, dev=DevScore(20.125, 3.0)),
        TrainingStep(1, 4, loss=2.5),
        TrainingStep(2, 4, loss=2.0, dev=DevScore(10.0, None)),
    ]
    assert shown_of(*steps, is_terminal=False).rstrip("\n").split("\n") == [
        "step 0/4: dev perplexity 20.12, dev loss 3.000",
        "step 2/4: dev perplexity 10.00",
    ]


def test_on_a_terminal_a_bar_shows_the_step_and_how_it_does() -> None:
    step = TrainingStep(
        3, 4, loss=2.5, learning_rate=3e-4, tokens_per_second=1234.5, seconds_left=70.0
    )
    shown = shown_of(step, is_terminal=True)
    assert "step 3/4" in shown
    assert "loss 2.500, rate 0.0003, 1,234 tokens/s, 1 min 10 s left" in shown


def test_what_is_slow_is_told_in_seconds_for_each() -> None:
    assert pace(10, 96).tell(2) == "48.0 s/text, 6 min 24 s left"


def test_the_time_left_follows_from_the_work_where_things_differ() -> None:
    assert pace(100, 10).tell(50, share=(0.1, 0.0)) == "5.0 texts/s, 1 min 30 s left"
    assert pace(100, 10).tell(50, resumed=20, share=(0.5, 0.4)) == "3.0 texts/s, 50 s left"


def test_something_is_left_until_all_is_done() -> None:
    assert pace(10, 10).tell(9.999, share=(0.99999, 0)) == "1.0 s/text, 1 s left"


def test_a_bar_counts_only_what_is_whole() -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100, color_system=None)
    with counting_bar(console, "Annotating", "texts", total=10) as move:
        move(9.9, 0, "", (0.99, 0.0))
    assert "9/10 texts" in written.getvalue()
    assert "10/10" not in written.getvalue()
