"""When a proposed call is the one a human wrote: GSM8K's marks against calls, as pure functions.

A mark `<<48/2=24>>` is recovered by a call at its place with the same value and the same operands.
The call is at the mark's place when nothing but white space and a currency sign lies between them:
places are the ends of tokens, so a mark before ` 24` belongs to a call at the end of `=`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from recipes.gsm8k import Mark
from toolformer.errors import ToolError
from toolformer.tools.builtin.calculator import evaluate

_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?|\.\d+")
_PERCENT = re.compile(r"([\d.,]*\d)\s*(?:%|[*x×]\s*0?\.01(?!\d)|[/÷]\s*100(?![\d.]))")
_BETWEEN = re.compile(r"[\s$€£]*")

# The rule: an expression in figures and signs alone, with an equals sign behind it.
_TERM = r"[($€£\s]*(?:\d[\d,]*(?:\.\d+)?|\.\d+)\s*%?[)\s]*"
_EXPRESSION = re.compile(rf"(?<![\d.,])(?:{_TERM}[-+*/x×÷–−])+{_TERM}(?==)")


@dataclass(frozen=True, slots=True)
class FoundCall:
    """A calculation at a character offset, with what the calculator says to it."""

    position: int
    arguments: str
    output: str


def rule_calls(text: str) -> Iterator[FoundCall]:
    """Yields what a rule of a few lines finds: the expression left of each "=", worked out.

    >>> [(call.position, call.arguments, call.output) for call in rule_calls("So 48/2 = 24 clips.")]
    [(9, '48/2', '24')]
    """
    for expression in _EXPRESSION.finditer(text):
        arguments = _balanced(expression[0])
        try:
            yield FoundCall(expression.end() + 1, arguments, evaluate(arguments))
        except ToolError:
            continue


def recovers(call: FoundCall, mark: Mark, *, text: str) -> bool:
    """Says whether a call is the one the mark's author had in mind.

    >>> text = "So 48/2 = $24 clips."
    >>> recovers(FoundCall(9, "48 / 2", "24"), Mark(11, "48/2", "24"), text=text)
    True
    """
    return is_at(call.position, mark, text=text) and is_same_calculation(call, mark)


def is_at(position: int, mark: Mark, *, text: str) -> bool:
    """Says whether a position is the mark's place."""
    between = text[position : mark.offset]
    return position <= mark.offset and _BETWEEN.fullmatch(between) is not None


def is_same_calculation(call: FoundCall, mark: Mark) -> bool:
    """Says whether a call has the mark's value and its operands, in any order."""
    value = number(mark.value)
    output = number(call.output)
    if value is None or output is None or round(value, 2) != output:
        return False
    return operands(call.arguments) == operands(mark.expression)


def operands(expression: str) -> list[Decimal]:
    """Returns the numbers of an expression in order of size; `29%`, `29*.01` and `29/100` are one.

    >>> [str(operand) for operand in operands("$1,400 x 29%")]
    ['0.29', '1400']
    """
    hundredths = [_decimal(hit[1]) / 100 for hit in _PERCENT.finditer(expression)]
    rest = _PERCENT.sub(" ", expression)
    return sorted([*hundredths, *(_decimal(hit[0]) for hit in _NUMBER.finditer(rest))])


def number(text: str) -> Decimal | None:
    """Returns the number a text is, None when it is none.

    >>> number("$1,400.50"), number("about 3")
    (Decimal('1400.50'), None)
    """
    plain = re.sub(r"[$€£,\s]", "", text).rstrip(".")
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def following_number(text: str, position: int) -> Decimal | None:
    """Returns the first number at or after a position.

    >>> following_number("48/2 = 24 clips", 6)
    Decimal('24')
    """
    found = _NUMBER.search(text, position)
    return None if found is None else _decimal(found[0])


def is_precise(call: FoundCall, *, text: str) -> bool:
    """Says whether a call's output is the number that follows it."""
    following = following_number(text, call.position)
    return following is not None and round(following, 2) == number(call.output)


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _balanced(expression: str) -> str:
    """Returns an expression without brackets that open or close nothing."""
    text = expression.strip()
    while text.count(")") > text.count("("):
        text = text[::-1].replace(")", "", 1)[::-1]
    while text.count("(") > text.count(")"):
        text = text.replace("(", "", 1)
    return text.strip()
