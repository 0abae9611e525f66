"""One event loop beside the program, on which whatever is awaited runs together.

asyncio is imported when something is awaited: 30 ms that others need not wait for.
"""

import threading
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from toolformer.threads import Threads

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

_Result = TypeVar("_Result")


class EventLoop:
    """A loop in a thread of its own, which keeps no program from ending.

    >>> async def double(number: int) -> int:
    ...     return 2 * number
    >>> EventLoop().wait_for(double(21))
    42
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def wait_for(self, awaitable: Awaitable[_Result]) -> _Result:
        """Returns what an awaitable comes to.

        Those of many threads run side by side, and what belongs to a loop, such as a connection,
        can be used by later ones.

        Raises:
            BaseException: whatever it raises; where the wait is interrupted, it is cancelled.
        """
        import asyncio

        async def settled() -> _Result | _Raised:
            try:
                return await awaitable
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # noqa: BLE001  SystemExit would end the loop for all
                return _Raised(error)

        loop = self._started()
        if threading.current_thread() is self._thread:  # it would wait for itself
            with Threads(1, name="awaiting") as thread:
                result = thread.submit(lambda: asyncio.run(settled())).result()
        else:
            future = asyncio.run_coroutine_threadsafe(settled(), loop)
            try:
                result = future.result()
            except BaseException:
                future.cancel()
                raise
        if isinstance(result, _Raised):
            raise result.error
        return result

    def _started(self) -> "AbstractEventLoop":
        import asyncio

        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_run_forever, args=(self._loop,), name="event-loop", daemon=True
                )
                self._thread.start()
            return self._loop


@dataclass(frozen=True, slots=True)
class _Raised:
    error: BaseException


def _run_forever(loop: "AbstractEventLoop") -> None:
    while True:
        try:
            loop.run_forever()
        except (SystemExit, KeyboardInterrupt):  # of a task that nobody waits for
            continue


SHARED = EventLoop()
