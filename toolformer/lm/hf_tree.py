"""Branches decoded without copies: one row per text, its branches told apart by a mask.

Every step appends one slot per branch to its text's keys and values. A branch sees its text up to
its place and its own slots; explicit positions make it stand where a plain row would have it.
"""

from collections.abc import Sequence

import torch

from toolformer.lm.hf_branches import Lead
from toolformer.lm.hf_cache import RoomyCache
from toolformer.lm.hf_forward import Forward

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

    def start(self, leads: Sequence[Lead]) -> torch.Tensor:
        """Forwards the leads; returns (leads, vocabulary) logits."""
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
        # Tensors are (rows, branches, tokens of the lead), flat when given to the model.
        ids, seen, count = (
            torch.zeros(self._height, across, *more, dtype=torch.int64)
            for more in ((width,), (), ())
        )
        for lead, row, column in zip(leads, self._rows, self._columns, strict=True):
            ids[row, column, : len(lead.ids)] = torch.tensor(lead.ids)
            seen[row, column], count[row, column] = lead.seen, len(lead.ids)
        ids, seen, count = (each.to(forward.device) for each in (ids, seen, count))
        order = torch.arange(width, device=forward.device)
        trunk = torch.arange(length, device=forward.device) < seen[..., None]
        said = order < count[..., None]  # (rows, branches, width): no padding of a shorter lead
        own = torch.eye(across, dtype=torch.bool, device=forward.device)[None, :, :, None]
        own = own & said[:, None]  # (rows, branches, branches, width)
        causal = order[:, None] >= order[None, :]
        mask = torch.cat(
            [
                trunk[:, :, None].expand(-1, -1, width, -1),
                (own[:, :, None] & causal[None, None, :, None, :]).flatten(3),
            ],
            dim=-1,
        )
        logits = forward.logits(
            ids.flatten(1),
            forward.tensor(
                [
                    row * slots + column * width + len(lead.ids) - 1
                    for lead, row, column in zip(leads, self._rows, self._columns, strict=True)
                ]
            ),
            purpose="decode",
            padding=ids.numel() - sum(len(lead.ids) for lead in leads),
            cache=self._cache,
            mask=mask.flatten(1, 2)[:, None],
            positions=(seen[..., None] + order).flatten(1),
        )
        self._visible = torch.cat([trunk, own.flatten(2)], dim=-1)
        self._depths = [lead.seen + len(lead.ids) for lead in leads]
        return logits

    def step(self, parents: Sequence[int], tokens: Sequence[int]) -> torch.Tensor:
        """Goes on from some of the branches, each with one token."""
        forward = self._forward
        columns = [self._columns[parent] for parent in parents]
        self._depths = [self._depths[parent] for parent in parents]
        self._seat([self._rows[parent] for parent in parents])
        self._drop_finished_rows()
        across = max(self._columns) + 1
        ids, parent, positions = (
            torch.zeros(self._height, across, dtype=torch.int64) for _ in range(3)
        )
        ids[self._rows, self._columns] = torch.tensor(tokens)
        parent[self._rows, self._columns] = torch.tensor(columns)
        positions[self._rows, self._columns] = torch.tensor(self._depths)
        ids, parent, positions = (each.to(forward.device) for each in (ids, parent, positions))
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
