"""Keys and values of many rows, of which a forward sees those that it is for.

A row has a seat in buffers that all rows share, and writes its tokens in place. Seats side by side
are shown as a view of the buffers; others are copied together.
"""

from dataclasses import dataclass

import torch
from transformers.cache_utils import Cache, DynamicLayer


@dataclass(slots=True)
class View:
    """Which seats a forward is for, and where their new tokens go."""

    first: int = 0  # of seats side by side
    seats: torch.Tensor | None = None  # (rows,) int64, where they are not side by side
    past: int = 0  # tokens of the longest row
    slots: tuple[torch.Tensor, torch.Tensor] | None = None  # a seat and a slot for each of the
    # (rows, tokens); None: right after `past`


class SeatLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """One layer's buffers, (seats, heads, slots, width)."""

    def __init__(self, view: View, seats: int, slots: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._view = view
        self._size = (seats, slots)
        self._buffers: list[torch.Tensor] = []

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        *args: object,  # noqa: ARG002 - what some models tell their caches
        **kwargs: object,  # noqa: ARG002
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Writes the tokens of the rows that are seen and returns all these have."""
        if not self._buffers:
            self._buffers = [_zeros(each, self._size) for each in (key_states, value_states)]
        keys, values = self._buffers
        return self._write(keys, key_states), self._write(values, value_states)

    def _write(self, buffer: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        view = self._view
        rows, tokens = new.shape[0], new.shape[2]
        end = view.past + tokens
        if view.slots is not None:
            buffer.transpose(1, 2)[view.slots] = new.transpose(1, 2)
        elif view.seats is not None:
            buffer[view.seats, :, view.past : end] = new
        else:
            buffer[view.first : view.first + rows, :, view.past : end] = new
        if view.seats is not None:
            return buffer[:, :, :end].index_select(0, view.seats)
        return buffer[view.first : view.first + rows, :, :end]

    def get_seq_length(self) -> int:
        """Returns the tokens of the longest row."""
        return self._view.past

    def resize(self, seats: int, slots: int) -> None:
        """Makes room, or gives it back."""
        self._size = (seats, slots)
        for index, old in enumerate(self._buffers):
            new = old.new_empty(seats, old.shape[1], slots, old.shape[3])
            rows, tokens = min(seats, old.shape[0]), min(slots, old.shape[2])
            new[:rows, :, :tokens] = old[:rows, :, :tokens]
            new[rows:] = new[:rows, :, tokens:] = 0
            self._buffers[index] = new

    def move(self, one: int, to: int, *, tokens: int) -> None:
        """Lets a row take a free seat."""
        for buffer in self._buffers:
            buffer[to, :, :tokens] = buffer[one, :, :tokens]

    def swap(self, one: int, other: int, *, tokens: int) -> None:
        """Lets two rows change seats."""
        for buffer in self._buffers:
            kept = buffer[one, :, :tokens].clone()
            buffer[one, :, :tokens] = buffer[other, :, :tokens]
            buffer[other, :, :tokens] = kept


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
    ) -> tuple[torch.Tensor, torch.Tensor]:
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
    def move(self, one: int, to: int, *, tokens: int) -> None:
        """Lets a row take a free seat."""
        for layer in self._own:
            layer.move(one, to, tokens=tokens)

    @torch.inference_mode()
    def swap(self, one: int, other: int, *, tokens: int) -> None:
        """Lets two rows change seats."""
        for layer in self._own:
            layer.swap(one, other, tokens=tokens)


def _zeros(like: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    # Zeros, since what a mask hides is still multiplied, by nought: it must be a number.
    return like.new_zeros(size[0], like.shape[1], size[1], like.shape[3])
