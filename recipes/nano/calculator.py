"""Nano's texts with computed numbers: families of short statements about invented people and things.

None is taken from GSM8K; the results are mostly right, some are drawn at random, since what is learned is where a
result stands and what it was computed from.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from recipes.nano import prose
from recipes.nano.demonstration import Passage, demonstrated, join, piece
from recipes.nano.expressions import SIGNS, computed, grouped, number, value_of
from recipes.nano.words import NAMES, NOUNS, UNITS, VERBS
from toolformer.pretrain.mixture import Source

TOOL, SIGNATURE = "Calculator", "Calculator(expression)"


def demonstrations(*, folder: Path, shared: str) -> Source:
    """Gives computed texts under the brief prompt, then with their calls."""
    return demonstrated(passage, folder / shared, tool=TOOL, signature=SIGNATURE)


def passage(rng: random.Random, shared: Path, *, most: int = 5) -> Passage:
    """Returns one to `most` statements, some of them computed, among a few real sentences."""
    statements = [rng.choice(_FAMILIES)(rng, shared) for _ in range(rng.randint(1, most))]
    for _ in range(rng.choice((0, 0, 0, 1))):
        statements.insert(rng.randint(0, len(statements)), Passage(prose.sentence(rng, shared)))
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        statements.insert(rng.randint(0, len(statements)), Passage(_plain(rng, shared)))
    return join(statements, rng.choice(("\n", "\n", "\n", " ")))


def _equals(rng: random.Random) -> str:
    return rng.choice((" = ", " = ", " = ", " = ", " =", "= ", "="))


def _equation(rng: random.Random, shared: Path) -> Passage:
    """`Mia has 12 - 5 = 7 apples left.`"""
    money = rng.random() < 0.35
    it = computed(rng, money=money and rng.random() < 0.6)
    lead = _lead(rng, shared)
    result = grouped(it.result) if rng.random() < 0.2 else it.result
    before = f"{lead}{it.written}{_equals(rng)}{'$' if money else ''}"
    return piece(before, result, _tail(rng, shared), arguments=it.arguments, key=it.written)


def _chain(rng: random.Random, shared: Path) -> Passage:
    """Two equations of which the second uses the first's result."""
    first = computed(rng)
    sign, factor = rng.choice("+-*/"), number(rng)
    order = rng.random() < 0.5
    arguments = f"{first.result}{sign}{factor}" if order else f"{factor}{sign}{first.result}"
    second_value = value_of(arguments.replace("--", "+"), rng)
    space = rng.choice(("", " "))
    shown = rng.choice(SIGNS[sign])
    written = f"{space}{shown}{space}".join(
        (first.result, factor) if order else (factor, first.result)
    )
    one = piece(
        f"{_lead(rng, shared)}{first.written}{_equals(rng)}",
        first.result,
        _tail(rng, shared),
        arguments=first.arguments,
        key=first.written,
    )
    two = piece(
        f"{_lead(rng, shared)}{written}{_equals(rng)}",
        second_value,
        _tail(rng, shared),
        arguments=arguments,
        key=written,
    )
    return join((one, two), rng.choice(("\n", "\n", " ")))


def _units(rng: random.Random, shared: Path) -> Passage:
    """`5 apples + 7 apples = 12 apples`, `3 boxes * $4 = $12`: a rule that wants bare numbers misses these."""
    sign = rng.choice("++-*/")
    shown = rng.choice(SIGNS[sign])
    a, b = number(rng), number(rng)
    noun = _noun(rng, shared)
    money = rng.random() < 0.3
    per = rng.choice(UNITS)
    right = f"${b}" if money else rng.choice((f"{b} {noun}", f"{b} {per}", f"{b} {noun}/{per}", b))
    left = rng.choice((f"{a} {noun}", f"{a} {per}", f"{a} {_noun(rng, shared)}", f"${a}"))
    arguments = f"{a}{sign}{b}"
    result = value_of(arguments, rng)
    before = f"{_lead(rng, shared)}{left} {shown} {right}{_equals(rng)}{'$' if money else ''}"
    return piece(
        before,
        result,
        f" {noun}{rng.choice(('.', '', ' in total.'))}",
        arguments=arguments,
        key=before.strip("=$ "),
    )


def _worded(rng: random.Random, shared: Path) -> Passage:
    """Computations said in words: halves, shares of a hundred, totals, differences."""
    a, b = number(rng), number(rng)
    name, noun = rng.choice(NAMES), _noun(rng, shared)
    p = str(rng.choice((5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 80, rng.randint(1, 99))))
    times, factor = rng.choice(
        (
            ("twice", "2"),
            ("double", "2"),
            ("three times", "3"),
            ("four times", "4"),
            ("triple", "3"),
        )
    )
    part, divisor = rng.choice(
        (
            ("half", "2"),
            ("a third", "3"),
            ("a quarter", "4"),
            ("a fifth", "5"),
            ("1/3", "3"),
            ("1/2", "2"),
            ("1/4", "4"),
        )
    )
    before, arguments = rng.choice(
        (
            (f"{part} of {a} {noun} is ", f"{a}/{divisor}"),
            (f"{part} of {a} {rng.choice(('is', '='))} ", f"{a}/{divisor}"),
            (f"{p}% of {a} is ", f"{p}/100*{a}"),
            (f"{p}% of ${a} is $", f"{p}/100*{a}"),
            (f"{times} {a} is ", f"{factor}*{a}"),
            (f"{name} has {a} {noun} and gets {b} more, for a total of ", f"{a}+{b}"),
            (f"{name} had {a} {noun} and lost {b}, which leaves ", f"{a}-{b}"),
            (f"{a} {noun} at ${b} each cost $", f"{a}*{b}"),
            (f"{a} {noun} in {b} boxes make ", f"{a}*{b}"),
            (f"{a} {noun} shared by {b} people is ", f"{a}/{b}"),
            (f"the sum of {a} and {b} is ", f"{a}+{b}"),
            (f"{a} plus {b} equals ", f"{a}+{b}"),
            (f"{a} times {b} is ", f"{a}*{b}"),
            (f"{a} minus {b} is equal to ", f"{a}-{b}"),
            (f"{a} divided by {b} equals ", f"{a}/{b}"),
            (f"{name} needs {a} {noun} a {rng.choice(UNITS)}, which is {b} * {a} = ", f"{b}*{a}"),
        )
    )
    lead = rng.choice(("", "So ", "Then ", f"{name} knows that ", "That means "))
    text = lead + before if lead else before[0].upper() + before[1:]
    return piece(
        text,
        value_of(arguments, rng),
        rng.choice((".", f" {noun}.", "", " altogether.")),
        arguments=arguments,
        key=before.strip("$ "),
    )


_FAMILIES: Sequence[Callable[[random.Random, Path], Passage]] = (
    _equation, _equation, _equation, _equation, _chain, _chain, _units, _worded,
)  # fmt: skip


def _plain(rng: random.Random, shared: Path) -> str:
    """A statement with numbers of which none can be computed."""
    name, noun, other = rng.choice(NAMES), _noun(rng, shared), _noun(rng, shared)
    a, b = number(rng), number(rng)
    return rng.choice(
        (
            f"{name} {rng.choice(VERBS)} {a} {noun} and {b} {other}.",
            f"There are {a} {noun} in the {other}.",
            f"Each {noun} costs ${a}.",
            f"{name} is {a} years old.",
            f"Let x be the number of {noun}.",
            f"{name} {rng.choice(VERBS)} {a} {noun} on {rng.choice(('Monday', 'Friday', 'Sunday'))}.",
            f"It takes {a} {rng.choice(UNITS)} to {prose.words(rng, shared, most=3)}.",
        )
    )


def _noun(rng: random.Random, shared: Path) -> str:
    return rng.choice(NOUNS) if rng.random() < 0.5 else prose.words(rng, shared, most=2)


def _lead(rng: random.Random, shared: Path) -> str:
    name, noun = rng.choice(NAMES), _noun(rng, shared)
    verb = rng.choice(VERBS)
    return rng.choice(
        (
            "",
            "",
            f"{name} {verb} ",
            f"{name} has ",
            f"He {verb} ",
            f"She {verb} a total of ",
            f"So {name} {verb} ",
            f"The {noun} cost ",
            f"The total number of {noun} is ",
            "There are ",
            "That is ",
            "In total, there were ",
            f"This means that {name} {verb} ",
            f"Then {name} has ",
            f"{name}'s {noun} {rng.choice(('is', 'are', 'cost', 'weighed', 'took'))} ",
            f"{name} {verb} {number(rng)} {noun} in the {_noun(rng, shared)}, so ",
            f"If {name} {verb} {number(rng)} {noun}, then he {verb} ",
            f"After the {noun}, {name} had ",
            f"{noun.capitalize()}: ",
            f"{prose.words(rng, shared, most=4).capitalize()} ",
            f"The {prose.words(rng, shared, most=3)} is ",
            f"She will {prose.words(rng, shared, most=3)} for ",
            f"Every {rng.choice(UNITS)} they {verb} ",
            "x = ",
        )
    )


def _tail(rng: random.Random, shared: Path) -> str:
    noun = _noun(rng, shared)
    return rng.choice(
        (
            ".",
            ".",
            "",
            f" {noun}.",
            f" {noun}",
            f" {noun}.",
            f" {rng.choice(UNITS)}.",
            f" {rng.choice(UNITS)} in all.",
            f" {noun} in the {_noun(rng, shared)}.",
            f" {noun} left.",
            f" {prose.words(rng, shared, most=4)}.",
            f" for the {noun}.",
            f" {noun} per {rng.choice(UNITS)}.",
        )
    )
