"""The Calendar: what day it is, and sums with dates.

It reads no clock: today is the context's.
"""

import calendar as months
import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from toolformer.errors import ToolError, clipped
from toolformer.tools.base import Exemplar, ToolContext, tool

# Spelled out: the standard library's names follow the machine's language.
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_MONTH = rf"(?:{'|'.join(f'{month[:3]}(?:{month[3:]})?' for month in _MONTHS)}|Sept)\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_WEEKDAY = rf"(?:(?:{'|'.join(_WEEKDAYS)}),?\s+)?"
_DATE = (
    rf"(?:today|\d{{4}}-\d{{1,2}}-\d{{1,2}}|{_WEEKDAY}"
    rf"(?:{_MONTH}\s+{_DAY},?\s+\d{{4}}|{_DAY}\s+(?:of\s+)?{_MONTH},?\s+\d{{4}}))"
)


def _form(pattern: str) -> re.Pattern[str]:
    # For a text whose white space is single spaces: a run of them could be shared out in many ways.
    # Years in the digits of another script are often those of another calendar.
    return re.compile(rf"\s*{pattern}\s*[.?]?\s*", re.IGNORECASE | re.ASCII)


_TODAY = _form(r"(?:today)?")
_DAY_OF_WEEK = _form(rf"weekday(?:\s+(?:of|on))?(?:\s+(?P<day>{_DATE}))?")
_SUM = _form(
    rf"(?P<day>{_DATE})\s*(?P<sign>[+−–-]|plus|minus)\s*(?P<count>\d+)\s*(?P<unit>day|week|month|year)s?"
)
_SPAN = _form(
    rf"(?P<unit>days|weeks)\s+(?P<way>from|between)\s+(?P<start>{_DATE})\s+"
    rf"(?:to|until|and)\s+(?P<end>{_DATE})"
)


# The forms in one way of writing each, of those that can be read: for a model that writes a call.
_FULL_MONTH = rf"(?:{'|'.join(_MONTHS)})"
_FULL_DATE = (
    rf"(?:today|\d{{4}}-\d\d-\d\d|{_FULL_MONTH} \d{{1,2}}, \d{{4}}|\d{{1,2}} {_FULL_MONTH} \d{{4}})"
)
EXPRESSIONS = re.compile(
    rf"today|weekday(?: of {_FULL_DATE})?|{_FULL_DATE} [+-] \d{{1,4}} (?:day|week|month|year)s?|"
    rf"(?:days|weeks) (?:from {_FULL_DATE} to|between {_FULL_DATE} and) {_FULL_DATE}",
    re.ASCII,
)


class DateStyle(Enum):
    """The ways a date is written; a sum is answered in the way it was asked."""

    # 2023-03-03
    ISO = _form(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})")
    # March 3, 2023
    MONTH_FIRST = _form(rf"{_WEEKDAY}(?P<month>{_MONTH})\s+(?P<day>{_DAY}),?\s+(?P<year>\d{{4}})")
    # 3 March 2023
    DAY_FIRST = _form(
        rf"{_WEEKDAY}(?P<day>{_DAY})\s+(?:of\s+)?(?P<month>{_MONTH}),?\s+(?P<year>\d{{4}})"
    )

    def format(self, day: date) -> str:
        """Writes a date in this style."""
        month = _MONTHS[day.month - 1]
        match self:
            case DateStyle.ISO:
                return day.isoformat()
            case DateStyle.MONTH_FIRST:
                return f"{month} {day.day}, {day.year:04}"
            case DateStyle.DAY_FIRST:
                return f"{day.day} {month} {day.year:04}"


@dataclass(frozen=True, slots=True)
class _WrittenDate:
    day: date
    style: DateStyle


def suits_calendar(_text: str, context: ToolContext) -> bool:
    """Returns whether a text has a date of its own, as in the paper."""
    return context.today is not None


# Names have capitals here: "may" and "sat" are words of any text.
_WEEKDAY_NAME = rf"(?:{'|'.join(f'{day[:3]}(?:{day[3:]})?' for day in _WEEKDAYS)})"
_TOLD = re.compile(
    rf"\s*[\"'“‘(\[]*(?:\d|(?:{_WEEKDAY_NAME}|{_MONTH})(?!\w))",
    re.ASCII,
)


def is_told_by_calendar(text: str) -> bool:
    """Returns whether a text begins with a date, weekday, month or number, maybe in quotes.

    >>> is_told_by_calendar(" Friday, at noon"), is_told_by_calendar(" fridays")
    (True, False)
    """
    return _TOLD.match(text) is not None


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
    values={"expression": EXPRESSIONS},
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
        day = _read_date("today", today).day
        return f"{_WEEKDAYS[day.weekday()]}, {DateStyle.MONTH_FIRST.format(day)}"
    if asked := _DAY_OF_WEEK.fullmatch(asked_for):
        return _WEEKDAYS[_read_date(asked["day"] or "today", today).day.weekday()]
    if asked := _SUM.fullmatch(asked_for):
        start = _read_date(asked["day"], today)
        count = int(asked["count"]) if len(asked["count"]) <= 7 else 10**7
        is_plus = asked["sign"].lower() in ("+", "plus")
        return start.style.format(
            _shift(start.day, count if is_plus else -count, asked["unit"].lower())
        )
    if asked := _SPAN.fullmatch(asked_for):
        days = (_read_date(asked["end"], today).day - _read_date(asked["start"], today).day).days
        days = abs(days) if asked["way"].lower() == "between" else days
        if asked["unit"].lower() == "days":
            return str(days)
        return f"{days / 7:.2f}".rstrip("0").rstrip(".")
    raise ToolError(
        f"The calendar cannot read {clipped(expression)!r}; write today, weekday of March 3, 2023, "
        "March 3, 2023 + 10 days, or days from March 3, 2023 to March 13, 2023."
    )


def _read_date(text: str, today: date | None) -> _WrittenDate:
    if text.strip().lower() == "today":
        if today is None:
            raise ToolError("What day it is today is not known here; name a date instead.")
        return _WrittenDate(today, DateStyle.MONTH_FIRST)
    for style in DateStyle:
        if written := style.value.fullmatch(text):
            month = written["month"]
            number = int(month) if month.isdecimal() else _month_number(month)
            day = int(re.sub(r"\D", "", written["day"]))
            try:
                return _WrittenDate(date(int(written["year"]), number, day), style)
            except ValueError:
                raise ToolError(f"There is no such day as {clipped(text)!r}.") from None
    raise ToolError(f"The calendar cannot read the date {clipped(text)!r}; write 2023-03-03.")


def _month_number(name: str) -> int:
    return next(n for n, month in enumerate(_MONTHS, 1) if month.lower()[:3] == name.lower()[:3])


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
