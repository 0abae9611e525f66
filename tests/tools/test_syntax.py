"""Text is read as Python syntax, by several threads, and never evaluated."""

import gc
import threading
import time
import warnings

import pytest

from toolformer.tools.syntax import parse_expression


@pytest.mark.parametrize(
    "text", ["1 +", "x = 1", "", "(" * 500, "-" * 100_000, "a\x00b", "import os"]
)
def test_what_is_no_expression_is_none(text: str) -> None:
    assert parse_expression(text) is None


def test_remarks_of_the_parser_are_kept_to_itself() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse_expression(r"f('\d')") is not None
        assert parse_expression("3in x") is not None


def test_several_threads_may_parse_at_once() -> None:
    failures: list[BaseException] = []

    def parse_often() -> None:
        try:
            for _ in range(20):
                assert parse_expression("[" + "f(1, 2), " * 50 + "]") is not None
        except (AssertionError, SystemError) as error:
            failures.append(error)

    def give_way(_phase: str, _info: dict[str, int]) -> None:
        time.sleep(0)  # lets another thread run in the middle of making a syntax tree

    threshold = gc.get_threshold()
    gc.callbacks.append(give_way)
    gc.set_threshold(10)
    try:
        threads = [threading.Thread(target=parse_often) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(give_way)
    assert failures == []
