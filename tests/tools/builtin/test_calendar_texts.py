"""What the Calendar can be asked for behind a text."""

import time

import pytest

from toolformer.calls import InlineGrammar
from toolformer.tools.builtin.calendar import calendar
from toolformer.tools.builtin.calendar_texts import expressions_behind


@pytest.mark.parametrize(
    ("text", "expression", "is_one"),
    [
        ("Sown on May 2, 2023, on", "May 2, 2023 + 30 days", True),
        ("Sown on Tuesday, May 2nd, 2023, on", "weekday of May 2nd, 2023", True),
        ("From 2023-05-02 to 5 June 2023,", "days from 2023-05-02 to 5 June 2023", True),
        ("Sown on May 2,\n2023, on", "days from May 2, 2023 to today", True),
        ("Sown on May 2, 2023, on", "today + 3 weeks", True),
        ("Sown on May 2, 2023, on", "May 3, 2023 + 30 days", False),
        ("Sown on May 2, 2023, not February 31, 2023", "weekday of February 31, 2023", False),
        ("Sown on May 2, 2023, before Christmas 2024:", "weekday of December 25, 2024", True),
        ("Sown on May 2, 2023, and in June", "weekday of 2023-06-30", True),
        ("We may go.", "weekday of 1 June 2023", True),
        ("We may go.", "weekday of 2023-13-01", False),
        ("Sown on May 2, 2023: it may rain", "weekday of 1 June 2023", False),
    ],
)
def test_dates_are_those_of_the_text(text: str, expression: str, is_one: bool) -> None:
    assert (expressions_behind(text).fullmatch(expression) is not None) is is_one


def test_a_call_is_written_with_the_dates_in_front_of_it() -> None:
    spell = calendar.spelling(InlineGrammar(), "It came out on May 2, 2023 and")
    assert spell is not None
    assert {rest[:5] for rest in spell("days from May") or ()} == {" 2, 2"}
    assert spell("June ") == ()
    free = calendar.spelling(InlineGrammar(), "It came out in spring and")
    assert free is not None
    assert free("June ")


def test_a_text_of_nothing_but_dates_takes_no_time() -> None:
    text = " ".join(f"May {day % 28 + 1}, {1500 + day}" for day in range(5000))
    began = time.perf_counter()
    spell = calendar.spelling(InlineGrammar(), text)
    assert spell is not None
    spell("weekday of May 3, 15")
    assert time.perf_counter() - began < 2
