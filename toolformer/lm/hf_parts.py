"""Attention over keys and values that many rows share: each part of them is read once.

A row sees the prompt that all texts share, one text as far as its place, and its own tokens. Its
own are kept at a seat of buffers that grow in place; the prompt's and the texts' are never copied.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import cast

import torch
from transformers import AttentionInterface, PreTrainedModel
from transformers.cache_utils import Cache

from toolformer.lm.hf_cache import RoomyCache

NAME = "toolformer_parts"  # what transformers calls this attention
ROOM = 16  # tokens to allocate for what a row will say; more are when it says more


@dataclass(frozen=True, slots=True)
class Seating:
    """Where the rows of one forward belong; masks are added to the scores."""

    seats: torch.Tensor  # (rows,) int64: of the buffers
    places: torch.Tensor  # (rows,) int64: text * across + which of that text's rows
    across: int  # rows of the text that has most
    text_mask: torch.Tensor  # (rows, 1, 1, text tokens)
    own_mask: torch.Tensor | None  # (rows, 1, 1, tokens, own tokens)


class Parts(Cache):
    """Keys and values of rows, as a model's cache and as its attention."""

    def __init__(self, trunk: RoomyCache, texts: torch.Tensor, *, length: int) -> None:
        """Takes some rows of a trunk as texts, as far as `length` tokens, the prompt's included."""
        super().__init__(layers=[])
        self.seating: Seating
        self.seats = 0  # rows of the buffers that are taken, or were
        self._used = 0  # tokens of every row
        self._own: list[list[torch.Tensor]] = []  # of each layer, (seats, heads, tokens, width)
        self._prompt = trunk.head_tensors
        self._texts = trunk.tail_tensors(texts, length=length)

    def get_seq_length(self, layer_idx: int = 0) -> int:  # noqa: ARG002 - all layers are alike
        """Returns how many tokens of its own each row has."""
        return self._used

    @property
    def text_length(self) -> int:
        """How many tokens of a text are there to be seen."""
        return self._texts[0][0].shape[2]

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        layer_idx: int,
        *args: object,  # noqa: ARG002 - what some models tell their caches
        **kwargs: object,  # noqa: ARG002
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Writes the rows' tokens at their seats and returns all seats."""
        if layer_idx == len(self._own):
            self._own.append([self._allocate(each) for each in (key_states, value_states)])
        last = layer_idx == len(self._texts) - 1
        end = self._used + key_states.shape[2]
        own = self._own[layer_idx]
        for kind, new in enumerate((key_states, value_states)):
            if own[kind].shape[2] < end:
                own[kind] = self._grown(own[kind], tokens=end + end // 2)
            own[kind][self.seating.seats, :, self._used : end] = new
        if last:
            self._used = end
        keys, values = (buffer[: self.seats, :, :end] for buffer in own)
        return keys, values

    def _allocate(self, like: torch.Tensor) -> torch.Tensor:
        # Not cleared: a row reads its own seat alone, and what was written there.
        _, heads, tokens, width = like.shape
        return like.new_empty(self.seats, heads, tokens + ROOM, width)

    def _grown(
        self, buffer: torch.Tensor, *, seats: int | None = None, tokens: int | None = None
    ) -> torch.Tensor:
        """Returns a larger buffer that begins with what is used of this one."""
        grown = buffer.new_empty(
            seats or buffer.shape[0], buffer.shape[1], tokens or buffer.shape[2], buffer.shape[3]
        )
        grown[: len(buffer), :, : self._used] = buffer[:, :, : self._used]
        return grown

    def copy_seats(self, sources: torch.Tensor, targets: torch.Tensor, *, seats: int) -> None:
        """Starts rows as others are, in buffers of so many seats."""
        self.seats = seats
        for own in self._own:
            for kind, buffer in enumerate(own):
                if len(buffer) < seats:
                    own[kind] = self._grown(buffer, seats=seats + seats // 2)
                own[kind][targets, :, : self._used] = buffer[sources, :, : self._used]

    def select_seats(self, seats: torch.Tensor) -> None:
        """Keeps these seats, in this order."""
        self.seats = len(seats)
        self._own = [[buffer.index_select(0, seats) for buffer in own] for own in self._own]

    def select_texts(self, texts: torch.Tensor) -> None:
        """Keeps these texts, in this order."""
        self._texts = [
            (keys.index_select(0, texts), values.index_select(0, texts))
            for keys, values in self._texts
        ]

    @contextmanager
    def attended(self, model: PreTrainedModel) -> Iterator[None]:
        """Makes a model attend to these parts."""
        config = model.config.get_text_config()
        usual = config._attn_implementation
        token = _ATTENDED.set(self)
        config._attn_implementation = NAME
        try:
            yield
        finally:
            config._attn_implementation = usual
            _ATTENDED.reset(token)

    def attend(
        self, layer: int, query: torch.Tensor, own: tuple[torch.Tensor, torch.Tensor]
    ) -> torch.Tensor:
        """Returns (rows, heads, tokens, width): what the rows' queries, scaled already, find."""
        rows, heads, tokens, width = query.shape
        key_heads = own[0].shape[1]
        # Neighbouring heads ask the same keys, as more tokens would.
        asked = query.reshape(rows, key_heads, -1, width)
        shares = [
            _Prompt(*self._prompt[layer]) if self._prompt else None,
            _Grouped(*self._texts[layer], self.seating.places, self.seating.across),
            _Grouped(*own, self.seating.seats, 1),
        ]
        present = [share for share in shares if share is not None]
        scores = [share.scores(asked) for share in present]
        scores[-2] = scores[-2] + self.seating.text_mask
        if self.seating.own_mask is not None:
            grouped = scores[-1].view(rows, key_heads, -1, tokens, own[0].shape[2])
            scores[-1] = (grouped + self.seating.own_mask).flatten(2, 3)
        weights = torch.cat(scores, dim=-1).softmax(dim=-1, dtype=torch.float32).to(query.dtype)
        parts = torch.split(weights, [each.shape[-1] for each in scores], dim=-1)
        found = [share.mix(part) for share, part in zip(present, parts, strict=True)]
        return torch.stack(found).sum(dim=0).reshape(rows, heads, tokens, -1)


@dataclass(frozen=True, slots=True)
class _Prompt:
    """Keys and values that all rows see: one product for all of them."""

    keys: torch.Tensor  # (1, heads, prompt tokens, width)
    values: torch.Tensor

    def scores(self, asked: torch.Tensor) -> torch.Tensor:
        return self._each(asked, self.keys[0].transpose(1, 2))

    def mix(self, weights: torch.Tensor) -> torch.Tensor:
        return self._each(weights, self.values[0])

    def _each(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        rows, heads, tokens, width = left.shape
        flat = left.transpose(0, 1).reshape(heads, rows * tokens, width)
        return torch.bmm(flat, right).view(heads, rows, tokens, -1).transpose(0, 1)


@dataclass(frozen=True, slots=True)
class _Grouped:
    """Keys and values that some rows see: a product for each group of rows."""

    keys: torch.Tensor  # (groups, heads, tokens, width)
    values: torch.Tensor
    places: torch.Tensor  # (rows,): group * across + which of that group's rows
    across: int

    def scores(self, asked: torch.Tensor) -> torch.Tensor:
        return self._each(asked, self.keys.transpose(2, 3))

    def mix(self, weights: torch.Tensor) -> torch.Tensor:
        return self._each(weights, self.values)

    def _each(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        _, heads, tokens, width = left.shape
        groups = len(right)
        # What stands where no row is, is multiplied for nothing and never read.
        table = left.new_empty(groups * self.across, heads, tokens, width)
        table.index_copy_(0, self.places, left)
        table = table.view(groups, self.across, heads, tokens, width).transpose(1, 2)
        # Flat views: a product of four dimensions would copy keys and values first.
        each = torch.bmm(table.reshape(groups * heads, -1, width), right.flatten(0, 1))
        each = each.view(groups, heads, self.across, tokens, -1).transpose(1, 2)
        return each.reshape(groups * self.across, heads, tokens, -1).index_select(0, self.places)


_ATTENDED: ContextVar[Parts] = ContextVar("attended")


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
