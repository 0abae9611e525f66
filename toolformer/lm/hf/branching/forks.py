"""Token sequences that begin alike, laid out in one row: what they share is there once.

Numbers only: no model, no cache. A row that forks needs a mask, so it is for the ways of decoding
that are exact under any; the others get a sequence a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Fork:
    """How the tokens of a row follow each other, and after which of them logits are asked for."""

    before: tuple[int, ...]  # of each token, which one it follows; -1 at the row's start
    heads: tuple[int, ...]

    @classmethod
    def chain(cls, length: int, *, heads: int) -> "Fork":
        """Returns a row that does not fork, with logits after its last tokens."""
        return cls(tuple(range(-1, length - 1)), tuple(range(length - heads, length)))

    @property
    def depths(self) -> list[int]:
        """How many tokens stand before each of them.

        >>> Fork(before=(-1, 0, 1, 0), heads=(2, 3)).depths
        [0, 1, 2, 1]
        """
        depths: list[int] = []
        for parent in self.before:
            depths.append(0 if parent < 0 else depths[parent] + 1)
        return depths

    @property
    def is_chain(self) -> bool:
        """Whether each token follows the one in front of it."""
        return self.before == tuple(range(-1, len(self.before) - 1))

    def sees(self, width: int) -> np.ndarray:
        """Returns (width, width) bool: which tokens each one sees, itself and those before it.

        What pads the row sees itself alone.

        >>> Fork(before=(-1, 0, 0), heads=(1, 2)).sees(3).astype(int).tolist()
        [[1, 0, 0], [1, 1, 0], [1, 0, 1]]
        """
        seen = np.eye(width, dtype=bool)
        for token, parent in enumerate(self.before):
            if parent >= 0:
                seen[token] |= seen[parent]
        return seen


class Trie:
    """Token sequences, added one by one."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self._before: list[int] = []
        self._children: dict[tuple[int, int], int] = {}
        self._heads: dict[int, int] = {}  # which logits are those after a token

    def add(self, ids: Sequence[int], *, heads: int) -> list[int]:
        """Adds a sequence.

        Args:
            ids: of the sequence.
            heads: after how many of its last tokens logits are asked for.

        Returns:
            For each of these, which of the row's logits are its.

        >>> trie = Trie()
        >>> trie.add([5, 6, 7], heads=2), trie.add([5, 6, 8], heads=2)
        ([0, 1], [0, 2])
        >>> trie.ids, trie.fork.before, trie.fork.heads
        ([5, 6, 7, 8], (-1, 0, 1, 1), (1, 2, 3))
        """
        node = -1
        found: list[int] = []
        for index, token in enumerate(ids):
            key = node, token
            if key not in self._children:
                self._children[key] = len(self.ids)
                self.ids.append(token)
                self._before.append(node)
            node = self._children[key]
            if index >= len(ids) - heads:
                found.append(self._heads.setdefault(node, len(self._heads)))
        return found

    @property
    def fork(self) -> Fork:
        """How its tokens follow each other."""
        return Fork(tuple(self._before), tuple(self._heads))


def depths_of(forks: Sequence[Fork | None], lengths: Sequence[int], width: int) -> np.ndarray:
    """Returns (rows, width) int64: how many of its row's tokens stand before each.

    Where a row is padded, as before its last: that is within the context.

    >>> depths_of([None, Fork((-1, 0, 0), (1, 2))], [2, 3], 4)
    array([[0, 1, 1, 1],
           [0, 1, 1, 1]])
    """
    depths: np.ndarray = np.minimum(np.arange(width), np.array(lengths)[:, None] - 1)
    for row, fork in enumerate(forks):
        if fork is not None:
            depths[row, : lengths[row]] = fork.depths
            depths[row, lengths[row] :] = depths[row, lengths[row] - 1]
    return depths


def seen_of(forks: Sequence[Fork | None], width: int) -> np.ndarray:
    """Returns (rows or 1, width, width) bool: which of its row's tokens each token sees."""
    chain = np.tril(np.ones((width, width), dtype=bool))
    if all(fork is None or fork.is_chain for fork in forks):
        return chain[None]
    return np.stack([chain if fork is None else fork.sees(width) for fork in forks])
