"""A day is found in the forms in which people and files write it."""

from datetime import date, datetime

import pytest

from toolformer.dates import find_date, read_date
from toolformer.errors import ConfigError


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2023-03-03", "2023-03-03"),
        ("2023-03-03 23:59:59+09:00", "2023-03-03"),
        ("3 March 2023", "2023-03-03"),
        ("Mar 3, 2023", "2023-03-03"),
        ("2023/03/03", "2023-03-03"),
        (date(2023, 3, 3), "2023-03-03"),
        (datetime(2023, 3, 3, 12), "2023-03-03"),
        ("2023-02-30", None),
        ("", None),
        ("2023-W09-5", "2023-03-03"),
        ("2023-W09", None),  # a week, as "2023-03" is a month
        ("20230303", "2023-03-03"),
        ("20230303T235959Z", "2023-03-03"),
        ("2023-03-03T12:00:00.123456789Z", "2023-03-03"),
        ("2023-03-03 12:00:00 UTC", "2023-03-03"),
        ("2016-12-31T23:59:60Z", "2016-12-31"),
        (20230303, None),
        (20230303.0, None),
        (True, None),
        ("20230303112", None),
        ("1677801600", None),
        ("1.6778016e9", None),
        ("2023-03-031", None),
        ("2023-03-03x12", None),
        ("2" * 10**7, None),
        (None, None),
    ],
)
def test_a_day_is_read_from_the_usual_forms(value: object, day: str | None) -> None:
    assert find_date(value) == (None if day is None else date.fromisoformat(day))


def test_what_a_user_wrote_is_a_day_or_one_sentence() -> None:
    assert read_date(" March 3, 2023 ") == date(2023, 3, 3)
    with pytest.raises(
        ConfigError, match=r"^'soon' is not a date; write one such as 2023-03-03\.$"
    ):
        read_date("soon")
