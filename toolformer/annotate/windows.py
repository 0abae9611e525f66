"""A text as overlapping windows that fit a model.

A window is at once what the prompt shows, what is read for places, and the text that is scored.
Two windows share an overlap, and the places in it are divided at its middle: each place belongs to
one window, and has half an overlap of text on either side there, unless the text itself ends.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# How far a window's edge may move back to fall before white space instead of inside a word: one
# part in so many of the window.
_EDGE_SHARE = 8
# A long text is tokenised piece by piece: a first guess at the characters of a token, and where
# guessing stops (a text of white space has tokens of dozens of characters; a window of it is cut
# short rather than read without bound).
_TOKEN_CHARACTERS = 8
_LONGEST_TOKEN_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a text. Its own offsets start at 0; those of the text at `start`."""

    text: str
    start: int  # character offset of the window in its document
    first_token: int  # how many of the document's tokens lie before the window
    tokens: int
    places: tuple[int, int]  # half-open, in the window's own offsets: the places that belong to it


def whole(text: str, tokens: int) -> Window:
    """Returns the one window of a text that fits."""
    return Window(text, start=0, first_token=0, tokens=tokens, places=(0, len(text)))


def windows(
    text: str,
    token_ends: Callable[[str], npt.NDArray[np.int64]],
    *,
    window_tokens: int,
    overlap_tokens: int,
) -> Iterator[Window]:
    """Yields the windows of a text in order; memory is bounded by a window, not by the text.

    Args:
        text: any text, of any length.
        token_ends: gives the ends of a text's tokens as character offsets.
        window_tokens: the most tokens of a window.
        overlap_tokens: what a window shares with the one before; at most half of a window.

    >>> ends = lambda text: np.array([i for i in range(1, len(text) + 1) if text[i:i + 1] in " "])
    >>> for window in windows("a b c d e f g", ends, window_tokens=4, overlap_tokens=2):
    ...     print(repr(window.text), window.start, window.first_token, window.places)
    'a b c d' 0 0 (0, 5)
    ' c d e f' 3 2 (2, 6)
    ' e f g' 7 4 (2, 6)
    """
    start = first_token = owned = 0
    while True:
        piece, ends = _piece(text, start, token_ends, window_tokens=window_tokens)
        if start + len(piece) == len(text) and len(ends) <= window_tokens:
            yield Window(piece, start, first_token, len(ends), places=(owned - start, len(piece)))
            return
        slack = window_tokens // _EDGE_SHARE
        last = _edge(piece, ends, min(window_tokens, len(ends)) - 1, slack=slack)
        following = (
            _edge(piece, ends, last - overlap_tokens, slack=slack)
            if last > overlap_tokens
            else last
        )
        middle = int(ends[(following + last + 1) // 2])
        cut = int(ends[last])
        yield Window(piece[:cut], start, first_token, last + 1, places=(owned - start, middle))
        owned = start + middle
        start += int(ends[following])
        first_token += following + 1


def _piece(
    text: str, start: int, token_ends: Callable[[str], npt.NDArray[np.int64]], *, window_tokens: int
) -> tuple[str, npt.NDArray[np.int64]]:
    """Reads on from `start` until there is more than a window, or the text or the patience ends."""
    characters = (window_tokens + 1) * _TOKEN_CHARACTERS
    while True:
        piece = text[start : start + characters]
        ends = token_ends(piece)
        if (
            len(ends) > window_tokens
            or start + len(piece) == len(text)
            or characters > window_tokens * _LONGEST_TOKEN_CHARACTERS
        ):
            return piece, ends
        characters *= 2


def _edge(text: str, ends: npt.NDArray[np.int64], index: int, *, slack: int) -> int:
    """Returns the nearest token at or before `index` that ends before white space, else `index`."""
    for candidate in range(index, max(index - slack - 1, 0), -1):
        end = int(ends[candidate])
        if text[end : end + 1].isspace():
            return candidate
    return index
