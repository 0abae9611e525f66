"""Branches decoded over copies of their text's keys and values: for any attention.

Branches of like length are one batch without a gap, so no mask and no positions need be given.
Slow where there are many places; for models that cannot see a tree.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from toolformer.lm.hf.branching.branches import BranchStart
from toolformer.lm.hf.branching.cache import RoomyCache
from toolformer.lm.hf.forward import Forward, Purpose

ROOM = 16  # tokens to allocate for what a branch will say; more is allocated when it says more


@dataclass(slots=True)
class _Group:
    """Branches whose rows have the same length."""

    cache: RoomyCache
    members: list[int]  # which branches of the step, in the order of the rows


class Copies:
    """Implements `Decoder`; the trunk is not changed."""

    def __init__(self, forward: Forward, trunk: RoomyCache) -> None:
        self._forward = forward
        self._trunk = trunk
        self._groups: list[_Group] = []

    @staticmethod
    def cached_tokens(seen: Sequence[int], *, head: int) -> int:  # noqa: ARG004
        """Returns the tokens of the text with its prompt, for each row."""
        return sum(seen)

    def start(self, leads: Sequence[BranchStart], *, purpose: Purpose = "decode") -> torch.Tensor:
        """Forwards the leads; returns (heads, vocabulary) logits."""
        alike: dict[tuple[int, int], list[int]] = {}
        for index, lead in enumerate(leads):
            alike.setdefault((lead.seen, len(lead.ids)), []).append(index)
        parts = []
        for (seen, width), members in alike.items():
            rows = self._forward.tensor([leads[index].row for index in members])
            cache = self._trunk.selected(rows, length=seen, room=seen + width + ROOM)
            self._groups.append(_Group(cache, members))
            heads = [leads[index].heads for index in members]
            ids = [leads[index].ids for index in members]
            parts.append(self._run(cache, ids, heads, purpose=purpose))
        return self._in_order(parts, [len(lead.heads) for lead in leads])

    def step(self, parents: Sequence[int], tokens: Sequence[int]) -> torch.Tensor:
        """Continues some of the branches, each by one token."""
        children: dict[int, list[int]] = {}
        for child, parent in enumerate(parents):
            children.setdefault(parent, []).append(child)
        parts, groups = [], []
        for group in self._groups:
            rows = [row for row, each in enumerate(group.members) for _ in children.get(each, ())]
            members = [child for each in group.members for child in children.get(each, ())]
            if not members:
                continue
            if rows != list(range(len(group.members))):
                group.cache.select_rows(self._forward.tensor(rows))
            groups.append(_Group(group.cache, members))
            ids = [(tokens[child],) for child in members]
            parts.append(self._run(group.cache, ids, [(0,)] * len(members), purpose="decode"))
        self._groups = groups
        return self._in_order(parts, [1] * len(parents))

    def _run(
        self,
        cache: RoomyCache,
        rows: Sequence[Sequence[int]],
        heads: Sequence[Sequence[int]],
        *,
        purpose: Purpose,
    ) -> torch.Tensor:
        width = len(rows[0])
        asked = [width * row + head for row, own in enumerate(heads) for head in own]
        ids, wanted = self._forward.tensor(rows), self._forward.tensor(asked)
        return self._forward.logits(ids, wanted, purpose=purpose, cache=cache)

    def _in_order(self, parts: Sequence[torch.Tensor], counts: Sequence[int]) -> torch.Tensor:
        """Joins the groups' logits, of each member so many, in the order of the members."""
        members = [n for group in self._groups for n in group.members for _ in range(counts[n])]
        order = sorted(range(len(members)), key=members.__getitem__)
        return torch.cat(list(parts))[self._forward.tensor(order)]
