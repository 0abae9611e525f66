"""Threads that hang hold nobody up, and those that work are waited for."""

import threading
import time
from contextlib import suppress

import pytest

from toolformer.threads import Threads


def test_all_that_was_submitted_is_done_in_order() -> None:
    done: list[int] = []
    with Threads(1, name="one") as threads:
        for number in range(5):
            threads.submit(done.append, number)
    assert done == [0, 1, 2, 3, 4]


def test_several_run_at_a_time() -> None:
    meeting = threading.Barrier(3)
    with Threads(3, name="three") as threads:
        results = [threads.submit(meeting.wait, 5) for _ in range(3)]
    assert sorted(each.result() for each in results) == [0, 1, 2]


def test_an_error_is_raised_where_the_result_is_asked_for() -> None:
    with Threads(1, name="one") as threads:
        failed = threads.submit(int, "x")
        assert threads.submit(int, "7").result() == 7
    with pytest.raises(ValueError, match="invalid literal"):
        failed.result()


def test_what_hangs_is_not_waited_for_when_an_error_ends_its_use() -> None:
    forever = threading.Event()
    began = time.monotonic()
    with suppress(KeyboardInterrupt), Threads(1, name="one") as threads:
        threads.submit(forever.wait)
        waiting = threads.submit(int, "7")
        raise KeyboardInterrupt
    assert time.monotonic() - began < 1
    assert waiting.cancelled()
    forever.set()


def test_with_patience_what_is_under_way_is_finished() -> None:
    done: list[int] = []
    with suppress(KeyboardInterrupt), Threads(1, name="one", patience_s=5) as threads:
        threads.submit(time.sleep, 0.1)
        threads.submit(done.append, 1)
        raise KeyboardInterrupt
    assert done == [1]


def test_nothing_is_taken_after_the_end() -> None:
    with Threads(1, name="one") as threads:
        pass
    with pytest.raises(RuntimeError, match="'one' are shut down"):
        threads.submit(int)
