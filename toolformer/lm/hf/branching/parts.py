"""Attention over keys and values that many rows share: each part of them is read once.

A row sees the prompt that all texts share, one text as far as its place, and its own tokens. Its
own are kept at a seat of buffers that grow in place; the prompt's and the texts' are never copied.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import cast

import torch
from transformers import AttentionInterface
from transformers.cache_utils import Cache

from toolformer.lm.hf.backend import Backend
from toolformer.lm.hf.branching.attend import (
    Attended,
    Block,
    Places,
    attend,
    attend_alike,
    attend_in_blocks,
    merge,
)
from toolformer.lm.hf.branching.cache import RoomyCache
from toolformer.lm.hf.kv_buffer import KVBuffer, Pair

NAME = "toolformer_parts"  # what transformers calls this attention
# Memory that is touched for the first time is slow, and most rows say little: little is allocated
# ahead, and more when a row says more.
ROOM = 8  # tokens


@dataclass(frozen=True, slots=True)
class RowLayout:
    """Where the rows of one forward belong."""

    seats: torch.Tensor  # (rows,) int64: of the buffers
    own_places: Places | None  # among all seats; None where the rows are these, in their order
    own_mask: torch.Tensor | None  # (seats or 1, 1, 1, tokens, own tokens), added to the scores
    text_places: Places  # among the rows of all blocks, their padding included
    blocks: Sequence[Block]  # of all texts, in their order


class PartsCache(Cache):
    """Keys and values of rows, as a model's cache and as its attention."""

    def __init__(self, trunk: RoomyCache, texts: torch.Tensor, *, length: int) -> None:
        """Takes some rows of a trunk as texts, as far as `length` tokens, the prompt's included."""
        super().__init__(layers=[])
        self.seating: RowLayout
        self.seats = 0  # rows of the buffers that are taken, or were
        self._used = 0  # tokens of every row
        self._own: list[KVBuffer] = []  # of each layer; its rows are seats
        self.added: list[Pair] = []  # of each layer: what the last forward gave the rows
        self._prompt = trunk.head_tensors
        self._texts = trunk.tail_tensors(texts, length=length)

    def get_seq_length(self, layer_idx: int = 0) -> int:  # noqa: ARG002 - all layers are alike
        """Returns how many tokens of its own each row has."""
        return self._used

    @property
    def key_heads(self) -> int:
        """How many heads have keys of their own."""
        return self._texts[0][0].shape[1]

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        layer_idx: int,
        *args: object,  # noqa: ARG002 - what some models tell their caches
        **kwargs: object,  # noqa: ARG002
    ) -> Pair:
        """Writes the rows' tokens at their seats and returns all seats."""
        new = key_states, value_states
        self.added = [*self.added, new] if layer_idx else [new]
        if layer_idx == len(self._own):
            # Not cleared: a row reads its own seat alone, and what was written there.
            tokens = key_states.shape[2] + ROOM
            self._own.append(KVBuffer.like(new, rows=self.seats, slots=tokens))
        last = layer_idx == len(self._texts) - 1
        end = self._used + key_states.shape[2]
        own = self._own[layer_idx]
        if own.slots < end:
            own.resize(used=self._used, slots=end + max(ROOM, end // 4))
        own.put(new, start=self._used, rows=self.seating.seats)
        if last:
            self._used = end
        return own.part(end, rows=slice(self.seats))

    def begin_with(self, said: Sequence[Pair]) -> None:
        """Lets each row begin with tokens that were said: keys and values of each layer."""
        for pair in said:
            self._used = pair[0].shape[2]
            self._own.append(KVBuffer.like(pair, slots=self._used + ROOM))
            self._own[-1].put(pair, start=0)

    def copy_seats(self, sources: torch.Tensor, targets: torch.Tensor, *, seats: int) -> None:
        """Starts rows as others are, in buffers of so many seats."""
        self.seats = seats
        for own in self._own:
            if own.rows < seats:
                own.resize(used=self._used, rows=seats + seats // 4)
            own.copy_rows(sources, targets, used=self._used)

    def select_seats(self, seats: torch.Tensor) -> None:
        """Keeps these seats, in this order."""
        self.seats = len(seats)
        for own in self._own:
            own.select(seats, used=self._used, slots=self._used + ROOM)

    def select_texts(self, texts: torch.Tensor) -> None:
        """Keeps these texts, in this order."""
        self._texts = [
            (keys.index_select(0, texts), values.index_select(0, texts))
            for keys, values in self._texts
        ]

    @contextmanager
    def attended(self, backend: Backend) -> Iterator[None]:
        """Makes a model attend to these parts."""
        token = _ATTENDED.set(self)
        try:
            with backend.attending(NAME):
                yield
        finally:
            _ATTENDED.reset(token)

    def attend(self, layer: int, query: torch.Tensor, own: Pair) -> torch.Tensor:
        """Returns (rows, heads, tokens, width): what the rows' queries, scaled already, find."""
        rows, heads, tokens, width = query.shape
        seating = self.seating
        # Neighbouring heads ask the same keys, as more tokens would.
        asked = query.reshape(rows, self.key_heads, -1, width)
        found = [
            self._attend_own(asked, *own, tokens=tokens),
            attend_in_blocks(
                asked, *self._texts[layer], places=seating.text_places, blocks=seating.blocks
            ),
        ]
        if self._prompt:
            found.append(attend_alike(asked, *self._prompt[layer]))
        return merge(found).view(rows, heads, tokens, -1)

    def _attend_own(
        self, asked: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, *, tokens: int
    ) -> Attended:
        places = self.seating.own_places
        heads, queries, width = asked.shape[1:]
        flat = asked.reshape(-1, queries, width) if places is None else places.spread(asked)
        found = attend(
            flat,
            keys.flatten(0, 1),
            values.flatten(0, 1),
            mask=self.seating.own_mask,
            shape=(len(keys), heads, queries // tokens, tokens),
        )
        return found if places is None else places.gather(found)


_ATTENDED: ContextVar[PartsCache] = ContextVar("attended")


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,  # noqa: ARG001 - the seating says who sees what
    *,
    scaling: float | None = None,
    **kwargs: object,
) -> tuple[torch.Tensor, None]:
    """Implements an attention of transformers for the parts that are attended."""
    for unknown in ("softcap", "s_aux", "position_bias"):
        if kwargs.get(unknown) is not None:
            raise ValueError(f"attention over parts knows no {unknown}")
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    layer = cast(int, module.layer_idx)
    found = _ATTENDED.get().attend(layer, query * scale, (key, value))
    return found.transpose(1, 2).contiguous(), None


AttentionInterface.register(NAME, _attention)
