"""Texts, calls, rows and prompts as tokens, and where in a text its tokens end."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_INSIDE = -1  # where a token ends inside a character, there is no place


@dataclass(frozen=True, slots=True, eq=False)
class EncodedText:
    """A text's tokens and where each of them ends."""

    ids: tuple[int, ...]
    ends: np.ndarray  # (tokens,) int64, character offsets; -1 inside a character

    @property
    def inner(self) -> np.ndarray:
        """Returns (places,) int64: the indices of the tokens after which a call may come."""
        return np.flatnonzero(self.ends[:-1] > 0)

    @property
    def whole(self) -> np.ndarray:
        """Returns (tokens,) int64: how many characters are whole after each token.

        >>> EncodedText((7, 8, 9), np.array([-1, 2, 3])).whole
        array([0, 2, 3])
        """
        return np.maximum.accumulate(np.maximum(self.ends, 0))

    def tokens_before(self, position: int) -> int | None:
        """Returns how many tokens precede a place; None where there is no place.

        >>> encoded = EncodedText((7, 8, 9), np.array([2, 5, 6]))
        >>> [encoded.tokens_before(position) for position in (0, 2, 3, 5, 6)]
        [0, 1, None, 2, None]
        """
        if position == 0:
            return 0 if self.ids else None
        # Ends grow with the index, but for those inside a character.
        index = int(np.searchsorted(np.maximum.accumulate(self.ends), position))
        return index + 1 if index < len(self.ids) - 1 and self.ends[index] == position else None


@dataclass(frozen=True, slots=True)
class EncodedCall:
    """A call's `CallPieces`, each encoded on its own."""

    lead: tuple[int, ...]
    arguments: tuple[int, ...]
    arrow: tuple[int, ...]
    output: tuple[int, ...]
    close: tuple[int, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        """All of the call."""
        return self.lead + self.arguments + self.arrow + self.output + self.close


@dataclass(frozen=True, slots=True)
class EncodedRow:
    """A text with its calls in it; no start token."""

    ids: tuple[int, ...]
    supplied: tuple[bool, ...]  # per token: of an arrow, output or close, or what else is supplied
    calls: tuple[range, ...]  # where the tokens of each call lie, in order
    prompt: int = 0  # how many tokens stand in the prompt


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """A prompt's tokens: what all texts of a tool share, and what is this text's own."""

    shared: tuple[int, ...]  # the start token included
    own: tuple[int, ...]


def ends_of(offsets: Sequence[tuple[int, int]]) -> np.ndarray:
    """Returns where tokens end, by their offsets; a token whose successor overlaps ends inside.

    A token of no width ends where there is a place already.

    >>> ends_of([(0, 2), (2, 3), (2, 3), (3, 5), (5, 5)])
    array([ 2, -1,  3,  5, -1])
    """
    if not offsets:
        return np.zeros(0, dtype=np.int64)
    spans = np.array(offsets, dtype=np.int64)  # (tokens, 2)
    starts, ends = spans[:, 0], spans[:, 1].copy()
    ends[:-1][starts[1:] < ends[:-1]] = _INSIDE
    ends[1:][ends[1:] <= np.maximum.accumulate(ends)[:-1]] = _INSIDE
    ends[ends == 0] = _INSIDE
    return ends
