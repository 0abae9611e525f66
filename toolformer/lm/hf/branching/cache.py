"""Keys and values with room to grow: written in place, where a concatenation would copy them all.

Every layer keeps all its positions, those with a sliding window too: a place far back in a text is
branched from as well as one near its end. The model's own masks bound what a window sees.
"""

from typing import cast

import torch
from transformers.cache_utils import Cache, DynamicLayer

from toolformer.lm.hf.kv_buffer import KVBuffer, Pair


class RoomyLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """One layer's keys and values, (rows, heads, tokens, width) views into larger buffers."""

    def __init__(self, buffer: KVBuffer | None = None, *, used: int = 0) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._buffer = buffer
        if buffer is not None:
            self._show(used)

    @classmethod
    def filled(cls, pair: Pair, *, room: int) -> "RoomyLayer":
        """Returns a layer that starts with these, copied, and has room for so many tokens."""
        layer = cls(KVBuffer.like(pair, slots=room))
        layer.update(*pair)
        return layer

    @property
    def buffer(self) -> KVBuffer:
        """The buffers it writes to."""
        assert self._buffer is not None, "nothing was written yet"  # noqa: S101
        return self._buffer

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        *args: object,  # noqa: ARG002 - what some models tell their caches
        **kwargs: object,  # noqa: ARG002
    ) -> Pair:
        """Appends tokens and returns all there are."""
        new = key_states, value_states
        used = 0 if self._buffer is None else self._used
        end = used + key_states.shape[-2]
        if self._buffer is None:
            self._buffer = KVBuffer.like(new, slots=end)
        if self._buffer.slots < end:
            self._buffer.resize(used=used, slots=end + end // 4)
        self._buffer.put(new, start=used)
        return self._show(end)

    def put(self, pair: Pair, *, first: int) -> None:
        """Puts in some rows, below each other; shorter ones are zero-padded."""
        rows = slice(first, first + len(pair[0]))
        self.buffer.put(pair, start=0, rows=rows)
        self.buffer.clear(start=pair[0].shape[2], rows=rows)

    def select_rows(self, rows: torch.Tensor) -> None:
        """Keeps these rows, in this order."""
        self.buffer.select(rows, used=self._used)
        self._show(self._used)

    def _show(self, used: int) -> Pair:
        """Makes the first tokens of the buffers what the model sees."""
        self._used = used
        self.keys, self.values = self.buffer.part(used)
        self.is_initialized = True
        return self.keys, self.values


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
            keys, values = layer.buffer.part(self.get_seq_length())
            shape = (rows, -1, -1, -1)
            layers.append(RoomyLayer.filled((keys.expand(shape), values.expand(shape)), room=room))
        return RoomyCache(layers)

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
            tails = layer.buffer.part(end, start=start)
            if index == len(self.layers):
                self.layers.append(
                    RoomyLayer(KVBuffer.like(tails, rows=rows, slots=length), used=length)
                )
            self._roomy[index].put(tails, first=first)

    @property
    def head_length(self) -> int:
        """How many tokens all rows share as their head."""
        return 0 if self._head is None else self._head.get_seq_length()

    @property
    def head_tensors(self) -> list[Pair]:
        """The keys and values of each layer, (1, heads, tokens, width); none without a head."""
        if self._head is None:
            return []
        return [layer.buffer.part(self.head_length) for layer in self._head._roomy]

    def tail_tensors(self, rows: torch.Tensor, *, length: int) -> list[Pair]:
        """Returns the keys and values of some rows as far as `length` tokens, the head left out.

        All rows in their order are not copied.
        """
        found = [layer.buffer.part(length - self.head_length) for layer in self._roomy]
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
            keys, values = (each.index_select(0, rows) for each in layer.buffer.part(length))
            if index == len(cache.layers):
                cache.layers.append(RoomyLayer.filled((keys, values), room=room))
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
