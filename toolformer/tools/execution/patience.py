"""A tool that could not be reached again and again is left alone for a while.

Else a server that answers nothing costs its whole timeout for every call. Knows no tool.
"""

import threading
import time
from collections.abc import Callable, Hashable

_IN_A_ROW = 3
_PAUSE_S = 30.0


class Patience:
    """Which tools are not asked at the moment; safe between threads.

    >>> now = [0.0]
    >>> patience = Patience(clock=lambda: now[0])
    >>> for _ in range(3):
    ...     patience.note("Map", is_reached=False)
    >>> patience.is_over("Map"), patience.is_over("Calculator")
    (True, False)
    >>> now[0] = 31.0
    >>> patience.is_over("Map"), patience.is_over("Map")  # one call tries again
    (False, True)
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._missed: dict[Hashable, int] = {}  # calls in a row
        self._again: dict[Hashable, float] = {}  # when the next call may try

    def is_over(self, tool: Hashable) -> bool:
        """Returns whether a call is to fail at once."""
        with self._lock:
            if self._missed.get(tool, 0) < _IN_A_ROW:
                return False
            is_early = self._clock() < self._again[tool]
            if not is_early:
                self._again[tool] = self._clock() + _PAUSE_S
            return is_early

    def note(self, tool: Hashable, *, is_reached: bool) -> None:
        """Takes note of how a call ended."""
        with self._lock:
            self._missed[tool] = 0 if is_reached else self._missed.get(tool, 0) + 1
            self._again[tool] = self._clock() + _PAUSE_S
