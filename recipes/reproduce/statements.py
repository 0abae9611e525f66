"""Dated and computed sentences to annotate: the kinds of the evaluation, in other wordings.

No calls are written here: the texts say what a calendar or a calculator could have told, and the
model has to find out where.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from toolformer.evaluate.arithmetic_sentences import draw_sum
from toolformer.evaluate.date_questions import draw_date_question

# `{answer}` is the answer's place; every wording is a whole sentence.
DATES: Mapping[str, Sequence[str]] = {
    "today": (
        "Today is {answer}.",
        "This letter was written on {answer}.",
        "Which day is it now? Now it is {answer}.",
        "Good morning from the studio, it is {answer}.",
        "Printed at the town hall on {answer}.",
        "Minutes of the meeting held today, {answer}.",
    ),
    "weekday": (
        "Which weekday was {date}? That was a {answer}.",
        "{date} was a {answer}.",
        "He was born on {date}, a {answer}.",
        "The wedding took place on {date}, which was a {answer}.",
        "We looked up {date}: a {answer}.",
        "The first game was played on {date}. That day was a {answer}.",
    ),
    "after": (
        "Which date comes {span} after {date}? That is {answer}.",
        "{span} after {date} is {answer}.",
        "The contract of {date} runs for {span}, until {answer}.",
        "The seeds were sown on {date} and came up {span} later, on {answer}.",
        "He left the city on {date} and returned after {span}, on {answer}.",
        "The bill is dated {date}. It must be settled within {span}, that is by {answer}.",
    ),
    "before": (
        "Which date comes {span} before {date}? That is {answer}.",
        "{span} before {date} was {answer}.",
        "The concert is on {date}. Tickets were sold {span} before that, from {answer}.",
        "They married on {date}, having met {span} earlier, on {answer}.",
        "The work ended on {date} after {span}, so it began on {answer}.",
    ),
    "ahead": (
        "Which date comes {span} from now? That is {answer}.",
        "In {span} it will be {answer}.",
        "The train leaves in {span}, on {answer}.",
        "{span} from today is {answer}.",
        "Our shop opens again in {span}, that is on {answer}.",
        "The offer ends {span} from now, on {answer}.",
    ),
    "ago": (
        "Which date was {span} before today? That was {answer}.",
        "{span} ago it was {answer}.",
        "The letter came {span} ago, on {answer}.",
        "He moved to the village {span} ago, on {answer}.",
        "This house was sold {span} ago, that is on {answer}.",
    ),
    "between": (
        "How long is it from {date} to {later}? It is {answer} days.",
        "From {date} to {later} there are {answer} days.",
        "He was away from {date} until {later}, that is {answer} days.",
        "The siege began on {date} and ended on {later}. It lasted {answer} days.",
        "Between {date} and {later} lie {answer} days.",
    ),
}

SUMS: Mapping[str, Sequence[str]] = {
    "plus": (
        "How much is {a} plus {b}? The answer is {answer}.",
        "The sum of {a} and {b} is {answer}.",
        "{a} and {b} make {answer}.",
        "There were {a} men and {b} women, a total of {answer} people.",
        "She had {a} stamps and bought {b} more, so now she has {answer}.",
    ),
    "minus": (
        "How much is {a} minus {b}? The answer is {answer}.",
        "{a} minus {b} equals {answer}.",
        "The difference between {a} and {b} is {answer}.",
        "If we subtract {b} from {a}, we get {answer}.",
        "The farmer had {a} sheep and sold {b}, so he kept {answer}.",
    ),
    "times": (
        "How much is {a} times {b}? The answer is {answer}.",
        "The product of {a} and {b} is {answer}.",
        "{a} multiplied by {b} equals {answer}.",
        "Each of the {b} boxes holds {a} nails, which makes {answer} nails.",
        "He drove {a} miles a day for {b} days, in all {answer} miles.",
    ),
    "divided": (
        "How much is {a} divided by {b}? The answer is {answer}.",
        "If {a} is divided into {b} parts, each part is {answer}.",
        "{a} divided by {b} equals {answer}.",
        "The {b} heirs shared {a} acres, so each received {answer}.",
        "{a} pages in {b} days are {answer} pages a day.",
    ),
    "percent": (
        "How much is {b} percent of {a}? The answer is {answer}.",
        "{b}% of {a} is {answer}.",
        "The tax is {b}% of {a}, which is {answer}.",
        "Of the {a} trees {b}% were cut down, that is {answer} trees.",
    ),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence, what kind it is of, and the day it was written if it has one."""

    text: str
    kind: str
    today: date | None = None


def dated(count: int, *, seed: int) -> Iterator[Statement]:
    """Yields sentences about dates, the kinds and wordings in turn.

    >>> next(dated(1, seed=0)).text
    'Today is Monday, May 10, 1976.'
    """
    for number, (kind, wording) in enumerate(_turns(DATES, count)):
        rng = Random(f"reproduce/dated/{seed}/{number}")
        question = draw_date_question(kind, rng)
        text = wording.format(answer=question.answers[0], **question.fields)
        yield Statement(text[0].upper() + text[1:], kind, question.today)


def computed(count: int, *, seed: int) -> Iterator[Statement]:
    """Yields sentences about sums, the kinds and wordings in turn."""
    for number, (kind, wording) in enumerate(_turns(SUMS, count)):
        drawn = draw_sum(kind, Random(f"reproduce/computed/{seed}/{number}"))
        yield Statement(wording.format(a=drawn.a, b=drawn.b, answer=drawn.result), kind)


def _turns(wordings: Mapping[str, Sequence[str]], count: int) -> Iterator[tuple[str, str]]:
    kinds = list(wordings)
    for number in range(count):
        kind, turn = kinds[number % len(kinds)], number // len(kinds)
        yield kind, wordings[kind][turn % len(wordings[kind])]
