"""The names that may be written, as a tree of their tokens. Knows no model and no text.

A node with a run of following tokens below it holds these as a range, however many there are: so a
catalogue of which each name is a token of its own costs a step no list of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(frozen=True, slots=True, eq=False)
class TrieNode:
    """A beginning of names: what may follow it, or the name that it is."""

    tokens: Sequence[int]  # that may follow, ascending; a range where none is left out
    children: Mapping[int, "TrieNode"] = field(default_factory=dict)  # but for names that end
    names: Mapping[int, int] = field(default_factory=dict)  # by their last token, of those that end


class Trie:
    """Names by their tokens; none begins with another, so that none needs an end.

    >>> trie = Trie([(5,), (6,), (9, 1), (9, 2)])
    >>> trie.root.tokens, trie.root.children[9].tokens, trie.root.names
    ([5, 6, 9], range(1, 3), {5: 0, 6: 1})
    """

    def __init__(self, names: Iterable[Sequence[int]]) -> None:
        """Makes a trie; a name is known by its number, in this order.

        Raises:
            ValueError: a name is empty, or begins with another.
        """
        tree: dict[int, object] = {}
        self.names = 0
        for name in names:
            if not name:
                raise ValueError("a name has no token")
            node = tree
            for token in name[:-1]:
                below = node.setdefault(token, {})
                if not isinstance(below, dict):
                    raise ValueError(f"name {self.names} begins with name {below}")
                node = below
            if name[-1] in node:
                raise ValueError(f"name {self.names} is, or begins, another")
            node[name[-1]] = self.names
            self.names += 1
        self.root = _node(tree)


def _node(tree: Mapping[int, object]) -> TrieNode:
    ordered = sorted(tree)
    is_run = all(second - first == 1 for first, second in pairwise(ordered))
    tokens = range(ordered[0], ordered[-1] + 1) if ordered and is_run else ordered
    return TrieNode(
        tokens,
        {token: _node(below) for token, below in tree.items() if isinstance(below, dict)},
        {token: number for token, number in tree.items() if isinstance(number, int)},
    )
