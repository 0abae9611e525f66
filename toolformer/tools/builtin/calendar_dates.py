"""Days as a call to the Calendar and the texts around it write them. Pure text."""

import re
from dataclasses import dataclass
from datetime import date
from enum import Enum

from toolformer.errors import ToolError, clipped

# Spelled out: the standard library's names follow the machine's language.
MONTHS = (
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
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

MONTH = rf"(?:{'|'.join(f'{month[:3]}(?:{month[3:]})?' for month in MONTHS)}|Sept)\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_WEEKDAY = rf"(?:(?:{'|'.join(WEEKDAYS)}),?\s+)?"
_NAMED = rf"(?:{MONTH}\s+{_DAY},?\s+\d{{4}}|{_DAY}\s+(?:of\s+)?{MONTH},?\s+\d{{4}})"
_NUMBERS = r"\d{4}-\d{1,2}-\d{1,2}"
DATE = rf"(?:today|{_NUMBERS}|{_WEEKDAY}{_NAMED})"
# In a text, where names have capitals: "may" is a word.
DATE_IN_TEXT = re.compile(rf"(?<![\w-])(?:{_NUMBERS}|{_NAMED})(?![\w-])", re.ASCII)


def form(pattern: str) -> re.Pattern[str]:
    """Compiles a form of writing, in any case, white space and a full stop around it allowed."""
    # For a text whose white space is single spaces: a run of them could be shared out in many ways.
    # Years in the digits of another script are often those of another calendar.
    return re.compile(rf"\s*{pattern}\s*[.?]?\s*", re.IGNORECASE | re.ASCII)


class DateStyle(Enum):
    """The ways a date is written; a sum is answered in the way it was asked."""

    # 2023-03-03
    ISO = form(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})")
    # March 3, 2023
    MONTH_FIRST = form(rf"{_WEEKDAY}(?P<month>{MONTH})\s+(?P<day>{_DAY}),?\s+(?P<year>\d{{4}})")
    # 3 March 2023
    DAY_FIRST = form(
        rf"{_WEEKDAY}(?P<day>{_DAY})\s+(?:of\s+)?(?P<month>{MONTH}),?\s+(?P<year>\d{{4}})"
    )

    def format(self, day: date) -> str:
        """Writes a date in this style."""
        month = MONTHS[day.month - 1]
        match self:
            case DateStyle.ISO:
                return day.isoformat()
            case DateStyle.MONTH_FIRST:
                return f"{month} {day.day}, {day.year:04}"
            case DateStyle.DAY_FIRST:
                return f"{day.day} {month} {day.year:04}"


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A day and how it was written."""

    day: date
    style: DateStyle


def read_date(text: str, today: date | None) -> WrittenDate:
    """Reads a date.

    Args:
        text: in one of the styles, or `today`.
        today: what that stands for.

    Raises:
        ToolError: another way of writing, no such day, or today is asked for and is None.
    """
    if text.strip().lower() == "today":
        if today is None:
            raise ToolError("What day it is today is not known here; name a date instead.")
        return WrittenDate(today, DateStyle.MONTH_FIRST)
    for style in DateStyle:
        if written := style.value.fullmatch(text):
            month = written["month"]
            number = int(month) if month.isdecimal() else _month_number(month)
            day = int(re.sub(r"\D", "", written["day"]))
            try:
                return WrittenDate(date(int(written["year"]), number, day), style)
            except ValueError:
                raise ToolError(f"There is no such day as {clipped(text)!r}.") from None
    raise ToolError(f"The calendar cannot read the date {clipped(text)!r}; write 2023-03-03.")


def _month_number(name: str) -> int:
    return next(n for n, month in enumerate(MONTHS, 1) if month.lower()[:3] == name.lower()[:3])
