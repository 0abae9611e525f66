"""A text as overlapping windows that fit a model.

A window is at once what the prompt shows, what is read for places, and the text that is scored.
Two windows share an overlap, and the places in it are divided at its middle: each place belongs to
one window, and has half an overlap of text on either side there, unless the text itself ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from toolformer.lm.fitting import TokenEnds, beginning

# How far a window's edge may move back to fall before white space instead of inside a word: one
# part in so many of the window.
_EDGE_SHARE = 8
# A long text is tokenised piece by piece: a first guess at the characters of a token, and where
# guessing stops (a text of white space has tokens of dozens of characters; a window of it is cut
# short rather than read without bound).
_TOKEN_CHARACTERS = 8
_LONGEST_TOKEN_CHARACTERS = 64
_GUESS = 4  # times the window before


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
    text: str, token_ends: TokenEnds, *, window_tokens: int, overlap_tokens: int
) -> Iterator[Window]:
    """Yields the windows of a text in order; memory is bounded by a window, not by the text.

    A window has at most `window_tokens` tokens by itself, whatever the text: where no token ends
    for so long, it is cut at some character, and of a character that is more tokens than a window
    there is a window with that alone. A stretch in which there is no token is a window without
    any. Neither has a place for a call.

    Args:
        text: any text, of any length.
        token_ends: of the model.
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
    most = characters = (window_tokens + 1) * _TOKEN_CHARACTERS
    while True:
        piece, ends = _piece(
            text, start, token_ends, window_tokens=window_tokens, characters=characters
        )
        if start + len(piece) == len(text) and len(ends) <= window_tokens:
            yield Window(piece, start, first_token, len(ends), places=(owned - start, len(piece)))
            return
        cut, tokens = _cut(piece, ends, token_ends, window_tokens=window_tokens)
        following = middle = cut
        last = _tokens_before(ends, cut) - 1
        if last > overlap_tokens:
            slack = window_tokens // _EDGE_SHARE
            index = _edge(piece, ends, last - overlap_tokens, slack=slack)
            if ends[index] > 0:
                following = int(ends[index])
                middle = int(ends[(_tokens_before(ends, following) + last) // 2])
        yield Window(piece[:cut], start, first_token, tokens, places=(owned - start, middle))
        owned = start + middle
        start += following
        characters = min(most, _GUESS * cut)  # where characters are many tokens, a window is short
        first_token += tokens if following == cut else _tokens_before(ends, following)


def _piece(
    text: str, start: int, token_ends: TokenEnds, *, window_tokens: int, characters: int
) -> tuple[str, npt.NDArray[np.int64]]:
    """Reads on from `start` until there is more than a window, or the text or the patience ends."""
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


def _cut(
    piece: str,
    ends: npt.NDArray[np.int64],
    token_ends: TokenEnds,
    *,
    window_tokens: int,
) -> tuple[int, int]:
    """Returns where a piece that is more than a window is cut, and how many tokens that leaves."""
    if not len(ends):
        return len(piece), 0
    slack = window_tokens // _EDGE_SHARE
    last = _edge(piece, ends, min(window_tokens, len(ends)) - 1, slack=slack)
    cut = int(ends[last])
    # The last token that lies within the piece may be said in more of them once nothing follows.
    tokens = len(token_ends(piece[:cut]))
    if cut == 0 or tokens > window_tokens:
        cut = len(beginning(piece, token_ends, tokens=window_tokens)) or 1
        tokens = len(token_ends(piece[:cut]))
    return cut, tokens


def _tokens_before(ends: npt.NDArray[np.int64], position: int) -> int:
    """Returns how many tokens it takes to say the characters before a position."""
    return int(np.searchsorted(ends, position)) + 1


def _edge(text: str, ends: npt.NDArray[np.int64], index: int, *, slack: int) -> int:
    """Returns the nearest token at or before `index` that ends before white space, else `index`."""
    for candidate in range(index, max(index - slack - 1, 0), -1):
        end = int(ends[candidate])
        if text[end : end + 1].isspace():
            return candidate
    return index
