"""Results that need not be computed again.

Knows no tool: a key says everything a result depends on.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ResultCache(Generic[Value]):
    """The most recently used results, in memory; safe between threads.

    >>> cache = ResultCache[str](max_results=1)
    >>> cache.put("a", "1"); cache.put("b", "2")
    >>> cache.get("a"), cache.get("b")
    (None, '2')
    """

    def __init__(self, *, max_results: int = 100_000) -> None:
        self._max_results = max_results
        self._results: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        """Returns a result, or None where there is none."""
        with self._lock:
            if key not in self._results:
                return None
            self._results.move_to_end(key)
            return self._results[key]

    def put(self, key: Hashable, result: Value) -> None:
        """Keeps a result, and forgets the one that was not used for longest."""
        with self._lock:
            self._results[key] = result
            self._results.move_to_end(key)
            if len(self._results) > self._max_results:
                self._results.popitem(last=False)
