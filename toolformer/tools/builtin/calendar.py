"""The Calendar: what day it is, and sums with dates.

It reads no clock: today is the context's.
"""

import calendar as months
from datetime import date, timedelta

from toolformer.errors import ToolError, clipped
from toolformer.tools.builtin.calendar_dates import DATE, WEEKDAYS, DateStyle, form, read_date
from toolformer.tools.builtin.calendar_texts import (
    expressions_behind,
    is_told_by_calendar,
    suits_calendar,
)
from toolformer.tools.decorator import tool
from toolformer.tools.exemplar import Exemplar

_TODAY = form(r"(?:today)?")
_DAY_OF_WEEK = form(rf"weekday(?:\s+(?:of|on))?(?:\s+(?P<day>{DATE}))?")
_SUM = form(
    rf"(?P<day>{DATE})\s*(?P<sign>[+−–-]|plus|minus)\s*(?P<count>\d+)\s*(?P<unit>day|week|month|year)s?"
)
_SPAN = form(
    rf"(?P<unit>days|weeks)\s+(?P<way>from|between)\s+(?P<start>{DATE})\s+"
    rf"(?:to|until|and)\s+(?P<end>{DATE})"
)


# The words a question is made of; they give nothing away wherever the text has them.
_QUESTION_WORDS = frozenset(
    {"today", "weekday", "between"}
    | {f"{unit}{ending}" for unit in ("day", "week", "month", "year") for ending in ("", "s")}
)


@tool(
    name="Calendar",
    context=("today",),
    vocabulary=_QUESTION_WORDS,
    suits=suits_calendar,
    values={"expression": expressions_behind},
    followed_by=is_told_by_calendar,
    exemplars=(
        Exemplar("Today is the first", "weekday", " Friday of the month, so the office closes."),
        Exemplar(
            "This notice was put up on", "today", " Friday, March 3, 2023, and stays for a week."
        ),
        Exemplar(
            "The fair opened on March 3, 2023 and closed 10 days later, on",
            "March 3, 2023 + 10 days",
            " March 13, 2023.",
        ),
        Exemplar(
            "He wrote on 2023-03-03 and had his answer on 2023-03-17, after",
            "days from 2023-03-03 to 2023-03-17",
            " 14 days of waiting.",
        ),
        Exemplar(
            "They were married on June 24, 2023, which was a",
            "weekday of June 24, 2023",
            " Saturday, in the old town hall.",
        ),
        Exemplar(
            "The lease was signed today and runs out in three months, on",
            "today + 3 months",
            " June 3, 2023.",
        ),
    ),
)
def calendar(expression: str = "", *, today: date | None) -> str:
    """Says what day it is today, the weekday of a date, a date so many days away, or days between.

    Args:
        expression: `today`, `weekday of March 3, 2023`, `today + 3 months` or
            `days from 2023-03-03 to 2023-03-13`.
        today: The day that `today` means.
    """
    return answer(expression, today)


def answer(expression: str, today: date | None) -> str:
    """Returns what the calendar says.

    >>> day = date(2023, 3, 3)
    >>> answer("today", day), answer("weekday", day), answer("2023-01-31 + 1 month", day)
    ('Friday, March 3, 2023', 'Friday', '2023-02-28')
    >>> answer("days from March 3, 2023 to 13 March 2023", None)
    '10'

    Args:
        expression: One of the forms above, in any case.
        today: What `today` stands for.

    Raises:
        ToolError: Another form, no such day, or today is asked for and is None.
    """
    asked_for = " ".join(expression.split())
    if _TODAY.fullmatch(asked_for):
        day = read_date("today", today).day
        return f"{WEEKDAYS[day.weekday()]}, {DateStyle.MONTH_FIRST.format(day)}"
    if asked := _DAY_OF_WEEK.fullmatch(asked_for):
        return WEEKDAYS[read_date(asked["day"] or "today", today).day.weekday()]
    if asked := _SUM.fullmatch(asked_for):
        start = read_date(asked["day"], today)
        count = int(asked["count"]) if len(asked["count"]) <= 7 else 10**7
        is_plus = asked["sign"].lower() in ("+", "plus")
        return start.style.format(
            _shift(start.day, count if is_plus else -count, asked["unit"].lower())
        )
    if asked := _SPAN.fullmatch(asked_for):
        days = (read_date(asked["end"], today).day - read_date(asked["start"], today).day).days
        days = abs(days) if asked["way"].lower() == "between" else days
        if asked["unit"].lower() == "days":
            return str(days)
        return f"{days / 7:.2f}".rstrip("0").rstrip(".")
    raise ToolError(
        f"The calendar cannot read {clipped(expression)!r}; write today, weekday of March 3, 2023, "
        "March 3, 2023 + 10 days, or days from March 3, 2023 to March 13, 2023."
    )


def _shift(day: date, count: int, unit: str) -> date:
    try:
        if unit in ("day", "week"):
            return day + timedelta(days=count * (7 if unit == "week" else 1))
        ahead = day.year * 12 + day.month - 1 + count * (12 if unit == "year" else 1)
        year, month = ahead // 12, ahead % 12 + 1
        last = months.monthrange(year, month)[1]  # January 31 + 1 month is the end of February
        return date(year, month, min(day.day, last))
    except (OverflowError, ValueError):
        raise ToolError(f"{count:+,} {unit}s from {day} is beyond the calendar.") from None
