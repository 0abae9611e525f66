"""Expressions as people write them, as a call writes them, and what comes out."""

import random
from dataclasses import dataclass

from simpleeval import simple_eval

SIGNS = {
    "+": ("+",),
    "-": ("-", "-", "-", "−"),
    "*": ("*", "*", "x", "×"),
    "/": ("/", "/", "/", "÷"),
}


@dataclass(frozen=True, slots=True)
class Computed:
    """An expression as a text writes it, as a call writes it, and what comes out."""

    written: str
    arguments: str
    result: str


def number(rng: random.Random) -> str:
    """Returns a number as a text writes it: mostly small, now and then with decimals."""
    kind = rng.random()
    if kind < 0.35:
        return str(rng.randint(2, 12))
    if kind < 0.65:
        return str(rng.randint(10, 99))
    if kind < 0.80:
        return str(rng.randint(1, 60) * rng.choice((5, 10, 10, 100, 1000)))
    if kind < 0.92:
        return str(rng.randint(100, 9999))
    return f"{rng.randint(1, 99)}.{rng.choice(('5', '25', '75', '50', '1', '2', '8', f'{rng.randint(10, 99)}'))}"


def grouped(written: str) -> str:
    """Returns a number with commas between its thousands."""
    whole, dot, rest = written.partition(".")
    return f"{int(whole):,}{dot}{rest}"


def value_of(expression: str, rng: random.Random) -> str:
    """Returns what an expression comes to; for a third, and where that is unwieldy, any number."""
    try:
        value = float(simple_eval(expression))
    except ZeroDivisionError:
        return number(rng)
    if rng.random() < 0.3 or abs(value) > 1e7:
        return number(rng)
    return f"{round(value, 2):.2f}".rstrip("0").rstrip(".")


def computed(rng: random.Random, *, money: bool = False) -> Computed:
    """Returns an expression of two to four numbers in one of the spellings people use."""
    count = rng.choice((2, 2, 2, 2, 2, 3, 3, 4))
    numbers = [number(rng) for _ in range(count)]
    same = rng.random() < 0.5
    first_sign = rng.choice("+-*/")
    signs = [
        first_sign if same and first_sign != "/" else rng.choice("+-*/") for _ in range(count - 1)
    ]
    space = rng.choice(("", "", " ", " "))
    written, arguments = "", ""
    bracket = count > 2 and rng.random() < 0.2
    style = {sign: rng.choice(spellings) for sign, spellings in SIGNS.items()}
    for index, each in enumerate(numbers):
        opening = "(" if bracket and index == 0 else ""
        closing = ")" if bracket and index == 1 else ""
        shown = grouped(each) if rng.random() < 0.3 else each
        unit = "$" if money and rng.random() < 0.8 else ""
        percent = "%" if not money and rng.random() < 0.02 else ""
        sign = ""
        if index:
            sign = f"{space}{style[signs[index - 1]]}{space}"
            arguments += signs[index - 1]
        written += sign + opening + unit + shown + percent + closing
        arguments += opening + each + percent + closing
    return Computed(written, arguments, value_of(arguments.replace("%", "/100"), rng))
