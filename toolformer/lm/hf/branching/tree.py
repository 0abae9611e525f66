"""Branches decoded without copies: one row per text, its branches told apart by a mask.

Every step appends one slot per branch to its text's keys and values. A branch sees its text up to
its place and its own slots; explicit positions make it stand where a plain row would have it.
"""

from collections.abc import Sequence

import numpy as np
import torch

from toolformer.lm.hf.branching.branches import BranchStart
from toolformer.lm.hf.branching.cache import RoomyCache
from toolformer.lm.hf.branching.forks import depths_of, seen_of
from toolformer.lm.hf.forward import Forward, Purpose

ROOM = 16  # slots to allocate for what each branch will say; more are when it says more


class Tree:
    """Implements `Decoder`; the trunk is not changed."""

    def __init__(self, forward: Forward, trunk: RoomyCache) -> None:
        self._forward = forward
        self._trunk = trunk
        self._rows: list[int] = []  # of each branch: which row of the cache
        self._columns: list[int] = []  # and which of that row's branches it is
        self._depths: list[int] = []  # and its next token's position
        self._height = 0  # rows of the cache
        self._cache: RoomyCache
        self._visible: torch.Tensor  # (rows, branches, slots) bool

    @staticmethod
    def cached_tokens(seen: Sequence[int], *, head: int) -> int:  # noqa: ARG004
        """Returns the tokens of the text with its prompt, there once."""
        return max(seen)

    def start(self, leads: Sequence[BranchStart], *, purpose: Purpose = "decode") -> torch.Tensor:
        """Forwards the leads; returns (heads, vocabulary) logits."""
        forward = self._forward
        texts = sorted({lead.row for lead in leads})
        place = {text: row for row, text in enumerate(texts)}
        self._height = len(texts)
        self._seat([place[lead.row] for lead in leads])
        length = max(lead.seen for lead in leads)
        width = max(len(lead.ids) for lead in leads)
        across = max(self._columns) + 1
        slots = across * width
        self._cache = self._trunk.selected(
            forward.tensor(texts), length=length, room=length + slots + ROOM * across
        )
        padded = [[*lead.ids, *[0] * (width - len(lead.ids))] for lead in leads]
        ids = forward.tensor(self._table(padded, across))
        seen = forward.tensor(self._table([lead.seen for lead in leads], across))
        count = forward.tensor(self._table([len(lead.ids) for lead in leads], across))
        order = torch.arange(width, device=forward.device)
        forks = [lead.fork for lead in leads]
        depths = depths_of(forks, [len(lead.ids) for lead in leads], width)
        deep = forward.tensor(self._table(depths, across))
        trunk = torch.arange(length, device=forward.device) < seen[..., None]
        self._visible = torch.cat([trunk, _own(order < count[..., None]).flatten(2)], dim=-1)
        mask = self._visible[:, :, None].expand(-1, -1, width, -1).clone()
        own = np.broadcast_to(seen_of(forks, width), (len(leads), width, width))
        sees = forward.tensor(self._table(own, across), torch.bool)
        mask[..., length:] &= sees.repeat(1, 1, 1, across)
        self._depths = [lead.seen + len(lead.ids) for lead in leads]
        return forward.logits(
            ids.flatten(1),
            forward.tensor(
                [
                    row * slots + column * width + head
                    for lead, row, column in zip(leads, self._rows, self._columns, strict=True)
                    for head in lead.heads
                ]
            ),
            purpose=purpose,
            padding=ids.numel() - sum(len(lead.ids) for lead in leads),
            cache=self._cache,
            mask=mask.flatten(1, 2)[:, None],
            positions=(seen[..., None] + deep).flatten(1),
        )

    def step(self, parents: Sequence[int], tokens: Sequence[int]) -> torch.Tensor:
        """Continues some of the branches, each by one token."""
        forward = self._forward
        columns = [self._columns[parent] for parent in parents]
        self._depths = [self._depths[parent] for parent in parents]
        self._seat([self._rows[parent] for parent in parents])
        self._drop_finished_rows()
        across = max(self._columns) + 1
        ids = forward.tensor(self._table(tokens, across))
        parent = forward.tensor(self._table(columns, across))
        positions = forward.tensor(self._table(self._depths, across))
        seen = self._visible.gather(1, parent[..., None].expand(-1, -1, self._visible.shape[-1]))
        own = torch.eye(across, dtype=torch.bool, device=forward.device)
        self._visible = torch.cat([seen, own.expand(self._height, -1, -1)], dim=-1)
        self._depths = [depth + 1 for depth in self._depths]
        seats = zip(self._rows, self._columns, strict=True)
        return forward.logits(
            ids,
            forward.tensor([row * across + column for row, column in seats]),
            purpose="decode",
            padding=ids.numel() - len(tokens),
            cache=self._cache,
            mask=self._visible[:, None],
            positions=positions,
        )

    def _table(self, values: Sequence[object] | np.ndarray, across: int) -> np.ndarray:
        """Lays out one value or row of values per branch as (rows, branches, ...) int64."""
        array = np.asarray(values, dtype=np.int64)
        table = np.zeros((self._height, across, *array.shape[1:]), dtype=np.int64)
        table[self._rows, self._columns] = array
        return table

    def _seat(self, rows: list[int]) -> None:
        """Gives each branch the next free column of its row."""
        free: dict[int, int] = {}
        self._rows, self._columns = rows, []
        for row in rows:
            self._columns.append(free.get(row, 0))
            free[row] = self._columns[-1] + 1

    def _drop_finished_rows(self) -> None:
        """Leaves out texts without branches, once they are a quarter: each time copies the rest."""
        alive = sorted(set(self._rows))
        if len(alive) > 0.75 * self._height:
            return
        rows = self._forward.tensor(alive)
        self._cache.select_rows(rows)
        self._visible = self._visible.index_select(0, rows)
        place = {row: index for index, row in enumerate(alive)}
        self._rows = [place[row] for row in self._rows]
        self._height = len(alive)


def _own(said: torch.Tensor) -> torch.Tensor:
    """Returns (rows, branches, branches, tokens) bool: a branch's own tokens, none of another's.

    Args:
        said: (rows, branches, tokens) bool, false where a shorter lead is padded.
    """
    same = torch.eye(said.shape[1], dtype=torch.bool, device=said.device)
    return same[None, :, :, None] & said[:, None]
