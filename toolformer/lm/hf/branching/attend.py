"""Attention to several parts of a row's past: each is attended to alone, and what is found merged.

A softmax over several parts is the sum of theirs, each weighed by its share of exp(score). Tensors
only: no model, no cache. A *query* here is one of a row's questions to one head's keys: its tokens,
times the heads that share those keys. Scores are scaled already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch

# In rows of padding that take as long, measured with texts of 200 tokens:
BLOCK_COST = 24  # another block's products
READ_COST = 4  # reading the keys and values of a group
MOST_HALVINGS = 3  # into eight blocks: groups may be thousands, and this is planned at every step


@dataclass(frozen=True, slots=True)
class Attended:
    """The result of queries over one part."""

    values: torch.Tensor  # (..., queries, width): the part's values, mixed
    log_sums: torch.Tensor  # (..., queries) float32: log Σ exp(score) over the part's tokens


@dataclass(frozen=True, slots=True)
class Places:
    """The places of rows in a table in which other places are empty."""

    index: torch.Tensor  # (rows * heads,) int64
    size: int  # of the table

    def spread(self, asked: torch.Tensor) -> torch.Tensor:
        """Puts the queries of rows, (rows, heads, queries, width), into (size, queries, width)."""
        # Nothing reads what is computed in empty places; zeros keep it from being slow.
        table = asked.new_zeros(self.size, *asked.shape[2:])
        return table.index_copy_(0, self.index, asked.flatten(0, 1))

    def gather(self, table: Attended) -> Attended:
        """Returns what the rows found, (rows * heads, ...), out of (size, ...)."""
        return Attended(
            table.values.index_select(0, self.index), table.log_sums.index_select(0, self.index)
        )


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring groups of rows that see the same keys, as if each had as many rows."""

    groups: slice
    across: int  # rows of the group that has most
    mask: torch.Tensor  # (groups, 1, across, 1, tokens), added to the scores; cuts the keys, too


def attend(
    asked: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    *,
    mask: torch.Tensor | None = None,
    shape: Sequence[int] = (),
) -> Attended:
    """Attends to one part.

    Args:
        asked: (batch, queries, width).
        keys: (batch, tokens, width).
        values: (batch, tokens, width).
        mask: added to the scores as they are in another shape.
        shape: of that, without the tokens.
    """
    scores = torch.bmm(asked, keys.transpose(1, 2))
    if mask is not None:
        scores.view(*shape, scores.shape[-1]).add_(mask)
    weights = scores.softmax(dim=-1, dtype=torch.float32)
    # The largest weight is exp(0) / Σ exp(score - largest score).
    log_sums = scores.amax(dim=-1).float() - weights.amax(dim=-1).log()
    return Attended(torch.bmm(weights.to(values.dtype), values), log_sums)


def attend_alike(asked: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> Attended:
    """Lets all rows attend to the same keys and values.

    Args:
        asked: (rows, heads, queries, width).
        keys: (1, heads, tokens, width).
        values: (1, heads, tokens, width).

    Returns:
        (rows * heads, queries, width) and (rows * heads, queries).
    """
    rows, heads, queries, width = asked.shape
    flat = asked.transpose(0, 1).reshape(heads, rows * queries, width)
    found = attend(flat, keys[0], values[0])
    return Attended(
        found.values.view(heads, rows, queries, -1).transpose(0, 1).flatten(0, 1),
        found.log_sums.view(heads, rows, queries).transpose(0, 1).flatten(0, 1),
    )


def attend_in_blocks(
    asked: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    *,
    places: Places,
    blocks: Sequence[Block],
) -> Attended:
    """Lets each row attend to the keys of its group.

    Args:
        asked: (rows, heads, queries, width).
        keys: (groups, heads, tokens, width).
        values: (groups, heads, tokens, width).
        places: of the rows, in a table by blocks, their groups, heads, and rows of a group.
        blocks: of all groups that have rows, in their order.

    Returns:
        (rows * heads, queries, width) and (rows * heads, queries).
    """
    heads, queries, width = asked.shape[1:]
    table = places.spread(asked)
    found: list[Attended] = []
    first = 0
    for block in blocks:
        count, *_, seen = block.mask.shape
        size = count * heads * block.across
        # Flat views: a product of four dimensions would copy keys and values first.
        each = attend(
            table[first : first + size].view(count * heads, block.across * queries, width),
            keys[block.groups, :, :seen].flatten(0, 1),
            values[block.groups, :, :seen].flatten(0, 1),
            mask=block.mask,
            shape=(count, heads, block.across, queries),
        )
        shape = (size, queries)
        found.append(Attended(each.values.view(*shape, -1), each.log_sums.view(shape)))
        first += size
    return places.gather(_joined(found))


def _joined(found: Sequence[Attended]) -> Attended:
    if len(found) == 1:
        return found[0]
    return Attended(
        torch.cat([each.values for each in found]), torch.cat([each.log_sums for each in found])
    )


def merge(found: Sequence[Attended]) -> torch.Tensor:
    """Returns what queries find in several parts as if these were one, (..., queries, width)."""
    weights = torch.stack([each.log_sums for each in found]).softmax(dim=0).unsqueeze(-1)
    merged = found[0].values * weights[0].to(found[0].values.dtype)
    for each, weight in zip(found[1:], weights[1:], strict=True):
        merged.addcmul_(each.values, weight.to(merged.dtype))
    return merged


def plan_blocks(counts: Sequence[int]) -> list[slice]:
    """Cuts groups, whose rows are counted, into blocks of which none is padded much.

    >>> plan_blocks([20] * 8 + [2] * 40)
    [slice(0, 8, None), slice(8, 48, None)]
    >>> plan_blocks([3, 2, 3])
    [slice(0, 3, None)]
    """
    blocks: list[slice] = []

    def cut(start: int, end: int, halvings: int = 0) -> None:
        """Cuts where two blocks cost least, and these again, while that costs less than one."""
        if halvings == MOST_HALVINGS:
            blocks.append(slice(start, end))
            return
        widest = list(accumulate(counts[start:end], max))
        widest_behind = list(accumulate(reversed(counts[start:end]), max))[::-1]
        least, at = _cost(end - start, widest[-1]) - BLOCK_COST, start
        for before in range(1, end - start):
            cost = _cost(before, widest[before - 1])
            cost += _cost(end - start - before, widest_behind[before])
            if cost < least:
                least, at = cost, start + before
        if at == start:
            blocks.append(slice(start, end))
        else:
            cut(start, at, halvings + 1)
            cut(at, end, halvings + 1)

    cut(0, len(counts))
    return blocks


def _cost(groups: int, across: int) -> int:
    return groups * (across + READ_COST) if across else 0
