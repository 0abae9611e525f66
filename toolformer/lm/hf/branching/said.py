"""The tokens that branches have said at each place, a tree, with their keys and values.

A call is sampled at a place first and scored there later. What it has in common with what was
sampled was forwarded then, and is read here instead of being forwarded again.
"""

from collections.abc import Sequence

import torch

from toolformer.lm.hf.kv_buffer import Pair

# A token that was said, by its number, or a place: a text's row, and its tokens before the place.
Node = int | tuple[int, int]


class Said:
    """What was said below the places of a trunk's texts."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[Node, int], int] = {}  # (what it follows, token) -> its number
        self._size = 0  # tokens, padding included
        self._forwards: list[list[Pair]] = []  # of each layer, (tokens, heads, width) each

    def add(
        self, behind: Sequence[Node], rows: Sequence[Sequence[int]], layers: Sequence[Pair]
    ) -> list[int]:
        """Takes in what one forward added to some branches, and returns their last tokens' numbers.

        Args:
            behind: what each of them follows.
            rows: their tokens, at least one each, one after the other.
            layers: the keys and values of the rows, padded on the right, of each layer.
        """
        width = layers[0][0].shape[2]
        ends: list[int] = []
        for row, (node, tokens) in enumerate(zip(behind, rows, strict=True)):
            for offset, token in enumerate(tokens):
                number = self._size + row * width + offset
                node = self._numbers.setdefault((node, token), number)
            assert isinstance(node, int), "a row without tokens"  # noqa: S101
            ends.append(node)
        self._size += len(rows) * width
        self._forwards.append([(_in_one_row(keys), _in_one_row(values)) for keys, values in layers])
        return ends

    def path(self, row: int, seen: int, ids: Sequence[int]) -> tuple[int, ...]:
        """Returns the numbers of the tokens that ids begin with, as far as they were said there."""
        found: list[int] = []
        node: Node = row, seen
        for token in ids:
            number = self._numbers.get((node, token))
            if number is None:
                break
            found.append(number)
            node = number
        return tuple(found)

    def tensors(self, numbers: torch.Tensor) -> list[Pair]:
        """Returns the keys and values of some tokens, (rows, heads, tokens, width), layer by layer.

        Args:
            numbers: (rows, tokens) int64.
        """
        if len(self._forwards) > 1:
            self._forwards = [[_joined(pairs) for pairs in zip(*self._forwards, strict=True)]]
        [layers] = self._forwards
        return [
            (keys[numbers].transpose(1, 2), values[numbers].transpose(1, 2))
            for keys, values in layers
        ]


def _in_one_row(rows: torch.Tensor) -> torch.Tensor:
    """Returns (rows * tokens, heads, width) for (rows, heads, tokens, width)."""
    return rows.transpose(1, 2).flatten(0, 1)


def _joined(pairs: Sequence[Pair]) -> Pair:
    keys, values = zip(*pairs, strict=True)
    return torch.cat(keys), torch.cat(values)
