"""Keys and values of one layer in buffers with room: written in place, never concatenated."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch

Pair = tuple[torch.Tensor, torch.Tensor]  # keys and values, (rows, heads, tokens, width) each
Index = slice | torch.Tensor | Sequence[int]  # of rows


@dataclass(slots=True)
class KVBuffer:
    """A layer's keys and values, (rows, heads, slots, width) each.

    Which rows and slots are used is for its owner to know. What a mask hides is still multiplied,
    by zero, so it must be a number: whoever shows unused slots to a model asks for `cleared` ones.
    """

    keys: torch.Tensor
    values: torch.Tensor

    @classmethod
    def like(
        cls, pair: Pair, *, slots: int, rows: int | None = None, cleared: bool = False
    ) -> Self:
        """Returns buffers for what is shaped like some keys and values.

        Args:
            pair: keys and values.
            slots: tokens of a row.
            rows: as many as the pair has when None.
            cleared: whether they are zero.
        """
        keys, values = (_empty(each, rows, slots, cleared=cleared) for each in pair)
        return cls(keys, values)

    @property
    def rows(self) -> int:
        """How many rows there is room for."""
        return self.keys.shape[0]

    @property
    def slots(self) -> int:
        """How many tokens of a row there is room for."""
        return self.keys.shape[2]

    def put(self, pair: Pair, *, start: int, rows: Index = slice(None)) -> None:
        """Writes tokens of some rows from a slot on."""
        for buffer, new in zip((self.keys, self.values), pair, strict=True):
            buffer[rows, :, start : start + new.shape[2]] = new

    def clear(self, *, start: int, rows: slice) -> None:
        """Makes the slots of some rows zero from one on."""
        self.keys[rows, :, start:] = 0
        self.values[rows, :, start:] = 0

    def part(self, end: int, *, start: int = 0, rows: slice = slice(None)) -> Pair:
        """Returns views of a run of slots."""
        return self.keys[rows, :, start:end], self.values[rows, :, start:end]

    def resize(
        self,
        *,
        used: int,
        rows: int | None = None,
        slots: int | None = None,
        cleared: bool = False,
    ) -> None:
        """Moves to larger or smaller buffers; the first tokens of the rows that fit come along.

        Args:
            used: how many tokens of each row.
            rows: as many as now when None.
            slots: as many as now when None.
            cleared: whether the rest is zero.
        """
        rows, slots = rows or self.rows, slots or self.slots
        moved = KVBuffer.like((self.keys, self.values), rows=rows, slots=slots, cleared=cleared)
        kept = slice(min(rows, self.rows))
        moved.put(self.part(min(used, slots), rows=kept), start=0, rows=kept)
        self.keys, self.values = moved.keys, moved.values

    def select(self, rows: torch.Tensor, *, used: int, slots: int | None = None) -> None:
        """Keeps the first tokens of some rows, in this order, in buffers of as many rows."""
        selected = KVBuffer.like(
            (self.keys, self.values), rows=len(rows), slots=self.slots if slots is None else slots
        )
        keys, values = self.part(used)
        selected.put((keys.index_select(0, rows), values.index_select(0, rows)), start=0)
        self.keys, self.values = selected.keys, selected.values

    def copy_rows(self, sources: Index, targets: Index, *, used: int) -> None:
        """Writes the first tokens of some rows over those of others; two rows can be exchanged."""
        for buffer in (self.keys, self.values):
            buffer[targets, :, :used] = buffer[sources, :, :used]


def _empty(like: torch.Tensor, rows: int | None, slots: int, *, cleared: bool) -> torch.Tensor:
    shape = (like.shape[0] if rows is None else rows, like.shape[1], slots, like.shape[3])
    return like.new_zeros(shape) if cleared else like.new_empty(shape)
