"""Places: the ends of tokens where a call may be written.

Pure text and numbers: no model, no tools.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# What may stand between two digits of one number: 1,400 and 3.5.
_IN_NUMBERS = ".,"
# What may stand between two letters of one word: don't, l’été.
_IN_WORDS = "'’"


@dataclass(frozen=True, slots=True)
class Place:
    """A character offset where the model would begin a call, and how much it would."""

    position: int
    score: float
    index: int  # among the offsets it was chosen from


def is_place(text: str, position: int) -> bool:
    """Returns whether a call may be written at a character offset of `text`.

    None is the end of the text, a place just after white space (the call brings its own space), one
    inside a word or a number, and one before a combining mark.

    >>> text = "It cost 1,400 dollars."
    >>> [text[:position] for position in range(len(text) + 1) if is_place(text, position)]
    ['It', 'It cost', 'It cost 1,400', 'It cost 1,400 dollars']
    """
    if not 0 < position < len(text):
        return False
    before, after = text[position - 1], text[position]
    if before.isspace():
        return False
    if _is_wordlike(before) and _is_wordlike(after):
        return False
    if unicodedata.combining(after):
        return False
    if after in _IN_NUMBERS and before.isdigit():
        return not text[position + 1 : position + 2].isdigit()
    if before in _IN_NUMBERS and after.isdigit():
        return not text[max(0, position - 2) : position - 1].isdigit()
    if after in _IN_WORDS and before.isalpha():
        return not text[position + 1 : position + 2].isalpha()
    if before in _IN_WORDS and after.isalpha():
        return not text[max(0, position - 2) : position - 1].isalpha()
    return True


def likeliest_places(
    text: str,
    ends: npt.NDArray[np.int64],
    *,
    scores: npt.NDArray[np.float32],
    above: float,
    max_positions: int,
    within: tuple[int, int] | None = None,
    suits: Callable[[int], bool] | None = None,
) -> tuple[list[Place], list[Place]]:
    """Returns the places that score best and strictly above a bound, and the best of the others.

    Args:
        text: what the offsets count in.
        ends: (n,) int64, the ends of the text's tokens as character offsets.
        scores: (n,) float32: p(open marker) at each, or what it gains by demonstrations; none is
            at a score of minus infinity.
        above: τs.
        max_positions: k. The best stay; of equals, the earlier.
        within: the half-open range of offsets that counts; the whole text when None.
        suits: returns whether a call may stand at an offset; asked from the best on.

    Returns:
        The places to try, and of those that are not tried the best, k at most; both in text order.

    >>> ends = np.array([2, 7, 13]); chances = np.array([0.2, 0.05, 0.4], dtype=np.float32)
    >>> tried, untried = likeliest_places("It cost 1,400 dollars.", ends, scores=chances,
    ...     above=0.05, max_positions=5)
    >>> [place.position for place in tried], [place.position for place in untried]
    ([2, 13], [7])
    """
    start, end = within if within is not None else (0, len(text))
    there = np.flatnonzero((scores > -np.inf) & (ends >= start) & (ends < end))
    ranked = there[np.argsort(-scores[there], kind="stable")]
    tried: list[Place] = []
    untried: list[Place] = []
    # The comparison is made in float32, as the scores are: 0.05 is not above 0.05.
    passes = (scores[ranked] > np.float32(above)).tolist()
    found = zip(ranked.tolist(), ends[ranked].tolist(), scores[ranked].tolist(), strict=True)
    for (index, position, score), is_above in zip(found, passes, strict=True):
        if len(untried) == max_positions:
            break
        if is_place(text, position) and (suits is None or suits(position)):
            is_tried = is_above and len(tried) < max_positions
            (tried if is_tried else untried).append(Place(position, score, index))
    return _in_text_order(tried), _in_text_order(untried)


def _in_text_order(places: list[Place]) -> list[Place]:
    return sorted(places, key=lambda place: place.position)


def _is_wordlike(character: str) -> bool:
    return character.isalnum() or character == "_" or unicodedata.combining(character) > 0
