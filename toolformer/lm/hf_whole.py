"""Branches decoded in whole rows, nothing kept: for models that cannot be gone on from.

A recurrent layer keeps one state, that of its row's end, and no place before it can be returned to.
So each step forwards every branch from its prompt on: exact, and slow.
"""

from collections.abc import Sequence
from typing import final

import torch

from toolformer.lm.hf_branches import Lead, Rooted
from toolformer.lm.hf_forward import Forward, Purpose


@final  # so that a type checker can tell it from the decoders that take a cache
class Whole:
    """Implements `Decoder`.

    Args:
        forward: runs the model.
        texts: the tokens of each text, its prompt's included.
    """

    def __init__(self, forward: Forward, texts: Sequence[Sequence[int]]) -> None:
        self._forward = forward
        self._texts = texts
        self._rows: list[list[int]] = []  # of each branch: all its tokens

    @staticmethod
    def cached_tokens(rooted: Sequence[Rooted], *, head: int) -> int:  # noqa: ARG004
        """Returns 0: nothing is kept."""
        return 0

    def start(self, leads: Sequence[Lead]) -> torch.Tensor:
        """Forwards the leads; returns (leads, vocabulary) logits."""
        self._rows = [[*self._texts[lead.row][: lead.seen], *lead.ids] for lead in leads]
        return logits_after(self._forward, self._rows, purpose="decode")

    def step(self, parents: Sequence[int], tokens: Sequence[int]) -> torch.Tensor:
        """Goes on from some of the branches, each with one token."""
        said = zip(parents, tokens, strict=True)
        self._rows = [[*self._rows[parent], token] for parent, token in said]
        return logits_after(self._forward, self._rows, purpose="decode")


def logits_after(
    forward: Forward, rows: Sequence[Sequence[int]], *, purpose: Purpose
) -> torch.Tensor:
    """Forwards whole rows in batches of like lengths, without a cache.

    Returns:
        (rows, vocabulary) float32, after each row's last token.
    """
    order: list[int] = []
    parts: list[torch.Tensor] = []

    def run(batch: list[int]) -> None:
        parts.append(padded_logits(forward, [rows[index] for index in batch], purpose=purpose))
        order.extend(batch)

    planned = forward.plan_dense([len(row) for row in rows], head_rows=[1] * len(rows))
    forward.in_batches(planned, run)
    places = sorted(range(len(order)), key=order.__getitem__)
    return torch.cat(parts)[forward.tensor(places)]


def padded_logits(
    forward: Forward, rows: Sequence[Sequence[int]], *, purpose: Purpose
) -> torch.Tensor:
    """Forwards whole rows as one batch; returns (rows, vocabulary) after each row's last token.

    They are padded on the right without a mask: no state flows back from there.
    """
    ids = forward.padded(rows)
    width = ids.shape[1]
    return forward.logits(
        ids,
        forward.tensor([n * width + len(row) - 1 for n, row in enumerate(rows)]),
        purpose=purpose,
        padding=ids.numel() - sum(map(len, rows)),
    )
