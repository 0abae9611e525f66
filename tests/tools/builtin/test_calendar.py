"""The Calendar: dates worked by hand."""

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolformer.errors import ToolError
from toolformer.tools.builtin.calendar import DateStyle, answer, calendar
from toolformer.tools.context import ToolContext

FRIDAY = date(2023, 3, 3)
CONTEXT = ToolContext(today=FRIDAY)


@pytest.mark.parametrize(
    ("expression", "output"),
    [
        ("", "Friday, March 3, 2023"),
        ("today", "Friday, March 3, 2023"),
        ("Today", "Friday, March 3, 2023"),
        ("weekday", "Friday"),
        ("weekday of today", "Friday"),
        ("weekday of 2023-03-03", "Friday"),
        ("weekday of March 3, 2023", "Friday"),
        ("WEEKDAY OF MARCH 4 2023", "Saturday"),
        ("weekday of 20 July 1969", "Sunday"),
        ("weekday of Jul. 20th, 1969", "Sunday"),
        ("March 3, 2023 + 10 days", "March 13, 2023"),
        ("3 March 2023 + 10 days", "13 March 2023"),
        ("2023-03-03 + 10 days", "2023-03-13"),
        ("2023-03-03 - 2 weeks", "2023-02-17"),
        ("2023-03-03-2 weeks", "2023-02-17"),
        ("today + 3 months", "June 3, 2023"),
        ("today plus 1 day", "March 4, 2023"),
        ("today minus 1 year", "March 3, 2022"),
        ("march 3 2023 \u2212 1 week", "February 24, 2023"),
        ("2023-01-31 + 1 month", "2023-02-28"),
        ("March 3, 0023 + 1 day", "March 4, 0023"),
        ("2024-01-31 + 1 month", "2024-02-29"),
        ("2024-02-29 + 1 year", "2025-02-28"),
        ("2023-03-31 - 1 month", "2023-02-28"),
        ("2023-01-15 - 1 month", "2022-12-15"),
        ("2023-12-15 + 13 months", "2025-01-15"),
        ("days from March 3, 2023 to March 13, 2023", "10"),
        ("days from 2023-03-03 to 2023-03-13", "10"),
        ("days from 2023-03-13 to today", "-10"),
        ("days between 2023-03-13 and today", "10"),
        ("Days between today and 13 March 2023", "10"),
        ("days from 2024-02-01 to 2024-03-01", "29"),
        ("weeks from today to 2023-03-17", "2"),
        ("weeks between 2023-03-13 and 2023-03-03", "1.43"),  # 10 / 7 = 1.428...
        ("Friday, March 3, 2023 + 1 day", "March 4, 2023"),
        (" \t weekday   of\n 2023-03-03  . ", "Friday"),
        ("weeks from 0001-01-01 to 9999-12-31", "521722.57"),  # 3652058 / 7 = 521722.571...
        ("weeks between today and today", "0"),
    ],
)
def test_an_expression_is_answered(expression: str, output: str) -> None:
    assert calendar.execute(expression, CONTEXT) == output


@pytest.mark.parametrize("expression", ["", "today", "weekday", "today + 1 day"])
def test_today_is_the_contexts_and_an_error_where_it_has_none(expression: str) -> None:
    with pytest.raises(ToolError, match="What day it is today is not known here"):
        calendar.execute(expression, ToolContext())


def test_a_named_date_needs_no_today() -> None:
    assert calendar.execute("weekday of 2023-03-03") == "Friday"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("weekday of 2023-02-30", "There is no such day as '2023-02-30'."),
        ("February 29, 2023 + 1 day", "There is no such day as 'February 29, 2023'."),
        ("weekday of 2023-13-01", "There is no such day as '2023-13-01'."),
        ("9999-12-31 + 1 day", "+1 days from 9999-12-31 is beyond the calendar."),
        ("0001-01-01 - 1 month", "-1 months from 0001-01-01 is beyond the calendar."),
        ("today + 99999999999999999999 years", "+10,000,000 years from 2023-03-03 is beyond"),
        ("today + 9999999 weeks", "+9,999,999 weeks from 2023-03-03 is beyond the calendar."),
        ("tomorrow", "The calendar cannot read 'tomorrow'; write today, weekday of"),
        ("today + a few days", "The calendar cannot read 'today + a few days'"),
        ("x" * 9000, "The calendar cannot read 'xxx"),
        ("\u017feptember 3, 2023 + 1 day", "The calendar cannot read '\u017feptember"),
        # Thai and Persian digits: years of other calendars than ours
        ("weekday of \u0e52\u0e55\u0e66\u0e66-03-03", "The calendar cannot read 'weekday of"),
        ("\u06f1\u06f4\u06f0\u06f2-01-01 + 1 day", "The calendar cannot read"),
    ],
)
def test_what_cannot_be_answered_is_a_tool_error_that_says_why(
    expression: str, message: str
) -> None:
    with pytest.raises(ToolError) as error:
        calendar.execute(expression, CONTEXT)
    assert str(error.value).startswith(message)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    "piece",
    [" ", "'", "\t\n", "March ", "weekday of ", "weekday ", "1", "1 ", "today ", "days from ",
     "2023-", "+ ", ", ", "Monday, ", "3 March 2023 ", "\u0663", ". ", "? ", "\u00a0\u2003",
     "days between "],
)  # fmt: skip
@pytest.mark.parametrize(
    "frame", ["{}x", "'{}x'", "today {} x", "weekday of {} x", "{}days from today"]
)
def test_whatever_is_repeated_it_is_read_in_linear_time(piece: str, frame: str) -> None:
    text = frame.format(piece * (9000 // len(piece)))
    start = time.process_time()
    with pytest.raises(ToolError, match=r"The calendar cannot read|There is no such day"):
        calendar.execute(text, CONTEXT)
    assert time.process_time() - start < 0.5  # it would be hours if it were cubic


@pytest.mark.parametrize(
    "expression",
    ["2023", "weekday of 2023", "20230303", "weekday of 20230303", "3/4/2023",
     "weekday of 03-04-2023", "1.5", "2023.03.03 + 1 day", "2023-3", "1677801600 + 1 day",
     "0x7E7-03-03 + 1 day"],
)  # fmt: skip
def test_a_number_is_not_taken_for_a_date(expression: str) -> None:
    with pytest.raises(ToolError, match="The calendar cannot read"):
        calendar.execute(expression, CONTEXT)


DAYS = st.dates(date(1000, 1, 1), date(9000, 1, 1))
STYLES = st.sampled_from(DateStyle)


@given(DAYS, STYLES, st.integers(0, 100_000))
def test_days_on_and_back_again_is_the_day_as_it_was_written(
    day: date, style: DateStyle, count: int
) -> None:
    written = style.format(day)
    later = answer(f"{written} + {count} days", None)
    assert answer(f"{later} - {count} days", None) == written
    assert answer(f"days from {written} to {later}", None) == str(count)


@pytest.mark.parametrize(
    "text",
    [
        " Friday of",
        " Fri, at",
        " March 3",
        " Sept. 3",
        " 3 March",
        " 2023-03-03",
        " (14 days)",
        ' "May',
    ],
)
def test_a_call_may_stand_in_front_of_a_day_or_a_number(text: str) -> None:
    assert calendar.may_precede(text)


@pytest.mark.parametrize(
    "text", ["", " the 3rd", " may", " Marching", " Sundays", ", Friday", " Junes"]
)
def test_a_call_may_stand_in_front_of_nothing_else(text: str) -> None:
    assert not calendar.may_precede(text)


def test_a_call_may_stand_where_the_exemplars_have_theirs() -> None:
    assert all(calendar.may_precede(each.after) for each in calendar.exemplars)


def test_it_suits_texts_with_a_date_of_their_own() -> None:
    assert calendar.suits("Any text.", CONTEXT)
    assert not calendar.suits("On March 3, 2023 it rained.", ToolContext())


def test_the_words_after_each_exemplar_begin_with_the_result_on_that_friday() -> None:
    assert 4 <= len(calendar.exemplars) <= 6
    for one in calendar.exemplars:
        assert one.after.startswith(f" {calendar.execute(one.arguments, CONTEXT)}")


def test_the_settings_are_the_papers() -> None:
    assert (calendar.min_prob, calendar.gain_threshold) == (0.05, 1.0)
    assert (calendar.max_positions, calendar.samples) == (5, 5)
