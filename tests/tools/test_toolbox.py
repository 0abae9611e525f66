"""Calls are run once, in order, and whatever a tool does is a result."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from toolformer.calls import ToolCall
from toolformer.errors import ConfigError, ToolError, UnknownNameError
from toolformer.tools.base import Tool
from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.context import ToolContext
from toolformer.tools.decorator import tool
from toolformer.tools.registry import load_tool
from toolformer.tools.result import ToolResult
from toolformer.tools.toolbox import Toolbox

HOSTILE = Path(__file__).parent / "hostile.py"


def hostile(name: str) -> Tool:
    return load_tool(f"{HOSTILE}:{name}")


def run(name: str, arguments: str = "x", **settings: float) -> ToolResult:
    with Toolbox([hostile(name)], **settings) as toolbox:  # type: ignore[arg-type]
        [result] = toolbox.execute([ToolCall(name, arguments)])
    return result


class Counter:
    """A tool's function that remembers its calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def count(self, text: str, *, today: date | None = None) -> str:
        """Counts."""
        self.calls.append(text)
        if text == "fail":
            raise ToolError("It failed.")
        return f"{text} {today}" if today else text


@pytest.fixture
def counter() -> Counter:
    return Counter()


def test_results_come_in_the_order_of_the_calls(counter: Counter) -> None:
    with Toolbox([calculator, tool(counter.count)]) as toolbox:
        calls = [ToolCall("Calculator", f"{n} + 1") for n in range(20)] + [ToolCall("count", "a")]
        results = toolbox.execute(calls)
    assert [result.call for result in results] == calls
    assert [result.output for result in results] == [str(n + 1) for n in range(20)] + ["a"]


def test_identical_calls_run_once_now_and_later(counter: Counter) -> None:
    with Toolbox([tool(counter.count)]) as toolbox:
        first = toolbox.execute([ToolCall("count", text) for text in ("a", "b", "a")])
        later = toolbox.execute([ToolCall("count", text) for text in ("b", "c")])
    assert sorted(counter.calls) == ["a", "b", "c"]
    assert [result.output for result in first + later] == ["a", "b", "a", "b", "c"]
    assert first[2].seconds == 0.0
    assert later[0].seconds == 0.0


def test_a_failure_is_not_tried_twice(counter: Counter) -> None:
    with Toolbox([tool(counter.count)]) as toolbox:
        for _ in range(2):
            [result] = toolbox.execute([ToolCall("count", "fail")])
            assert (result.output, result.error) == (None, "It failed.")
    assert counter.calls == ["fail"]


def test_only_declared_context_tells_calls_apart(counter: Counter) -> None:
    days = [ToolContext(today=date(2023, 3, day)) for day in (3, 4)]
    calls = [ToolCall("count", "a")] * 2
    with Toolbox([tool(counter.count, context=("today",))]) as toolbox:
        dated = toolbox.execute(calls, days)
    assert [result.output for result in dated] == ["a 2023-03-03", "a 2023-03-04"]
    with Toolbox([tool(Counter().count, context=())]) as toolbox:
        undated = toolbox.execute(calls, days)
    assert [result.output for result in undated] == ["a", "a"]
    assert undated[1].seconds == 0.0


def test_calls_of_an_impure_tool_all_run_in_order(counter: Counter) -> None:
    texts = [str(number % 3) for number in range(30)]
    with Toolbox([tool(counter.count, pure=False)]) as toolbox:
        toolbox.execute([ToolCall("count", text) for text in texts])
        toolbox.execute([ToolCall("count", "0")])
    assert counter.calls == [*texts, "0"]


def test_a_slow_impure_call_holds_up_no_pure_one() -> None:
    started, go_on = threading.Event(), threading.Event()

    def wait(text: str) -> str:
        started.set()
        go_on.wait(60)
        return text

    results: list[ToolResult] = []
    with Toolbox([calculator, tool(wait, pure=False)]) as toolbox:

        def execute(call: ToolCall) -> threading.Thread:
            thread = threading.Thread(target=lambda: results.extend(toolbox.execute([call])))
            thread.start()
            return thread

        slow = execute(ToolCall("wait", "a"))
        assert started.wait(30)
        quick = execute(ToolCall("Calculator", "1 + 1"))
        quick.join(10)
        told_meanwhile = [result.output for result in results]
        go_on.set()
        for thread in (slow, quick):
            thread.join(30)
    assert told_meanwhile == ["2"]
    assert [result.output for result in results] == ["2", "a"]


def test_an_impure_tool_in_a_worker_keeps_its_state() -> None:
    with Toolbox([hostile("counts")]) as toolbox:
        results = toolbox.execute([ToolCall("counts", text) for text in ("a", "a", "b")])
    assert [r.output for r in results] == ["a is number 1", "a is number 2", "b is number 3"]


def test_calls_run_at_the_same_time_but_no_more_than_the_workers() -> None:
    lock, three = threading.Lock(), threading.Barrier(3)
    running = most = 0

    def wait(text: str) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        three.wait(60)  # broken unless three come together
        with lock:
            running -= 1
        return text

    with Toolbox([tool(wait)], workers=3) as toolbox:
        results = toolbox.execute([ToolCall("wait", str(n)) for n in range(9)])
    assert [result.error for result in results] == [None] * 9
    assert most == 3


def test_a_tool_is_found_in_any_case_and_an_unknown_one_is_an_error_with_near_names() -> None:
    with Toolbox([calculator]) as toolbox:
        calls = [ToolCall("calculator", "1 + 1"), ToolCall("Calculater", "1"), ToolCall("?", "")]
        results = toolbox.execute(calls)
    assert [result.output for result in results] == ["2", None, None]
    assert results[0].call == calls[0]
    assert results[1].error == (
        "Unknown tool 'Calculater'. Did you mean 'Calculator'? Available: Calculator."
    )


def test_a_toolbox_is_a_mapping(counter: Counter) -> None:
    toolbox = Toolbox([calculator, tool(counter.count)])
    assert list(toolbox) == ["Calculator", "count"]
    assert toolbox["CALCULATOR"] is calculator
    assert "calculater" not in toolbox
    assert toolbox.get("calculater") is None
    with pytest.raises(UnknownNameError, match=r"^Unknown tool 'calculater'\. Did you mean"):
        toolbox["calculater"]
    toolbox.close()


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="Two tools have the same name: Calculator, Calculator"):
        Toolbox([calculator, calculator])


def test_as_many_contexts_as_calls_are_asked_for(counter: Counter) -> None:
    with Toolbox([tool(counter.count)]) as toolbox, pytest.raises(ValueError, match="shorter"):
        toolbox.execute([ToolCall("count", "a"), ToolCall("count", "b")], [ToolContext()])


def test_no_calls_give_no_results() -> None:
    with Toolbox([calculator]) as toolbox:
        assert toolbox.execute([]) == []


def test_any_exception_of_a_tool_in_this_process_is_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(text: str) -> str:
        raise KeyError(text)

    with Toolbox([tool(broken)]) as toolbox:
        [result] = toolbox.execute([ToolCall("broken", "x")])
    assert result.error == "broken raised KeyError: 'x'"
    assert "Traceback" in caplog.text  # a bug is no secret


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("echo", "x"),
        ("ten_megabytes", ("word " * 100).strip()),
        ("brackets", '{"a": [1]} ]['),
        ("newlines", "one two three [31m"),
        ("number", "24"),
        ("mapping", '{"a": [1]}'),
        ("surrogate", "?x"),
        ("prints", "printed"),
        ("reads_input", "read ''"),
    ],
)
def test_what_another_persons_tool_returns_is_one_short_line(name: str, output: str) -> None:
    result = run(name)
    assert (result.output, result.error) == (output, None)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("raises", "raises raised ValueError: no such thing: x"),
        ("leaves", "leaves raised SystemExit: 4"),
        ("exits", "exits ended its process with exit status 3."),
        ("dies", "The process of dies was killed by SIGKILL."),
        ("nothing", "nothing(x) gave no output."),
        ("white_space", "white_space(x) gave no output."),
    ],
)
def test_whatever_another_persons_tool_does_is_an_error(name: str, error: str) -> None:
    result = run(name)
    assert (result.output, result.error) == (None, error)


@pytest.mark.parametrize("name", ["hangs", "spins", "sleeps"])
def test_a_call_that_overruns_its_time_is_stopped(name: str) -> None:
    result = run(name, timeout_s=0.3)
    assert result.error == f"{name} took longer than 0.3 s for one call and was stopped."


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA holds on Linux only")
def test_a_process_that_overruns_its_memory_is_an_error() -> None:
    result = run("too_much_memory", memory_bytes=1 << 30)
    assert result.error == "too_much_memory needed more than 1 GiB of memory."


def test_a_worker_that_was_lost_is_replaced_and_the_others_go_on() -> None:
    tools = [hostile("echo"), hostile("exits"), hostile("hangs")]
    with Toolbox(tools, timeout_s=1.5) as toolbox:
        names = ["echo", "exits", "hangs", "echo", "exits", "echo"]
        calls = [ToolCall(name, str(number)) for number, name in enumerate(names)]
        results = toolbox.execute(calls)
        [after] = toolbox.execute([ToolCall("exits", "again")])
    assert [result.output for result in results] == ["0", None, None, "3", None, "5"]
    assert after.error == "exits ended its process with exit status 3."


def test_a_lost_worker_is_no_final_result(tmp_path: Path) -> None:
    with Toolbox([hostile("dies_once")]) as toolbox:
        call = ToolCall("dies_once", str(tmp_path / "died"))
        [lost], [found] = toolbox.execute([call]), toolbox.execute([call])
    assert lost.error == "dies_once ended its process with exit status 1."
    assert found.output == "alive"


def test_another_persons_tool_runs_in_another_process_and_one_worker_serves_many_calls() -> None:
    with Toolbox([hostile("process")], workers=1) as toolbox:
        results = toolbox.execute([ToolCall("process", str(number)) for number in range(50)])
    assert len({result.output for result in results}) == 1
    assert results[0].output != str(os.getpid())


def test_a_worker_is_told_the_context() -> None:
    with Toolbox([hostile("tells_the_date")]) as toolbox:
        calls = [ToolCall("tells_the_date", "It rained")] * 2
        results = toolbox.execute(calls, [ToolContext(today=date(2023, 3, 3)), ToolContext()])
    assert [result.output for result in results] == [
        "It rained on 2023-03-03",
        "It rained on None",
    ]


def test_what_a_tool_prints_is_kept_from_the_programs_answer(
    capfd: pytest.CaptureFixture[str],
) -> None:
    run("prints")
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "to standard output" in printed.err


def test_children_of_a_tool_that_overruns_end_with_it(tmp_path: Path) -> None:
    run("starts_a_child", str(tmp_path / "left"), timeout_s=0.3)
    time.sleep(1.2)
    assert not (tmp_path / "left").exists()


def _workers() -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if entry.name.isdigit() and fields[1] == str(os.getpid()) and fields[0] != "Z":
            yield int(entry.name)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_closing_ends_the_processes_also_one_in_the_middle_of_a_call() -> None:
    before = set(_workers())
    toolbox = Toolbox([hostile("echo")])
    toolbox.execute([ToolCall("echo", "a")])
    assert len(set(_workers()) - before) == 1
    toolbox.close()
    assert set(_workers()) - before == set()
    toolbox = Toolbox([hostile("echo")])
    toolbox.execute([ToolCall("echo", "a")])
    del toolbox  # forgotten rather than closed
    assert set(_workers()) - before == set()


def test_a_toolbox_shows_how_its_tools_are_called() -> None:
    with Toolbox([calculator]) as toolbox:
        assert repr(toolbox) == "Toolbox(Calculator(expression))"
