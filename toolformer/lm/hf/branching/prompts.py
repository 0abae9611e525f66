"""Prompts that all texts of a tool share: forwarded once, their keys and values kept."""

from collections import OrderedDict

from toolformer.lm.hf.branching.cache import RoomyCache
from toolformer.lm.hf.forward import Forward

KEPT = 16  # prompts: a tool has one


class SharedPrompts:
    """The latest shared prompts, as caches of one row."""

    def __init__(self, forward: Forward) -> None:
        self._forward = forward
        self._caches: OrderedDict[tuple[int, ...], RoomyCache] = OrderedDict()

    def get(self, ids: tuple[int, ...]) -> RoomyCache:
        """Returns the keys and values of a prompt, which its readers copy and never change."""
        if ids not in self._caches:
            self._caches[ids] = self._read(ids)
            if len(self._caches) > KEPT:
                self._caches.popitem(last=False)
        self._caches.move_to_end(ids)
        return self._caches[ids]

    def _read(self, ids: tuple[int, ...]) -> RoomyCache:
        cache = RoomyCache()
        if ids:
            forward = self._forward
            last = forward.tensor([len(ids) - 1])
            forward.logits(forward.tensor([ids]), last, purpose="prompt", cache=cache)
        return cache
