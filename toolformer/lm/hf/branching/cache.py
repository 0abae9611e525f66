"""Keys and values with room to grow: written in place, where a concatenation would copy them all.

Every layer keeps all its positions, those with a sliding window too: a place far back in a text is
branched from as well as one near its end. The model's own masks bound what a window sees.
"""

from typing import Self, cast

import torch
from transformers.cache_utils import Cache, DynamicLayer


class RoomyLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """One layer's keys and values, (rows, heads, tokens, width) views into larger buffers."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._buffers: list[torch.Tensor] = []
        self._used = 0

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        *args: object,  # noqa: ARG002 - what some models tell their caches
        **kwargs: object,  # noqa: ARG002
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Appends tokens and returns all there are."""
        end = self._used + key_states.shape[-2]
        if not self._buffers:
            self._buffers = [_allocate(new, end) for new in (key_states, value_states)]
        if self._buffers[0].shape[-2] < end:
            self._buffers = [_grow(each, self._used, end + end // 4) for each in self._buffers]
        for buffer, new in zip(self._buffers, (key_states, value_states), strict=True):
            buffer[:, :, self._used : end] = new
        return self._show(end)

    def filled(self, tensors: tuple[torch.Tensor, torch.Tensor], *, room: int) -> "RoomyLayer":
        """Starts with these keys and values, copied, and room for so many tokens in all."""
        self._buffers = [_allocate(each, room) for each in tensors]
        self.update(*tensors)
        return self

    def reserved(self, like: tuple[torch.Tensor, torch.Tensor], *, rows: int, tokens: int) -> Self:
        """Starts with so many rows of so many tokens, to be put in."""
        self._buffers = [
            each.new_empty(rows, each.shape[1], tokens, each.shape[3]) for each in like
        ]
        self._show(tokens)
        return self

    def put(self, tensors: tuple[torch.Tensor, torch.Tensor], *, first: int) -> None:
        """Puts in some rows, below each other; shorter ones end in noughts."""
        for buffer, new in zip(self._buffers, tensors, strict=True):
            rows, _, tokens, _ = new.shape
            buffer[first : first + rows, :, :tokens] = new
            # What a mask hides is still multiplied, by nought: it must be a number.
            buffer[first : first + rows, :, tokens:] = 0

    def tensors(self, first: int, end: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns the keys and values of a run of tokens."""
        keys, values = (buffer[:, :, first:end] for buffer in self._buffers)
        return keys, values

    def select_rows(self, rows: torch.Tensor) -> None:
        """Keeps these rows, in this order."""
        self._buffers = [buffer.index_select(0, rows) for buffer in self._buffers]
        self._show(self._used)

    def _show(self, used: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Makes the first tokens of the buffers what the model sees."""
        self._used = used
        keys, values = self.tensors(0, used)
        self.keys, self.values, self.is_initialized = keys, values, True
        return keys, values


class RoomyCache(Cache):
    """The layers of a model; an empty one makes them as the model asks.

    Rows that begin alike need not keep what they share: a cache may hold the tails of its rows
    alone, and their common head as another cache of one row.
    """

    def __init__(
        self, layers: list[RoomyLayer] | None = None, *, head: "RoomyCache | None" = None
    ) -> None:
        super().__init__(layer_class_to_replicate=RoomyLayer)
        self._head = head
        if layers:
            self.layers = list(layers)

    def repeated(self, rows: int, *, room: int) -> "RoomyCache":
        """Returns a cache that starts each of its rows with this one's only row."""
        layers = []
        for layer in self._roomy:
            keys, values = layer.tensors(0, self.get_seq_length())
            shape = (rows, -1, -1, -1)
            layers.append(
                RoomyLayer().filled((keys.expand(shape), values.expand(shape)), room=room)
            )
        return RoomyCache(layers)

    @classmethod
    def of_tails(cls, head: "RoomyCache") -> "RoomyCache":
        """Returns a cache for the tails of rows that begin with a head."""
        return cls(head=head)

    def put_tails(self, read: "RoomyCache", *, first: int, rows: int, length: int) -> None:
        """Puts in what rows that were read with their head hold after it.

        Args:
            read: the rows.
            first: which row of this cache is the first of them.
            rows: of this cache, in all.
            length: of its longest row, the head left out.
        """
        start, end = self.head_length, read.get_seq_length()
        for index, layer in enumerate(read._roomy):
            tails = layer.tensors(start, end)
            if index == len(self.layers):
                self.layers.append(RoomyLayer().reserved(tails, rows=rows, tokens=length))
            self._roomy[index].put(tails, first=first)

    @property
    def head_length(self) -> int:
        """How many tokens all rows share as their head."""
        return 0 if self._head is None else self._head.get_seq_length()

    @property
    def head_tensors(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """The keys and values of each layer, (1, heads, tokens, width); none without a head."""
        if self._head is None:
            return []
        return [layer.tensors(0, self.head_length) for layer in self._head._roomy]

    def tail_tensors(
        self, rows: torch.Tensor, *, length: int
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Returns the keys and values of some rows as far as `length` tokens, the head left out.

        All rows in their order are not copied.
        """
        found = [layer.tensors(0, length - self.head_length) for layer in self._roomy]
        if len(rows) == len(found[0][0]):
            return found
        return [
            (keys.index_select(0, rows), values.index_select(0, rows)) for keys, values in found
        ]

    def selected(self, rows: torch.Tensor, *, length: int, room: int) -> "RoomyCache":
        """Returns a cache that starts with the first `length` tokens of some rows of this one."""
        head = RoomyCache() if self._head is None else self._head
        cache = head.repeated(len(rows), room=room)
        length -= head.get_seq_length()
        for index, layer in enumerate(self._roomy):
            keys, values = (each.index_select(0, rows) for each in layer.tensors(0, length))
            if index == len(cache.layers):
                cache.layers.append(RoomyLayer().filled((keys, values), room=room))
            else:
                cache._roomy[index].update(keys, values)
        return cache

    def select_rows(self, rows: torch.Tensor) -> None:
        """Keeps these rows, in this order."""
        for layer in self._roomy:
            layer.select_rows(rows)

    @property
    def _roomy(self) -> list[RoomyLayer]:
        return cast(list[RoomyLayer], self.layers)


def _allocate(like: torch.Tensor, tokens: int) -> torch.Tensor:
    return like.new_empty(like.shape[0], like.shape[1], tokens, like.shape[3])


def _grow(buffer: torch.Tensor, used: int, tokens: int) -> torch.Tensor:
    grown = _allocate(buffer, tokens)
    grown[:, :, :used] = buffer[:, :, :used]
    return grown
