"""What tools hold is given back once, when their toolbox is closed."""

import gc
import logging
import os
from pathlib import Path

import pytest

from toolformer.calls import ToolCall
from toolformer.tools.base import Tool
from toolformer.tools.decorator import tool
from toolformer.tools.registry import load_tools
from toolformer.tools.toolbox import Toolbox

HOSTILE = Path(__file__).parent / "hostile.py"


class Connection:
    """Something that tools hold."""

    def __init__(self, *, is_stuck: bool = False) -> None:
        self.closed = 0
        self.is_stuck = is_stuck

    def close(self) -> None:
        self.closed += 1
        if self.is_stuck:
            raise OSError("It is stuck.")

    async def close_later(self) -> None:
        self.closed += 1

    def tool(self, name: str = "T") -> Tool:
        return tool(lambda: "1", name=name, close=self.close)


def test_closing_a_toolbox_closes_its_tools_once() -> None:
    connection = Connection()
    with Toolbox([connection.tool()]) as toolbox:
        assert connection.closed == 0
    toolbox.close()
    assert connection.closed == 1


def test_what_two_tools_hold_together_is_closed_once() -> None:
    connection = Connection()
    with Toolbox([connection.tool("A"), connection.tool("B")]):
        pass
    assert connection.closed == 1


def test_a_toolbox_that_is_forgotten_closes_its_tools() -> None:
    connection = Connection()
    toolbox = Toolbox([connection.tool()])
    del toolbox
    gc.collect()
    assert connection.closed == 1


def test_an_async_close_is_run_to_completion() -> None:
    connection = Connection()
    with Toolbox([tool(lambda: "1", name="T", close=connection.close_later)]):
        pass
    assert connection.closed == 1


def test_a_tool_that_cannot_be_closed_does_not_keep_the_others_open(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stuck, fine = Connection(is_stuck=True), Connection()
    with caplog.at_level(logging.WARNING), Toolbox([stuck.tool("A"), fine.tool("B")]):
        pass
    assert (stuck.closed, fine.closed) == (1, 1)
    assert "The tool A could not be closed." in caplog.text


def test_what_is_kept_stays_open() -> None:
    kept, other = Connection(), Connection()
    one, two, three = kept.tool("One"), kept.tool("Two"), other.tool("Three")
    toolbox = Toolbox([one, two, three])
    toolbox.close(keep=[one])  # what `two` holds is what `one` holds
    assert (kept.closed, other.closed) == (0, 1)


def test_tools_of_one_spec_share_a_process_but_for_impure_ones_and_are_closed_in_it(
    tmp_path: Path,
) -> None:
    closed = tmp_path / "closed"
    with Toolbox(load_tools(f"{HOSTILE}:family:path={closed}"), workers=1) as toolbox:
        names = ["One", "Two", "Impure", "One", "Impure"]
        calls = [ToolCall(name, str(number)) for number, name in enumerate(names)]
        one, two, impure, again, impure_again = toolbox.execute(calls)
    assert one.output == two.output == again.output
    assert impure.output == impure_again.output != one.output
    # in each of the workers, and here, where they were loaded first
    processes = [str(one.output), str(impure.output), str(os.getpid())]
    assert sorted(closed.read_text().split()) == sorted(processes)
