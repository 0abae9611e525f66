"""A solution told with larger numbers, in which every sum is right again.

The unit of a problem is scaled: what is counted in it (clips, dollars) is multiplied by one factor,
and what is not (how many times, percents, minutes of an hour) stays. Every number, the same
wherever it stands, has degree 1 or 0 accordingly. What is added has equal degrees, a product has
the sum of its factors', a quotient the difference. Where such degrees can be found, everything is
multiplied by the factor or stays, so shares, remainders and which of two is more are what they
were, and the marks' values are right by computation. Knows no model and no file.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, gcd
from random import Random

from toolformer.evaluate.tasks.gsm8k.solutions import Mark, Solution
from toolformer.evaluate.tasks.gsm8k.sums import NUMBER, Degrees, Sum, read_sum, value_of

# Behind a number that is not counted in the unit: a percent, an ordinal, a time of the day.
_NOT_COUNTED = re.compile(r"\s?%|\s?percent|(?:st|nd|rd|th)\b|:\d")
_MOST_NUMBERS = 20  # different ones in the marks of a solution
_SMALLEST_FACTOR = 11  # smaller ones would leave the numbers much as they are
_HIGHER = 2  # numbers have from `digits` digits to two more

UNMARKED = "a sum without a mark"
INEXACT = "a mark that is not an exact sum"
NO_DEGREES = "no numbers that can be scaled alike"
TOO_FAR = "numbers too far apart to be scaled"
UNSAID = "a number that its question does not give in digits"


@dataclass(frozen=True, slots=True)
class Scaled:
    """A problem with scaled numbers: either its solution or the reason why there is none."""

    solution: Solution | None = None
    asked: tuple[Mark, ...] = ()  # the marks that work with a scaled number
    question: str = ""
    reason: str = ""


def scale(solution: Solution, *, digits: int, question: str = "") -> Scaled:
    """Returns a solution whose counted numbers have `digits` to `digits` + 2 digits.

    The factor is drawn by the solution and ends in 1, 3, 7 or 9: numbers keep their last digits'
    variety, no zeros are appended.

    >>> sold = Solution("He sold 48/2 = 24 in May.", (Mark(15, "48/2", "24"),))
    >>> scaled = scale(sold, digits=4)
    >>> scaled.solution.text, scaled.solution.marks
    ('He sold 147984/2 = 73992 in May.', (Mark(offset=19, expression='147984/2', value='73992'),))

    Args:
        solution: with its marks.
        digits: of the smallest scaled number.
        question: of the problem; it must give every scaled number that the solution begins with.
            "": the solution stands alone.
    """
    if not _says_sums_in_marks(solution):
        return Scaled(reason=UNMARKED)
    sums = [read_sum(mark.expression) for mark in solution.marks]
    results = [_number(mark.value) for mark in solution.marks]
    exact = [(each, result) for each, result in zip(sums, results, strict=True) if each is not None]
    if len(exact) < len(sums) or any(each.value != result for each, result in exact):
        return Scaled(reason=INEXACT)
    marked = [(each, result) for each, result in exact if result is not None]
    degrees = _find_degrees(marked, fixed=_fixed(solution, question))
    if degrees is None:
        return Scaled(reason=NO_DEGREES)
    if question and not _is_said(solution, question, marked, degrees):
        return Scaled(reason=UNSAID)
    factor = _draw_factor(solution.text, degrees, digits=digits)
    if factor is None:
        return Scaled(reason=TOO_FAR)
    marks = tuple(
        Mark(
            len(_scaled(solution.text[: mark.offset], degrees, factor)),
            _scaled(mark.expression, degrees, factor),
            _scaled(mark.value, degrees, factor),
        )
        for mark in solution.marks
    )
    asked = tuple(
        mark for mark, (each, _) in zip(marks, marked, strict=True) if _is_scaled(each, degrees)
    )
    return Scaled(
        Solution(
            _scaled(solution.text, degrees, factor),
            marks,
            _scaled(solution.answer, degrees, factor),
        ),
        asked,
        _scaled(question, degrees, factor),
    )


def _number(text: str) -> Fraction | None:
    return value_of(text) if NUMBER.fullmatch(text) else None


def _says_sums_in_marks(solution: Solution) -> bool:
    """Returns whether behind every equals sign there is a mark."""
    places = {mark.offset for mark in solution.marks}
    ends = re.compile(r"=\s*\$?\s*").finditer(solution.text)
    return bool(places) and all(
        any(place in places for place in range(each.start() + 1, each.end() + 1)) for each in ends
    )


def _fixed(solution: Solution, question: str) -> set[Fraction]:
    """Returns the numbers that stand somewhere where nothing counted stands."""
    texts = [solution.text, question, *(mark.expression for mark in solution.marks)]
    return {
        value_of(found[0])
        for text in texts
        for found in NUMBER.finditer(text)
        if _NOT_COUNTED.match(text, found.end())
    }


def _is_scaled(each: Sum, degrees: Degrees) -> bool:
    """Returns whether one of its numbers is scaled."""
    return any(degrees[number] for number in each.numbers.values())


def _find_degrees(
    marked: Sequence[tuple[Sum, Fraction]], *, fixed: set[Fraction]
) -> Degrees | None:
    """Returns degrees under which every mark is right; None where there are none.

    Of several, those with which most marks have a scaled number; then those that scale the fewest
    numbers; then the largest ones: factors that stay are small.
    """
    numbers = list(
        dict.fromkeys(
            number for each, result in marked for number in (*each.numbers.values(), result)
        )
    )
    if len(numbers) > _MOST_NUMBERS:
        return None

    def rank(degrees: Degrees) -> tuple[int, int, Fraction]:
        scaled = [number for number in numbers if degrees[number]]
        working = sum(_is_scaled(each, degrees) for each, _ in marked)
        return working, -len(scaled), sum(scaled, Fraction())

    found = max(_all_degrees(numbers, marked, fixed), key=rank, default=None)
    return found if found is not None and any(found.values()) else None


def _all_degrees(
    numbers: Sequence[Fraction], marked: Sequence[tuple[Sum, Fraction]], fixed: set[Fraction]
) -> Iterator[Degrees]:
    """Yields every assignment that suits all marks; a mark is tried when its numbers are known."""
    place = {number: index for index, number in enumerate(numbers)}
    due: list[list[tuple[Sum, Fraction]]] = [[] for _ in numbers]
    for each, result in marked:
        due[max(place[number] for number in (*each.numbers.values(), result))].append(
            (each, result)
        )

    def assign(index: int, degrees: dict[Fraction, int]) -> Iterator[Degrees]:
        if index == len(numbers):
            yield dict(degrees)
            return
        for degree in (0,) if numbers[index] in fixed else (0, 1):
            degrees[numbers[index]] = degree
            if all(each.degree(degrees) == degrees[result] for each, result in due[index]):
                yield from assign(index + 1, degrees)

    yield from assign(0, {})


def _is_said(
    solution: Solution,
    question: str,
    marked: Sequence[tuple[Sum, Fraction]],
    degrees: Degrees,
) -> bool:
    """Returns whether a question gives what is scaled, and the answer follows from the marks."""
    said = {value_of(found[0]) for found in NUMBER.finditer(question)}
    known: set[Fraction] = set()
    for each, result in marked:
        given = {number for number in each.numbers.values() if degrees[number]} - known
        if not given <= said:
            return False
        known.add(result)
    return _number(solution.answer) in known


def _draw_factor(text: str, degrees: Degrees, *, digits: int) -> int | None:
    scaled = [abs(number) for number, degree in degrees.items() if degree and number]
    low = max(ceil(10 ** (digits - 1) / min(scaled)), _SMALLEST_FACTOR)
    high = int((10 ** (digits + _HIGHER) - 1) / max(scaled))
    choices = [factor for factor in range(low, high + 1) if gcd(factor, 10) == 1]
    return Random(f"scale/{digits}/{text}").choice(choices) if choices else None  # noqa: S311


def _scaled(text: str, degrees: Degrees, factor: int) -> str:
    """Returns a text with its scaled numbers, as many decimals and commas as they had."""

    def write(found: re.Match[str]) -> str:
        if not degrees.get(value_of(found[0])):
            return found[0]
        decimals = len(found[0].partition(".")[2])
        written = value_of(found[0]) * factor * 10**decimals
        whole, rest = divmod(int(written), 10**decimals)
        separated = f"{whole:,}" if "," in found[0] else f"{whole}"
        return f"{separated}.{rest:0{decimals}d}" if decimals else separated

    return NUMBER.sub(write, text)
