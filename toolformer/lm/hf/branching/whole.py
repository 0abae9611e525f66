"""Branches decoded in whole rows, nothing kept: for models that cannot be continued from a cache.

A recurrent layer keeps one state, that of its row's end, and no place before it can be returned to.
So each step forwards every branch from its prompt on: exact, and slow.
"""

from collections.abc import Sequence
from typing import final

import torch

from toolformer.lm.hf.branching.branches import BranchStart
from toolformer.lm.hf.forward import Forward, Purpose, logits_after


@final  # so that a type checker can tell it from the decoders that take a cache
class FullRowDecoder:
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
    def cached_tokens(seen: Sequence[int], *, head: int) -> int:  # noqa: ARG004
        """Returns 0: nothing is kept."""
        return 0

    def start(self, leads: Sequence[BranchStart], *, purpose: Purpose = "decode") -> torch.Tensor:
        """Forwards the leads; returns (heads, vocabulary) logits."""
        self._rows = [[*self._texts[lead.row][: lead.seen], *lead.ids] for lead in leads]
        before = [lead.seen for lead in leads]
        heads = [
            [seen + head for head in lead.heads] for seen, lead in zip(before, leads, strict=True)
        ]
        return logits_after(self._forward, self._rows, purpose=purpose, heads=heads)

    def step(self, parents: Sequence[int], tokens: Sequence[int]) -> torch.Tensor:
        """Continues some of the branches, each by one token."""
        said = zip(parents, tokens, strict=True)
        self._rows = [[*self._rows[parent], token] for parent, token in said]
        return logits_after(self._forward, self._rows, purpose="decode")
