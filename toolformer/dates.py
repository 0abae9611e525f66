"""Days as people and files write them."""

import re
from datetime import date, datetime

from toolformer.errors import ConfigError, clipped

# A day, and what may follow it: a longer number is not a day, though Python would read one.
_ISO_DAY = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}|[0-9]{4}-?W[0-9]{2}-?[1-7])"
    r"(?:[Tt ]\s*[0-9]{1,2}(?::?[0-9]{2}){0,2}(?:[.,][0-9]+)?"
    r"\s*(?:z|[A-Z]{1,5}|(?:UTC|GMT)?[+-][0-9:]{2,8})?)?"
)
_FORMATS = ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%Y/%m/%d")
_LONGEST = 100  # characters


def find_date(value: object) -> date | None:
    """Returns the day a value names, None when it names none. A number is not a day.

    >>> find_date("2019-04-25T12:57:54Z"), find_date("March 3, 2023"), find_date("soon")
    (datetime.date(2019, 4, 25), datetime.date(2023, 3, 3), None)
    >>> find_date(20230303), find_date("20230303112") is None
    (None, True)
    """
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    text = value.strip()
    if match := _ISO_DAY.fullmatch(text):
        try:
            return date.fromisoformat(match["day"])
        except ValueError:
            return None
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def read_date(text: str) -> date:
    """Returns the day that a user wrote.

    >>> read_date("2023-03-03")
    datetime.date(2023, 3, 3)

    Raises:
        ConfigError: it is not a date.
    """
    found = find_date(text)
    if found is None:
        raise ConfigError(f"{clipped(repr(text))} is not a date; write one such as 2023-03-03.")
    return found
