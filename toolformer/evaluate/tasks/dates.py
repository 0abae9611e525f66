"""Questions about dates of the paper's Dateset kind, in wordings that no training text uses.

A question's *kind* says what has to be worked out (a weekday, the days between two dates); its
wording is one of several ways to ask. Whoever writes training texts takes the kinds and brings
wordings of their own, so that a model is measured on ways of asking that it never saw.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.tasks.answers import first_words_task
from toolformer.evaluate.tasks.made_up import made_up

_FIRST, _DAYS = date(1960, 1, 1), 23_000  # dates are drawn from 1960 to 2022
_MOST = {"day": 120, "week": 12, "month": 11, "year": 12}

Wordings = Mapping[str, Sequence[str]]  # per kind: sentences that end where the answer begins

WORDINGS: Wordings = {
    "today": (
        "If somebody asks for today's date, the answer is",
        "The date at the top of this page is today's:",
        "As I write this, the date is",
    ),
    "weekday": (
        "Which day of the week is {date}? It is a",
        "According to the almanac, {date} was a",
        "The letter is dated {date}, and that was a",
    ),
    "after": (
        "Which day do we reach {span} after {date}? We reach",
        "She began the course on {date} and finished it {span} later, on",
        "The warranty starts on {date} and ends after {span}, on",
    ),
    "before": (
        "Which day was {span} before {date}? It was",
        "The wine was opened on {date}. It had been bottled {span} before, on",
        "The election was held on {date}, and the campaign had begun {span} earlier, on",
    ),
    "ahead": (
        "What day is it {span} from now? It is",
        "The library closes for good in {span}, on",
        "My passport runs out in {span}, that is on",
    ),
    "ago": (
        "What day was it {span} ago? It was",
        "The bakery opened {span} ago, on",
        "They adopted the dog {span} ago, that is on",
    ),
    "between": (
        "How many days lie between {date} and {later}? The answer is",
        "The trip began on {date} and ended on {later}, so the number of days it took is",
        "From {date} until {later} the road was closed, which makes",
    ),
}


def dates(count: int = 500, seed: int = 0, name: str = "dates") -> Task:
    """Questions about dates, some of which need to know the day; each has a day of its own.

    Args:
        count: How many.
        seed: Random seed of the drawing.
        name: How the results call it.
    """
    examples, training = made_up(date_questions, count=count, seed=seed)
    return first_words_task(
        name=name,
        examples=examples,
        training=training,
        note="the answer within the first five words",
    )


@dataclass(frozen=True, slots=True)
class DateQuestion:
    """The subject of one question: the words that fill its wording, and its answers."""

    fields: Mapping[str, str]
    answers: tuple[str, ...]  # first as the Calendar writes it
    today: date


def date_questions(count: int, *, seed: int) -> Iterator[Example]:
    """Yields questions, the kinds and wordings in turn.

    >>> example = next(date_questions(1, seed=0))
    >>> example.prompt, example.group, example.today.isoformat()
    ("If somebody asks for today's date, the answer is", 'today', '1990-09-29')
    >>> example.answers
    ('Saturday, September 29, 1990', 'September 29, 1990', '1990-09-29', '29 September 1990')
    """
    kinds = [[(kind, wording) for wording in wordings] for kind, wordings in WORDINGS.items()]
    turns = [each for turn in zip(*kinds, strict=True) for each in turn]
    for number in range(count):
        kind, wording = turns[number % len(turns)]
        question = draw_date_question(kind, Random(f"{seed}/{number}"))  # noqa: S311
        prompt = wording.format_map(question.fields)
        name = f"dates/{seed}/{number}"
        yield Example(name, prompt, question.answers, kind, today=question.today)


def draw_date_question(kind: str, rng: Random) -> DateQuestion:
    """Draws what a question of a kind is about.

    Its fields are `date`, `later` and `span`, as far as the kind has them; all dates of a question
    are written in one style.
    """
    today = _day(rng)
    write = rng.choice([*_STYLES, _long])  # as the paper's examples are written, twice as often
    match kind:
        case "today":
            return DateQuestion({}, _written(today, _full), today)
        case "weekday":
            day = _day(rng)
            return DateQuestion({"date": write(day)}, (f"{day:%A}",), today)
        case "after" | "before":
            day = _day(rng)
            span, target = _span(rng, day, 1 if kind == "after" else -1)
            return DateQuestion({"date": write(day), "span": span}, _written(target, write), today)
        case "ahead" | "ago":
            span, target = _span(rng, today, 1 if kind == "ahead" else -1)
            return DateQuestion({"span": span}, _written(target, _long), today)
        case "between":
            day, days = _day(rng), rng.randint(3, 400)
            fields = {"date": write(day), "later": write(day + timedelta(days=days))}
            return DateQuestion(fields, (str(days),), today)
    raise KeyError(kind)


def _day(rng: Random) -> date:
    return _FIRST + timedelta(days=rng.randrange(_DAYS))


def _long(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _day_first(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


_STYLES: Sequence[Callable[[date], str]] = (_long, date.isoformat, _day_first)


def _full(day: date) -> str:
    return f"{day:%A}, {_long(day)}"


def _written(day: date, first: Callable[[date], str]) -> tuple[str, ...]:
    """Returns the ways a date may be given as an answer, one of them first."""
    return tuple(dict.fromkeys(write(day) for write in (first, *_STYLES, _full)))


def _span(rng: Random, day: date, sign: int) -> tuple[str, date]:
    """Draws a span such as `3 weeks` and returns it with the date it leads to."""
    unit = rng.choice(("day", "day", "day", "week", "week", "month", "year"))
    count = rng.randint(2, _MOST[unit])
    if unit in ("day", "week"):
        target = day + timedelta(days=sign * count * (7 if unit == "week" else 1))
    else:
        target = _add_months(day, sign * count * (12 if unit == "year" else 1))
    return f"{count} {unit}s", target


def _add_months(day: date, months: int) -> date:
    """Returns the same day some months on, the month's last where it is shorter.

    >>> _add_months(date(2023, 1, 31), 1), _add_months(date(2023, 1, 31), -2)
    (datetime.date(2023, 2, 28), datetime.date(2022, 11, 30))
    """
    total = day.year * 12 + day.month - 1 + months
    year, month = total // 12, total % 12 + 1
    after = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, min(day.day, (after - timedelta(days=1)).day))
