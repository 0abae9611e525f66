"""Nano's texts about dates: leases, loans, events, journeys; other families than the sample corpus's dated notes."""

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

from recipes.nano import prose
from recipes.nano.demonstration import Passage, demonstrated, join, piece
from recipes.nano.words import MONTHS, NAMES, NOUNS
from toolformer.pretrain.mixture import Source

TOOL, SIGNATURE = "Calendar", "Calendar(expression)"
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_COUNT_WORDS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_UNIT_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}


def demonstrations(*, folder: Path, shared: str) -> Source:
    """Gives dated texts under the brief prompt, then with their calls."""
    return demonstrated(passage, folder / shared, tool=TOOL, signature=SIGNATURE)


def passage(rng: random.Random, shared: Path, *, most: int = 3) -> Passage:
    """Returns one to `most` dated statements, among a few that no calendar is needed for."""
    statements = [rng.choice(_FAMILIES)(rng, shared) for _ in range(rng.randint(1, most))]
    for _ in range(rng.choice((0, 0, 1))):
        statements.insert(rng.randint(0, len(statements)), Passage(prose.sentence(rng, shared)))
    for _ in range(rng.choice((0, 1))):
        statements.insert(rng.randint(0, len(statements)), Passage(_plain(rng, shared)))
    return join(statements, rng.choice((" ", " ", "\n")))


def _day(rng: random.Random) -> date:
    return date(1950, 1, 1) + timedelta(days=rng.randrange(29000))


def _form(rng: random.Random) -> Callable[[date], str]:
    return rng.choice(
        (
            lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
            lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
            lambda d: d.isoformat(),
            lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}",
        )
    )


def _long(d: date) -> str:
    return f"{MONTHS[d.month - 1]} {d.day}, {d.year}"


def _full(d: date) -> str:
    return f"{_WEEKDAYS[d.weekday()]}, {_long(d)}"


def _shift(rng: random.Random, base: date) -> tuple[str, str, str, date]:
    """A span as a text says it, its sign and its spelling in a call, and the day it leads to."""
    unit = rng.choice(("day", "day", "week", "week", "month", "year"))
    count = rng.randint(1, 12) if unit != "day" else rng.randint(1, 120)
    sign = rng.choice("+++-")
    spoken = _COUNT_WORDS[count] if count <= 12 and rng.random() < 0.3 else str(count)
    spoken = "a" if count == 1 and rng.random() < 0.5 else spoken
    plural = unit if count == 1 else f"{unit}s"
    # Months are taken as thirty days: what is learned is the question, and the answer is never shown.
    target = base + timedelta(days=(1 if sign == "+" else -1) * count * _UNIT_DAYS[unit])
    return f"{spoken} {plural}", sign, f"{count} {plural}", target


def _later(rng: random.Random, shared: Path) -> Passage:
    """A date, a span, and the date they lead to."""
    base, form = _day(rng), _form(rng)
    spoken, sign, span, target = _shift(rng, base)
    name, noun, start = rng.choice(NAMES), _noun(rng, shared), form(base)
    ahead = (
        f"The lease of the {noun} starts on {start} and runs for {spoken}, until ",
        f"{name} borrowed the {noun} on {start} for {spoken}, so it is due on ",
        f"The {noun} takes place on {start}. It is repeated {spoken} later, on ",
        f"We leave on {start}, stay {spoken}, and return on ",
        f"The contract was signed on {start}; {spoken} after that, on ",
        f"{name} ordered the {noun} on {start}. It came {spoken} later on ",
        f"{spoken.capitalize()} after {start} is ",
        f"Counting {spoken} from {start} gives ",
        f"The {noun} opens on {start} and closes after {spoken}, on ",
        f"Loan: {start}, {spoken}. Return by ",
        f"From {start}, {name} had {spoken}, that is until ",
    )
    back = (
        f"The {noun} must be paid {spoken} before {start}, on ",
        f"The event is on {start}, and tickets are sold until {spoken} before, ",
        f"{spoken.capitalize()} before {start} was ",
        f"{name} arrived on {start}, having left {spoken} earlier, on ",
        f"By {start} the {noun} had been there for {spoken}, since ",
    )
    before = rng.choice(ahead if sign == "+" else back)
    return piece(
        before,
        form(target),
        _end(rng, shared),
        arguments=f"{start} {sign} {span}",
        key=f"{spoken} {'after' if sign == '+' else 'before'} {start}",
    )


def _from_today(rng: random.Random, shared: Path) -> Passage:
    """A span from the text's own day."""
    base = _day(rng)
    spoken, sign, span, target = _shift(rng, base)
    name, noun = rng.choice(NAMES), _noun(rng, shared)
    ahead = (
        f"The {noun} takes place in {spoken}, on ",
        f"In {spoken}, on ",
        f"{name} returns the {noun} in {spoken}, which is ",
        f"The lease of the {noun} ends in {spoken}, that is on ",
        f"Only {spoken} from now, on ",
        f"{spoken.capitalize()} from today is ",
    )
    back = (
        f"{name} borrowed the {noun} {spoken} ago, on ",
        f"The {noun} opened {spoken} ago, on ",
        f"{spoken.capitalize()} ago it was ",
        f"The journey began {spoken} ago, on ",
    )
    before = rng.choice(ahead if sign == "+" else back)
    return piece(
        before,
        _long(target),
        _end(rng, shared),
        arguments=f"today {sign} {span}",
        key=f"in {spoken}" if sign == "+" else f"{spoken} ago",
    )


def _today(rng: random.Random, shared: Path) -> Passage:
    """The text's own day."""
    day = _day(rng)
    name, noun = rng.choice(NAMES), _noun(rng, shared)
    before = rng.choice(
        (
            "Today is ", "It is ", "Date: ", "Today's date is ", "Printed on ", f"{name} signs this lease on ",
            f"The {noun} takes place today, ", "We set out today, ", "The date of this announcement is ", "Now it is ",
            "Issued today, ", "As of today, ",
        )
    )  # fmt: skip
    value = rng.choice((_full(day), _full(day), _WEEKDAYS[day.weekday()], _long(day)))
    return piece(before, value, _end(rng, shared), arguments=rng.choice(("", "today")), key="today")


def _weekday(rng: random.Random, shared: Path) -> Passage:
    """The weekday of a date."""
    day, form = _day(rng), _form(rng)
    name, noun = rng.choice(NAMES), _noun(rng, shared)
    start = form(day)
    before = rng.choice(
        (
            f"{start} is a ", f"{start} was a ", f"The {noun} takes place on {start}, a ", f"{name} was born on {start}, which was a ",
            f"The lease starts on {start}. That is a ", f"{start} falls on a ", f"We travel on {start} ({name} works that ",
            f"The loan ends on {start}, and as that day is a ", f"The day of the week of {start} is ",
        )
    )  # fmt: skip
    return piece(
        before,
        _WEEKDAYS[day.weekday()],
        _end(rng, shared),
        arguments=f"weekday of {start}",
        key=f"weekday of {start}",
    )


def _between(rng: random.Random, shared: Path) -> Passage:
    """The days between two dates."""
    first, form = _day(rng), _form(rng)
    days = rng.randint(2, 400)
    a, b = form(first), form(first + timedelta(days=days))
    name, noun = rng.choice(NAMES), _noun(rng, shared)
    before = rng.choice(
        (
            f"From {a} to {b} there are ", f"Between {a} and {b} lie ", f"{name} kept the {noun} from {a} to {b}, that is ",
            f"The lease ran from {a} until {b}: ", f"The journey began on {a} and ended on {b} after ",
            f"It is {b}, and the {noun} was borrowed on {a}; it has been gone for ", f"The event lasts from {a} to {b}, in all ",
        )
    )  # fmt: skip
    question = f"days from {a} to {b}"
    return piece(
        before,
        str(days),
        " days" + _end(rng, shared),
        arguments=question,
        key=question,
    )


_FAMILIES: Sequence[Callable[[random.Random, Path], Passage]] = (
    _later,
    _later,
    _later,
    _from_today,
    _today,
    _weekday,
    _between,
)


def _plain(rng: random.Random, shared: Path) -> str:
    name, noun = rng.choice(NAMES), _noun(rng, shared)
    return rng.choice(
        (
            f"{name} was born on {_long(_day(rng))}.",
            f"The {noun} was found on {_day(rng).isoformat()}.",
            f"{name} likes the {noun} in {rng.choice(MONTHS)}.",
            f"In {_day(rng).year}, {name} sold the {noun}.",
            f"Please bring {rng.randint(2, 30)} {noun}.",
        )
    )


def _noun(rng: random.Random, shared: Path) -> str:
    return rng.choice(NOUNS) if rng.random() < 0.4 else prose.words(rng, shared, most=2)


def _end(rng: random.Random, shared: Path) -> str:
    return rng.choice(
        (
            ".",
            ".",
            ".",
            f", and {prose.words(rng, shared, most=3)}.",
            "",
            f" at {rng.randint(1, 12)} o'clock.",
            f" {prose.words(rng, shared, most=2)}.",
        )
    )
