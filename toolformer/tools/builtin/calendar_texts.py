"""Which texts the Calendar is tried on, and what it can be asked for in one. Pure text."""

import re
from collections.abc import Iterator
from functools import lru_cache

from toolformer.errors import ToolError
from toolformer.tools.builtin.calendar_dates import DATE_IN_TEXT, MONTH, MONTHS, WEEKDAYS, read_date
from toolformer.tools.context import ToolContext


def suits_calendar(_text: str, context: ToolContext) -> bool:
    """Returns whether a text has a date of its own, as in the paper."""
    return context.today is not None


# Names have capitals here: "may" and "sat" are words of any text.
_WEEKDAY_NAME = rf"(?:{'|'.join(f'{day[:3]}(?:{day[3:]})?' for day in WEEKDAYS)})"
_TOLD = re.compile(
    rf"\s*[\"'“‘(\[]*(?:\d|(?:{_WEEKDAY_NAME}|{MONTH})(?!\w))",
    re.ASCII,
)


def is_told_by_calendar(text: str) -> bool:
    """Returns whether a text begins with a date, weekday, month or number, maybe in quotes.

    >>> is_told_by_calendar(" Friday, at noon"), is_told_by_calendar(" fridays")
    (True, False)
    """
    return _TOLD.match(text) is not None


# A day of a month or year that the text has without the rest of the date.
_PART_OF_DATE = re.compile(rf"(?<!\w)(?:{MONTH}|[12]\d{{3}})(?!\w)", re.ASCII)
_FULL_MONTH = rf"(?:{'|'.join(MONTHS)})"
_DAY = "(?:[1-9]|[12][0-9]|3[01])"
_ANY_DATE = (
    r"[12]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])",
    rf"{_FULL_MONTH} {_DAY}, [12]\d{{3}}",
    rf"{_DAY} {_FULL_MONTH} [12]\d{{3}}",
)


_MOST_DATES = 16  # of a text, the last ones: a table of days should not take minutes


def expressions_behind(text_before: str) -> re.Pattern[str]:
    """Returns what the Calendar can be asked for behind a text, in one way of writing each.

    The dates are today and those that the text has. Any date is one where it has none, or has a
    month or a year without a day: "Christmas 2023".

    >>> form = expressions_behind("Sown on May 2, 2023, and picked 30 days later, on")
    >>> [bool(form.fullmatch(f"{date} + 30 days")) for date in ("May 2, 2023", "May 3, 2023")]
    [True, False]
    """
    dates = tuple(dict.fromkeys(" ".join(found.split()) for found in _whole_dates(text_before)))
    if not dates or _PART_OF_DATE.search(DATE_IN_TEXT.sub("", text_before)):
        return _expressions(_ANY_DATE)
    return _expressions(tuple(map(re.escape, dates[-_MOST_DATES:])))


def _whole_dates(text: str) -> Iterator[str]:
    for found in DATE_IN_TEXT.findall(text):
        try:
            read_date(found, None)
        except ToolError:
            continue
        yield found


@lru_cache(maxsize=256)
def _expressions(dates: tuple[str, ...]) -> re.Pattern[str]:
    day = rf"(?:{'|'.join(('today', *dates))})"
    return re.compile(
        rf"today|weekday(?: of {day})?|{day} [+-] \d{{1,4}} (?:day|week|month|year)s?|"
        rf"(?:days|weeks) (?:from {day} to|between {day} and) {day}",
        re.ASCII,
    )
