"""Which texts the Calculator is tried on: the paper's heuristic. Pure text: no model, no tool."""

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from toolformer.tools.context import ToolContext

WINDOW = 100  # words and signs, standing in for the paper's tokens
MAX_NUMBERS = 2000  # of a text are looked at: a table of figures should not take minutes

_WORD = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|[^\W\d_]+|[^\w\s]")
_ANNOUNCED = re.compile(
    r"(?:=|\b(?:equals|equal to|total of|average of))\s*+(?:[-$€£]\s*+)?\d", re.I
)
# A number, maybe in quotes or brackets, with a sign or a currency.
_TOLD = re.compile(r"\s*[\"'“‘(\[]*(?:US|[-−+])?[$€£¥₹]?[-−+]?\.?\d")


@dataclass(frozen=True, slots=True)
class _Number:
    place: int  # counted in words and signs
    value: float


def suits_calculator(text: str, _context: ToolContext) -> bool:
    """Returns whether a text has something to calculate.

    It has three numbers near each other of which one is the result of an operation on the two
    others, or announces a number by "=", "equals", "equal to", "total of" or "average of"; or it
    has at least three numbers and is among one in a hundred of these (by its hash).

    >>> suits_calculator("Each of 4 boxes holds 6 eggs, 24 in all.", ToolContext())
    True
    >>> suits_calculator("Each of 4 boxes holds 6 eggs.", ToolContext())
    False
    """
    if _ANNOUNCED.search(text):
        return True
    numbers = _numbers(text)
    if len(numbers) < 3:
        return False
    return _has_result(numbers) or _is_one_in_a_hundred(text)


def is_told_by_calculator(text: str) -> bool:
    """Returns whether a text begins with a number.

    >>> is_told_by_calculator(" ($4,000) in all"), is_told_by_calculator(" eggs, 24 in all")
    (True, False)
    """
    return _TOLD.match(text) is not None


def _numbers(text: str) -> list[_Number]:
    numbers: list[_Number] = []
    for place, word in enumerate(_WORD.finditer(text)):
        if word[0][0].isdecimal():
            numbers.append(_Number(place, float(word[0].replace(",", ""))))
            if len(numbers) == MAX_NUMBERS:
                break
    return numbers


def _has_result(numbers: Sequence[_Number]) -> bool:
    indices: dict[float, list[int]] = defaultdict(list)
    for index, number in enumerate(numbers):
        indices[number.value].append(index)
    places = [number.place for number in numbers]
    for first, one in enumerate(numbers):
        for second in range(first + 1, len(numbers)):
            other = numbers[second]
            if other.place - one.place >= WINDOW:
                break
            for result in _results(one.value, other.value):
                thirds = indices.get(result)
                if thirds is None:
                    continue
                # The first of them that are within a window with both; two may be these two.
                start = bisect_right(places, other.place - WINDOW)
                at = bisect_left(thirds, start)
                for third in thirds[at : at + 3]:
                    if third not in (first, second) and places[third] < one.place + WINDOW:
                        return True
    return False


def _results(one: float, other: float) -> set[float]:
    results = {one + other, abs(one - other), one * other}
    if other:
        results.add(one / other)
    if one:
        results.add(other / one)
    return {round(result, 2) for result in results} | results


def _is_one_in_a_hundred(text: str) -> bool:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) % 100 == 0
