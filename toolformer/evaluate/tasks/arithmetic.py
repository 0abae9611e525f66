"""Sentences that state what two numbers come to, in wordings that no training text uses.

As with dates, a *kind* is what has to be worked out, and training texts may have the kinds but not
the wordings.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.tasks.answers import number_task
from toolformer.evaluate.tasks.made_up import made_up

# Per kind, sentences that end where the answer begins. The first say what is to be done in words
# that training texts may use too ("plus", "the sum of"), in sentences that none of them has; the
# second say it in other words.
NEW_SENTENCES: Mapping[str, Sequence[str]] = {
    "plus": (
        "The teacher wrote on the board: {a} plus {b} equals",
        "Anna asked her brother for the sum of {a} and {b}. It is",
        "The two halls have {a} and {b} seats, for a total of",
    ),
    "minus": (
        "On the receipt we read: {a} minus {b} equals",
        "The pupil worked out the difference between {a} and {b}. It is",
        "Grandfather had {a} marbles and lost {b}, which leaves",
    ),
    "times": (
        "The engineer noted that {a} times {b} equals",
        "She needed the product of {a} and {b}, which is",
        "The farmer counted {a} rows of {b} melons, which make",
    ),
    "divided": (
        "The clerk found that {a} divided by {b} equals",
        "In the village {a} loaves shared by {b} families is",
        "The pace of the march was {a} / {b} =",
    ),
    "percent": (
        "The report says that {b}% of {a} equals",
        "For the bank, {b} percent of {a} equals",
        "The bonus was {b}/100 * {a} =",
    ),
}
NEW_WORDS: Mapping[str, Sequence[str]] = {
    "plus": (
        "What do {a} and {b} add up to? They add up to",
        "If you add {b} to {a}, you get",
        "One truck carries {a} bricks and the other {b}, so together they carry",
    ),
    "minus": (
        "What is left of {a} when {b} are taken away? What is left is",
        "{a} reduced by {b} is",
        "The tank held {a} litres and {b} were used, so it still holds",
    ),
    "times": (
        "How many are {b} times {a}? They are",
        "{a} taken {b} times is",
        "One crate holds {a} bottles, so {b} crates hold",
    ),
    "divided": (
        "How much is one part when {a} is divided into {b} parts? One part is",
        "{a} split {b} ways is",
        "A rope of {a} feet was cut into {b} equal pieces, each with a length of",
    ),
    "percent": (
        "What number is {b}% of {a}? It is",
        "{b} per cent out of {a} is",
        "A town of {a} people grew by {b}%, that is by",
    ),
}


def arithmetic(count: int = 500, seed: int = 0, name: str = "arithmetic") -> Task:
    """Sentences that state what two numbers come to.

    Args:
        count: How many.
        seed: Random seed of the drawing.
        name: How the results call it.
    """
    examples, training = made_up(arithmetic_sentences, count=count, seed=seed)
    return number_task(name=name, examples=examples, training=training)


@dataclass(frozen=True, slots=True)
class Sum:
    """Two numbers and what they come to."""

    a: str
    b: str
    result: str


def arithmetic_sentences(count: int, *, seed: int) -> Iterator[Example]:
    """Yields sentences to be completed, the kinds and wordings in turn; tagged by what is new.

    >>> next(arithmetic_sentences(1, seed=0)).prompt
    'The teacher wrote on the board: 502 plus 6394 equals'
    """
    turns = [*_turns(NEW_SENTENCES, "new sentence"), *_turns(NEW_WORDS, "new words")]
    for number in range(count):
        kind, wording, tag = turns[number % len(turns)]
        drawn = draw_sum(kind, Random(f"{seed}/{number}"))  # noqa: S311
        prompt = wording.format(a=drawn.a, b=drawn.b)
        yield Example(f"arithmetic/{seed}/{number}", prompt, (drawn.result,), kind, (tag,))


def _turns(wordings: Mapping[str, Sequence[str]], tag: str) -> list[tuple[str, str, str]]:
    rounds = zip(*wordings.values(), strict=True)
    return [(kind, each, tag) for turn in rounds for kind, each in zip(wordings, turn, strict=True)]


def draw_sum(kind: str, rng: Random) -> Sum:
    """Draws two numbers whose result has at most two decimals.

    >>> draw_sum("divided", Random(1))
    Sum(a='1661', b='11', result='151')
    """
    match kind:
        case "plus":
            a, b = _number(rng), _number(rng)
            result = a + b
        case "minus":
            b, a = sorted((_number(rng), _number(rng)))
            a += a == b  # nothing is left of equal numbers, which is not worth stating
            result = a - b
        case "times":
            a, b = rng.randint(11, 999), rng.randint(3, 60)
            result = a * b
        case "divided":
            b, result = rng.randint(3, 40), rng.randint(6, 240)
            a = b * result
        case "percent":
            a, b = 20 * rng.randint(3, 400), 5 * rng.randint(1, 19)
            result = a * b // 100
        case _:
            raise KeyError(kind)
    return Sum(str(a), str(b), str(result))


def _number(rng: Random) -> int:
    """Draws a number of two to four digits; small ones as often as large ones."""
    return rng.randint(10, rng.choice((99, 999, 9999)))
