import re
from datetime import date, datetime

from recipes.data.notes import FAMILIES, add_months, write_notes

_DATE = re.compile(r"[A-Z][a-z]+ \d{1,2}, \d{4}")


def dates(text: str) -> list[date]:
    return [datetime.strptime(found, "%B %d, %Y").date() for found in _DATE.findall(text)]


def test_the_same_count_gives_the_same_notes() -> None:
    assert write_notes(36) == write_notes(36)


def test_more_notes_begin_with_the_fewer() -> None:
    assert write_notes(36)[:5] == write_notes(5)


def test_every_family_is_written_equally_often() -> None:
    families = [note.family for note in write_notes(3 * len(FAMILIES))]
    assert {families.count(family) for family in FAMILIES} == {3}


def test_counted_days_match_the_dates_around_them() -> None:
    for note in write_notes(120):
        if note.family in ("release-beta", "mail-waiting"):
            start, end = dates(note.text)[:2]
            days = re.search(r"(\d+) days", note.text)
            assert days is not None
            assert (end - start).days == int(days[1])


def test_named_weekdays_are_right() -> None:
    weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    seen = 0
    for note in write_notes(120):
        if named := re.search("|".join(weekdays), note.text):
            assert dates(note.text)[0].weekday() == weekdays.index(named[0])
            seen += 1
    assert seen == 30  # three families of twelve


def test_days_and_weeks_ahead_are_counted_from_today() -> None:
    for note in write_notes(120):
        counted = re.search(r"(\d+) (day|week)s", note.text)
        if note.family in ("diary-ahead", "mail-deadline", "release-support", "workshop-cure"):
            assert counted is not None
            days = int(counted[1]) * (7 if counted[2] == "week" else 1)
            assert (dates(note.text)[-1] - note.today).days == days


def test_months_are_added_over_the_end_of_the_year() -> None:
    assert add_months(date(2022, 12, 28), 2) == date(2023, 2, 28)
    assert add_months(date(2022, 1, 1), 11) == date(2022, 12, 1)
