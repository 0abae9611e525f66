"""Days as people and files write them."""

from datetime import date, datetime

from toolformer.errors import ConfigError

_FORMATS = ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%Y/%m/%d")


def find_date(value: object) -> date | None:
    """Returns the day a value names, None when it names none.

    >>> find_date("2019-04-25T12:57:54Z"), find_date("March 3, 2023"), find_date("soon")
    (datetime.date(2019, 4, 25), datetime.date(2023, 3, 3), None)
    """
    if isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        pass
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
        raise ConfigError(f"{text!r} is not a date; write one such as 2023-03-03.")
    return found
