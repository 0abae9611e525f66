"""The longest part of a text that has at most so many tokens, in any script, with any tokenizer.

Pure text: a tokenizer is what tells where tokens end. Characters may be many tokens, and a run of
characters that a tokenizer does not know may have an end of a token only behind all of it.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

# Gives (tokens,) int64 for a text: per token, how many characters are whole once it is said.
TokenEnds = Callable[[str], npt.NDArray[np.int64]]


def beginning(text: str, token_ends: TokenEnds, *, tokens: int) -> str:
    """Returns the longest beginning found that has at most so many tokens by itself.

    It ends where a token ends, where that is possible; it is empty only where the text is, or
    where not even its first character fits.

    >>> def bytewise(text):
    ...     said = text.encode()
    ...     whole = [said[: n + 1].decode(errors="ignore") for n in range(len(said))]
    ...     return np.array(list(map(len, whole)))
    >>> beginning("aя世b", bytewise, tokens=5), beginning("世", bytewise, tokens=2)
    ('aя', '')
    """
    ends = token_ends(text)
    if len(ends) <= tokens:
        return text
    last = tokens - 1
    while last >= 0 and ends[last] > 0:
        part = text[: ends[last]]
        excess = len(token_ends(part)) - tokens
        if excess <= 0:
            return part
        last -= excess
    first = int(ends[ends > 0][0]) if ends.any() else len(text)
    return _halved(text[:first], token_ends, tokens, side=-1)


def ending(text: str, token_ends: TokenEnds, *, tokens: int) -> str:
    """Returns the longest ending found that has at most so many tokens by itself.

    >>> words = lambda text: np.array([n for n in range(1, len(text) + 1) if text[n:n + 1] in " "])
    >>> ending("a b c d", words, tokens=2)
    ' c d'
    """
    ends = token_ends(text)
    if len(ends) <= tokens:
        return text
    first = len(ends) - tokens  # the first token that stays
    while first < len(ends) and ends[first - 1] < len(text):
        part = text[ends[first - 1] :]
        excess = len(token_ends(part)) - tokens
        if excess <= 0:
            return part
        first += excess
    earlier = ends[ends < ends[-1]]
    last = int(earlier[-1]) if len(earlier) else 0
    return _halved(text[last:], token_ends, tokens, side=1)


def _halved(text: str, token_ends: TokenEnds, tokens: int, *, side: int) -> str:
    """Returns the first (-1) or last half of a text, of this the half, and so on, until it fits."""
    while text and len(token_ends(text)) > tokens:
        size = len(text) // 2
        text = text[:size] if side < 0 else text[len(text) - size :]
    return text
