"""Threads that nobody has to wait for: work beside the main thread, which may hang."""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

_Result = TypeVar("_Result")
_Job = tuple[Future[Any], Callable[[], Any]]


class Threads(Executor):
    """An executor whose threads keep neither its user nor the program from ending.

    Left as a context manager it waits for all that was submitted. Left by an error or Ctrl-C it
    waits for `patience_s` at most; with none, what has not begun is dropped.

    >>> with Threads(1, name="squares") as threads:
    ...     threads.submit(pow, 3, 2).result()
    9
    """

    def __init__(self, most: int, *, name: str, patience_s: float = 0.0) -> None:
        """Starts no thread yet.

        Args:
            most: how many run at a time, at most.
            name: of the threads.
            patience_s: how long to wait for what runs when an error ends its use.
        """
        self._most = most
        self._name = name
        self._patience_s = patience_s
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._is_shut = False

    def submit(self, fn: Callable[..., _Result], /, *args: Any, **kwargs: Any) -> "Future[_Result]":
        """Has a function called in one of the threads, in the order of submission."""
        if self._is_shut:
            raise RuntimeError(f"the threads {self._name!r} are shut down")
        future: Future[_Result] = Future()
        self._jobs.put((future, partial(fn, *args, **kwargs)))
        if len(self._threads) < self._most:
            name = f"{self._name}-{len(self._threads)}"
            thread = threading.Thread(target=_work, args=(self._jobs,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more work, and waits for what there is."""
        self._end(cancel=cancel_futures)
        if wait:
            for thread in self._threads:
                thread.join()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.shutdown()
            return
        self._end(cancel=not self._patience_s)
        deadline = time.monotonic() + self._patience_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _end(self, *, cancel: bool) -> None:
        self._is_shut = True
        while cancel:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is not None:
                job[0].cancel()
        for _ in self._threads:
            self._jobs.put(None)


def _work(jobs: "queue.SimpleQueue[_Job | None]") -> None:
    """Does one job after another until there is None."""
    while (job := jobs.get()) is not None:
        future, call = job
        if future.set_running_or_notify_cancel():
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001  it is raised where the result is asked for
                future.set_exception(error)
            else:
                future.set_result(result)
                del result
        del job, future, call  # else they live until the next one comes
