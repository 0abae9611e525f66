"""Keys and values of many rows, of which a forward sees those that it is for.

A row has a seat in buffers that all rows share, and writes its tokens in place. Seats side by side
are shown as a view of the buffers; others are copied together.
"""

from dataclasses import dataclass

import torch
from transformers.cache_utils import Cache, DynamicLayer

from toolformer.lm.hf.kv_buffer import KVBuffer, Pair


@dataclass(slots=True)
class View:
    """Which seats a forward is for, and where their new tokens go."""

    first: int = 0  # of seats side by side
    seats: torch.Tensor | None = None  # (rows,) int64, where they are not side by side
    past: int = 0  # tokens of the longest row
    slots: tuple[torch.Tensor, torch.Tensor] | None = None  # a seat and a slot for each of the
    # (rows, tokens); None: right after `past`


class SeatLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """One layer's buffers; their rows are seats."""

    def __init__(self, view: View, seats: int, slots: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._view = view
        self._size = (seats, slots)
        self.buffer: KVBuffer | None = None

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        *args: object,  # noqa: ARG002 - what some models tell their caches
        **kwargs: object,  # noqa: ARG002
    ) -> Pair:
        """Writes the tokens of the rows that are seen and returns all these have."""
        new = key_states, value_states
        if self.buffer is None:
            seats, slots = self._size
            self.buffer = KVBuffer.like(new, rows=seats, slots=slots, cleared=True)
        view, rows = self._view, slice(self._view.first, self._view.first + len(key_states))
        end = view.past + key_states.shape[2]
        if view.slots is not None:
            for buffer, each in zip((self.buffer.keys, self.buffer.values), new, strict=True):
                buffer.transpose(1, 2)[view.slots] = each.transpose(1, 2)
        else:
            self.buffer.put(new, start=view.past, rows=rows if view.seats is None else view.seats)
        if view.seats is None:
            return self.buffer.part(end, rows=rows)
        keys, values = self.buffer.part(end)
        return keys.index_select(0, view.seats), values.index_select(0, view.seats)

    def get_seq_length(self) -> int:
        """Returns the tokens of the longest row."""
        return self._view.past

    def resize(self, seats: int, slots: int) -> None:
        """Makes room, or gives it back."""
        self._size = (seats, slots)
        if self.buffer is not None:
            self.buffer.resize(used=slots, rows=seats, slots=slots, cleared=True)


class SeatCache(Cache):
    """The layers of a model; they are made as the model asks for them."""

    def __init__(self) -> None:
        super().__init__(layers=[])
        self._own: list[SeatLayer] = []
        self.view = View()
        self.seats = 0
        self.slots = 0

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        layer_idx: int,
        *args: object,  # noqa: ARG002
        **kwargs: object,  # noqa: ARG002
    ) -> Pair:
        """Writes tokens of one layer and returns all that its rows have."""
        while len(self._own) <= layer_idx:
            self._own.append(SeatLayer(self.view, self.seats, self.slots))
            self.layers = [*self._own]
        return self._own[layer_idx].update(key_states, value_states)

    @torch.inference_mode()
    def resize(self, seats: int, slots: int) -> None:
        """Makes room, or gives it back."""
        self.seats, self.slots = seats, slots
        for layer in self._own:
            layer.resize(seats, slots)

    @torch.inference_mode()
    def reseat(self, sources: list[int], targets: list[int], *, tokens: int) -> None:
        """Lets rows take other seats: free ones, or each other's."""
        for layer in self._own:
            if layer.buffer is not None:
                layer.buffer.copy_rows(sources, targets, used=tokens)
