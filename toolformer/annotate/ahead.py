"""One-step look-ahead: a job runs in a thread while the result of the one before is in use."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

_Result = TypeVar("_Result")


def ahead(jobs: Iterable[Callable[[], _Result]], thread: Executor) -> Iterator[_Result]:
    """Yields the results of jobs in their order, with the next job begun before each.

    A job is taken in the caller's thread, run in the other one. When taking one fails, the job
    before it is still handed on; after a job that failed, nothing is.

    Args:
        jobs: may depend on the results before the last one.
        thread: runs one job at a time, in order.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(max_workers=1) as thread:
    ...     list(ahead((lambda n=n: n * n for n in range(4)), thread))
    [0, 1, 4, 9]
    """
    running: Future[_Result] | None = None
    try:
        for job in jobs:
            following = thread.submit(job)
            if running is not None:
                yield running.result()
            running = following
    except Exception:
        if running is not None:
            yield running.result()  # fails again if it is what failed
        raise
    if running is not None:
        yield running.result()
