"""A job is begun before the result of the one before is handed on; a failure loses nothing done."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from threading import Event

import pytest

from toolformer.annotate.ahead import ahead


@pytest.fixture
def thread() -> Iterator[Executor]:
    with ThreadPoolExecutor(max_workers=1) as made:
        yield made


def numbers(count: int) -> Iterator[Callable[[], int]]:
    return ((lambda n=n: n) for n in range(count))


def test_results_come_in_the_order_of_the_jobs(thread: Executor) -> None:
    assert list(ahead(numbers(5), thread)) == [0, 1, 2, 3, 4]
    assert list(ahead(numbers(1), thread)) == [0]
    assert list(ahead([], thread)) == []


def test_a_job_runs_while_the_result_before_it_is_in_use(thread: Executor) -> None:
    begun = Event()
    results = ahead([lambda: True, lambda: begun.set() is None], thread)
    assert next(results)
    assert begun.wait(timeout=10)  # nobody has asked for the second result


def test_no_more_than_one_job_is_taken_ahead(thread: Executor) -> None:
    taken: list[int] = []

    def jobs() -> Iterator[Callable[[], int]]:
        for number in range(4):
            taken.append(number)
            yield lambda: 0

    results = ahead(jobs(), thread)
    next(results)
    assert taken == [0, 1]


def test_when_a_job_cannot_be_taken_the_one_before_it_is_still_handed_on(thread: Executor) -> None:
    def jobs() -> Iterator[Callable[[], int]]:
        yield from numbers(2)
        raise ZeroDivisionError

    results = ahead(jobs(), thread)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_after_a_job_that_failed_nothing_is_handed_on(thread: Executor) -> None:
    results = ahead([lambda: 0, lambda: 1 // 0, lambda: 2], thread)
    assert next(results) == 0
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert list(results) == []


def test_an_interrupt_is_not_held_up(thread: Executor) -> None:
    def jobs() -> Iterator[Callable[[], int]]:
        yield from numbers(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(ahead(jobs(), thread))
