"""One loop for all that is awaited."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from toolformer.event_loop import EventLoop


async def loop_of() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def test_threads_share_one_loop() -> None:
    loop = EventLoop()
    with ThreadPoolExecutor(4) as pool:
        loops = list(pool.map(lambda _: loop.wait_for(loop_of()), range(8)))
    assert len(set(loops)) == 1


def test_waits_run_side_by_side() -> None:
    loop = EventLoop()
    began = time.perf_counter()
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda _: loop.wait_for(asyncio.sleep(0.2)), range(32)))
    assert time.perf_counter() - began < 3  # one after another they take 6.4 s


def test_a_wait_on_the_loop_itself_ends() -> None:
    loop = EventLoop()

    async def outer() -> int:
        return loop.wait_for(asyncio.sleep(0, result=3))

    assert loop.wait_for(outer()) == 3


def test_a_wait_inside_of_another_loop_ends() -> None:
    async def in_a_notebook() -> int:
        return EventLoop().wait_for(asyncio.sleep(0, result=3))

    assert asyncio.run(in_a_notebook()) == 3


def test_errors_are_raised_where_one_waits() -> None:
    async def fails() -> None:
        raise KeyError("here")

    with pytest.raises(KeyError, match="here"):
        EventLoop().wait_for(fails())


def test_its_thread_keeps_no_program_from_ending() -> None:
    EventLoop().wait_for(asyncio.sleep(0))
    assert all(t.daemon for t in threading.enumerate() if t.name == "event-loop")


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_no_task_ends_the_loop(error: type[BaseException]) -> None:
    async def ends() -> None:
        raise error

    async def in_a_task() -> None:
        task = asyncio.get_running_loop().create_task(ends())
        await asyncio.wait([task])
        with pytest.raises(error):
            task.result()

    loop = EventLoop()
    with pytest.raises(error):
        loop.wait_for(ends())
    loop.wait_for(in_a_task())
    assert loop.wait_for(asyncio.sleep(0, result=3)) == 3
