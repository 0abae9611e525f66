"""Dated notes that state what a calendar answers: diary, e-mails, release notes, garden, workshop.

These are the only texts of the sample corpus that nobody wrote; each says so in its record. Their
families are other ones than those that taught the embedded model (`recipes/nano`).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random


@dataclass(frozen=True, slots=True)
class Note:
    """A text, the day it was written and the family (sentence pattern) it comes from."""

    text: str
    today: date
    family: str


def write_notes(count: int, *, seed: int = 0) -> list[Note]:
    """Returns `count` notes, the families in turn.

    >>> first = write_notes(1)[0]
    >>> first.family, first.today.isoformat() in first.text, f"{first.today:%A}" in first.text
    ('diary-today', False, True)
    """
    families = list(FAMILIES.items())
    notes = []
    for number in range(count):
        family, write = families[number % len(families)]
        digest = hashlib.sha256(f"{seed}|{family}|{number}".encode()).digest()
        draw = Random(int.from_bytes(digest[:8]))
        today = date(2015, 1, 1) + timedelta(days=draw.randrange(10 * 365))
        notes.append(Note(write(draw, today), today, family))
    return notes


def long_date(day: date) -> str:
    """Writes a date in words.

    >>> long_date(date(2023, 3, 3))
    'March 3, 2023'
    """
    return f"{day:%B} {day.day}, {day.year}"


def add_months(day: date, months: int) -> date:
    """Returns the same day some months later; only for days that every month has.

    >>> add_months(date(2023, 11, 5), 3)
    datetime.date(2024, 2, 5)
    """
    total = day.year * 12 + day.month - 1 + months
    return day.replace(year=total // 12, month=total % 12 + 1)


def _diary_today(draw: Random, today: date) -> str:
    start = draw.choice(
        [
            "Dear diary, I write this on",
            "Up at six. The tear-off block in the kitchen shows",
            "Back at my desk. This page belongs to",
        ]
    )
    end = draw.choice(
        [
            "The first swallows sat on the wire this morning.",
            "I slept badly and the kettle broke.",
            "Nobody called, and I finished the blue scarf.",
        ]
    )
    return f"{start} {today:%A}, {long_date(today)}. {end}"


def _diary_ahead(draw: Random, today: date) -> str:
    days = draw.randint(3, 40)
    what = draw.choice(["Grandmother turns ninety", "My braces come off", "Ida sits her last exam"])
    close = draw.choice(
        ["I can hardly wait.", "I must remember the flowers.", "The house is in uproar already."]
    )
    day = long_date(today + timedelta(days=days))
    return f"{what} {days} days after this page is written, on {day}. {close}"


def _mail_deadline(draw: Random, today: date) -> str:
    weeks = draw.randint(2, 9)
    who = draw.choice(["Hi all", "Dear colleagues", "Hello team"])
    what = draw.choice(["the audit folders", "your travel claims", "the figures for the board"])
    due = today + timedelta(weeks=weeks)
    return (
        f"{who}, please send me {what} within {weeks} weeks of today. "
        f"Counted from this e-mail, the last day is {long_date(due)}."
    )


def _mail_weekday(draw: Random, today: date) -> str:
    other = today + timedelta(days=draw.randint(12, 80))
    what = draw.choice(["The auditors come", "The new printers arrive", "The lift is serviced"])
    return f"{what} on {long_date(other)}. That day is a {other:%A}, so the desk will be staffed."


def _mail_waiting(draw: Random, today: date) -> str:
    days = draw.randint(15, 70)
    sent = today - timedelta(days=days)
    name = draw.choice(["Ms Okafor", "Mr Lindqvist", "Dr Amari"])
    return (
        f"Dear {name}, I wrote to you on {long_date(sent)} and today is {long_date(today)}. "
        f"That makes {days} days without a reply, so I am asking once more."
    )


def _release_support(draw: Random, today: date) -> str:
    days = draw.choice([30, 45, 60, 90, 120])
    version = f"{draw.randint(1, 9)}.{draw.randint(0, 12)}"
    return (
        f"Version {version} came out on {long_date(today)}. It gets fixes for {days} days, "
        f"which means until {long_date(today + timedelta(days=days))}."
    )


def _release_beta(draw: Random, today: date) -> str:
    days = draw.randint(20, 90)
    version = f"{draw.randint(1, 9)}.{draw.randint(0, 12)}"
    start = today - timedelta(days=days)
    return (
        f"Release notes for {version}: the beta opened on {long_date(start)} and closed on "
        f"{long_date(today)}. Over those {days} days testers filed {draw.randint(40, 400)} reports."
    )


def _release_months(draw: Random, today: date) -> str:
    months = draw.randint(2, 11)
    day = today.replace(day=draw.randint(1, 28))
    name = draw.choice(["the old importer", "the XML export", "the classic theme"])
    return (
        f"Deprecated on {long_date(day)}: {name}. It stays in the package for {months} more months "
        f"and is taken out on {long_date(add_months(day, months))}."
    )


def _garden_sown(draw: Random, today: date) -> str:
    crop = draw.choice(["beans", "beetroot", "sweet peas"])
    days = draw.randint(45, 95)
    return (
        f"Sowed the {crop} on {long_date(today)}. The packet promises {days} days to harvest, "
        f"so I shall look under the leaves on {long_date(today + timedelta(days=days))}."
    )


def _garden_ago(draw: Random, today: date) -> str:
    weeks = draw.randint(3, 12)
    then = today - timedelta(weeks=weeks)
    plant = draw.choice(["the quince", "the young fig", "the rambling rose"])
    return f"Going back {weeks} weeks in this book, to {long_date(then)}, I find: pruned {plant}."


def _workshop_born(draw: Random, _today: date) -> str:
    day = date(draw.randint(1930, 1999), draw.randint(1, 12), draw.randint(1, 28))
    what = draw.choice(["mantel clock", "accordion", "enlarger"])
    return (
        f"Opened the {what} on the bench: inside the lid somebody pencilled {long_date(day)}. "
        f"I looked it up, and it was a {day:%A}."
    )


def _workshop_cure(draw: Random, today: date) -> str:
    days = draw.randint(4, 28)
    what = draw.choice(["varnish on the cello", "glue in the chair joints", "oil on the worktop"])
    ready = today + timedelta(days=days)
    return (
        f"The {what} needs {days} days from today, {long_date(today)}. "
        f"It may be touched on {long_date(ready)}."
    )


FAMILIES: dict[str, Callable[[Random, date], str]] = {
    "diary-today": _diary_today,
    "diary-ahead": _diary_ahead,
    "mail-deadline": _mail_deadline,
    "mail-weekday": _mail_weekday,
    "mail-waiting": _mail_waiting,
    "release-support": _release_support,
    "release-beta": _release_beta,
    "release-months": _release_months,
    "garden-sown": _garden_sown,
    "garden-ago": _garden_ago,
    "workshop-born": _workshop_born,
    "workshop-cure": _workshop_cure,
}
