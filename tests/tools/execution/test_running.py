"""Calls that wait for a tool together run together, and one failure is not that of the others."""

import asyncio
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from toolformer.calls import ToolCall
from toolformer.errors import ToolError, ToolUnavailableError
from toolformer.tools.base import Tool
from toolformer.tools.decorator import tool
from toolformer.tools.execution.running import MAX_BATCH, failure_of, is_of_outside_world
from toolformer.tools.registry import load_tool
from toolformer.tools.result import ToolResult
from toolformer.tools.toolbox import Toolbox

HOSTILE = Path(__file__).parents[1] / "hostile.py"


class Model:
    """A tool that answers several calls at once, and remembers how many."""

    def __init__(self, *, is_broken: bool = False) -> None:
        self.batches: list[int] = []
        self.alone: list[str] = []
        self.is_broken = is_broken

    def answer(self, text: str) -> str:
        """Answers."""
        self.alone.append(text)
        if text == "bad":
            raise ToolError("It is bad.")
        return text.upper()

    def answer_all(self, calls: Sequence[Mapping[str, object]]) -> list[object]:
        self.batches.append(len(calls))
        if self.is_broken:
            raise ConnectionError("It is gone.")
        texts = [str(call["text"]) for call in calls]
        return [ToolError("It is bad.") if text == "bad" else text.upper() for text in texts]

    def tool(self, *, pure: bool = True) -> Tool:
        return tool(self.answer, name="Answer", run_batch=self.answer_all, pure=pure)


def execute(made: Tool, *texts: str, **settings: float) -> list[ToolResult]:
    with Toolbox([made], **settings) as toolbox:  # type: ignore[arg-type]
        return toolbox.execute([ToolCall(made.name, text) for text in texts])


def said(results: Sequence[ToolResult]) -> list[str | None]:
    return [result.output or result.error for result in results]


def test_calls_that_wait_together_are_one_batch_with_results_in_order() -> None:
    model = Model()
    assert said(execute(model.tool(), "a", "bad", "a", "c")) == ["A", "It is bad.", "A", "C"]
    assert (model.batches, model.alone) == ([3], [])  # the second "a" is the first


def test_a_batch_is_kept_like_single_calls() -> None:
    model = Model()
    with Toolbox([model.tool()]) as toolbox:
        first = toolbox.execute([ToolCall("Answer", "a"), ToolCall("Answer", "bad")])
        again = toolbox.execute([ToolCall("Answer", "bad"), ToolCall("Answer", "a")])
    assert model.batches == [2]
    assert said(first) == said(again)[::-1] == ["A", "It is bad."]
    assert [result.seconds for result in again] == [0.0, 0.0]


def test_one_call_is_not_a_batch() -> None:
    model = Model()
    assert said(execute(model.tool(), "a")) == ["A"]
    assert (model.batches, model.alone) == ([], ["a"])


def test_more_calls_than_a_batch_holds_are_several() -> None:
    model = Model()
    texts = [str(number) for number in range(2 * MAX_BATCH + 2)]
    assert said(execute(model.tool(), *texts)) == texts
    assert sorted(model.batches) == [2, MAX_BATCH, MAX_BATCH]


def test_an_impure_tool_takes_no_batches() -> None:
    model = Model()
    execute(model.tool(pure=False), "a", "b", "a")
    assert (model.batches, model.alone) == ([], ["a", "b", "a"])


def test_a_batch_that_fails_as_a_whole_is_run_call_by_call() -> None:
    model = Model(is_broken=True)
    assert said(execute(model.tool(), "a", "bad", "c")) == ["A", "It is bad.", "C"]
    assert (model.batches, model.alone) == ([3], ["a", "bad", "c"])


def test_calls_of_other_tools_run_beside_a_batch() -> None:
    model, other = Model(), tool(lambda: "other", name="Other", description="Is another.")
    with Toolbox([model.tool(), other]) as toolbox:
        calls = [ToolCall("Answer", "a"), ToolCall("Other", ""), ToolCall("Answer", "b")]
        results = toolbox.execute(calls)
    assert said(results) == ["A", "other", "B"]
    assert model.batches == [2]


def test_a_batch_runs_in_a_worker_too() -> None:
    made = load_tool(f"{HOSTILE}:batched")
    results = execute(made, "a", "bad", "c")
    assert said(results) == ["3", "batched raised ValueError: no such thing", "3"]


def test_a_batch_that_ends_its_worker_ends_only_the_call_that_did_it() -> None:
    made = load_tool(f"{HOSTILE}:batched")
    results = execute(made, "a", "poison", "c", workers=1)
    assert said(results) == ["1", "batched ended its process with exit status 5.", "1"]


@pytest.mark.parametrize("texts", [("bad", "bad!"), ("a", "bad")])
def test_a_failure_in_a_batch_has_the_seconds_of_its_share(texts: tuple[str, str]) -> None:
    one, other = execute(Model().tool(), *texts)
    assert one.seconds == other.seconds > 0


class Stop(BaseException):
    """An exception of nobody's kind."""


class MuteError(Exception):
    """An exception that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


ENDS = [
    SystemExit(0),
    KeyboardInterrupt(),
    GeneratorExit(),
    asyncio.CancelledError(),
    Stop("It stops."),
]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: type(end).__name__)
@pytest.mark.parametrize("way", ["call", "async call", "value", "batch", "value of a batch"])
def test_whatever_a_tool_raises_is_an_error_of_its_call(end: BaseException, way: str) -> None:
    def raises(text: str) -> object:
        """Ends."""
        if way == "call":
            raise end
        return end if way in ("value", "batch", "value of a batch") else later()

    async def later() -> str:
        raise end

    def raise_all(calls: Sequence[Mapping[str, object]]) -> list[object]:
        if way == "batch":
            raise end
        return [end for _ in calls]

    made = tool(raises, name="End", run_batch=raise_all if "batch" in way else None)
    results: list[ToolResult] = []
    # As annotating does: where a program's own Ctrl-C does not arrive.
    thread = Thread(target=lambda: results.extend(execute(made, "a", "b")))
    thread.start()
    thread.join()
    assert [result.output for result in results] == [None, None]
    assert all(type(end).__name__ in (result.error or "") for result in results)


def test_ctrl_c_is_no_failure_of_a_tool() -> None:
    def interrupted(text: str) -> str:
        """Is interrupted."""
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(tool(interrupted), "a")


def test_an_error_without_words_is_named_by_its_type() -> None:
    assert str(failure_of(MuteError(), tool="T")) == "T raised MuteError"


@contextmanager
def server(status: int) -> Iterator[str]:
    """Runs a server that answers with a status, and yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Keeps quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}/"
        finally:
            running.shutdown()
            thread.join()


def closed_port() -> str:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{bound.getsockname()[1]}/"


def raised_by(ask: Callable[[str], object], address: str) -> BaseException:
    with pytest.raises(BaseException) as error:  # noqa: PT011  each library has its own
        ask(address)
    if isinstance(error.value, urllib.error.HTTPError):
        error.value.close()
    return error.value


def ask_urllib(address: str) -> object:
    with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310  our own
        return answer.read()


def ask_requests(address: str) -> object:
    requests = pytest.importorskip("requests")
    with requests.Session() as session, session.get(address, timeout=5) as answer:
        return answer.raise_for_status()


def ask_aiohttp(address: str) -> object:
    aiohttp = pytest.importorskip("aiohttp")

    async def get() -> None:
        async with aiohttp.ClientSession() as session, session.get(address) as answer:
            answer.raise_for_status()

    return asyncio.run(get())


CLIENTS = [ask_urllib, ask_requests, ask_aiohttp]


@pytest.mark.parametrize("ask", CLIENTS)
def test_a_server_that_is_down_is_the_outside_worlds_failure(ask: Callable[[str], object]) -> None:
    assert is_of_outside_world(raised_by(ask, closed_port()))


@pytest.mark.parametrize("ask", CLIENTS)
@pytest.mark.parametrize(
    ("status", "is_outside"), [(503, True), (500, True), (429, True), (404, False), (400, False)]
)
def test_a_status_tells_whose_failure_it_is(
    ask: Callable[[str], object], status: int, is_outside: bool
) -> None:
    with server(status) as address:
        assert is_of_outside_world(raised_by(ask, address)) is is_outside


def chained(cause: BaseException) -> BaseException:
    try:
        raise cause
    except BaseException:  # noqa: BLE001
        try:
            raise ValueError("no answer")
        except ValueError as error:
            return error


@pytest.mark.parametrize(
    ("error", "is_outside"),
    [
        (ConnectionResetError("gone"), True),
        (TimeoutError(), True),
        (BrokenPipeError(), True),
        (socket.gaierror(-2, "Name or service not known"), True),
        (OSError(113, "No route to host"), True),
        (urllib.error.URLError(ConnectionRefusedError(111, "Connection refused")), True),
        (urllib.error.URLError(socket.gaierror(-2, "Name or service not known")), True),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), True),
        (chained(ConnectionRefusedError()), True),
        (ToolUnavailableError("Down for today."), True),
        (ValueError("no such place"), False),
        (FileNotFoundError(2, "No such file or directory"), False),
        (PermissionError(13, "Permission denied"), False),
        (KeyError("city"), False),
        (SystemExit(503), False),
        (MemoryError(), False),
    ],
)
def test_the_outside_world_is_told_from_the_call(error: BaseException, is_outside: bool) -> None:
    assert is_of_outside_world(error) is is_outside


def test_what_could_not_be_reached_is_marked_and_tried_again() -> None:
    is_down = True

    def weather(city: str) -> str:
        """Tells the weather."""
        if is_down:
            raise ConnectionRefusedError(111, "Connection refused")
        return f"Rain in {city}."

    with Toolbox([tool(weather)]) as toolbox:
        [result] = toolbox.execute([ToolCall("weather", "Oslo")])
        assert result.is_unavailable
        assert result.error == (
            "weather could not be reached: ConnectionRefusedError: [Errno 111] Connection refused"
        )
        is_down = False
        [result] = toolbox.execute([ToolCall("weather", "Oslo")])
    assert (result.output, result.is_unavailable) == ("Rain in Oslo.", False)


def test_a_refusal_is_not_marked() -> None:
    [result] = execute(Model().tool(), "bad")
    assert (result.error, result.is_unavailable) == ("It is bad.", False)


@pytest.mark.parametrize(
    ("name", "is_unavailable"),
    [("unreachable", True), ("unreachable_by_name", True), ("dies", True), ("raises", False)],
)
def test_a_worker_tells_what_could_not_be_reached(name: str, is_unavailable: bool) -> None:
    [result] = execute(load_tool(f"{HOSTILE}:{name}"), "x")
    assert (result.output, result.is_unavailable) == (None, is_unavailable)


@pytest.mark.parametrize("end", ENDS, ids=lambda end: type(end).__name__)
def test_a_tool_that_ends_when_it_is_closed_ends_nothing_else(end: BaseException) -> None:
    closed: list[str] = []

    def close() -> None:
        raise end

    first = tool(Model().answer, name="One", close=close)
    second = tool(Model().answer, name="Two", close=lambda: closed.append("Two"))
    thread = Thread(target=Toolbox([first, second]).close)
    thread.start()
    thread.join()
    assert closed == ["Two"]


def test_a_tool_that_is_missed_again_and_again_is_left_alone_and_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = []

    def reach(text: str) -> str:
        """Reaches a server."""
        asked.append(text)
        if text != "up":
            raise TimeoutError("no answer in 30 s")
        return text

    now = [0.0]
    with Toolbox([tool(reach, name="Map")], workers=1) as toolbox:
        toolbox._runner.patience._clock = lambda: now[0]

        def ask(*texts: str) -> list[ToolResult]:
            return toolbox.execute([ToolCall("Map", text) for text in texts])

        results = ask(*"abcdef")
        assert asked == ["a", "b", "c"]
        assert all(each.is_unavailable for each in results)
        assert (
            results[-1].error == "Map was not asked: it could not be reached in the calls before."
        )
        assert [each.getMessage() for each in caplog.records] == [
            "Map could not be reached: TimeoutError: no answer in 30 s"
        ]
        now[0] = 31.0
        assert [each.is_unavailable for each in ask("g", "up")] == [True, True]
        now[0] = 62.0
        assert [each.output for each in ask("up", "up again")] == ["up", None]
    assert asked == ["a", "b", "c", "g", "up", "up again"]


def test_a_process_that_hangs_on_its_arguments_does_not_keep_others_from_being_asked() -> None:
    sleeper = load_tool(f"{HOSTILE}:hangs")
    with Toolbox([sleeper], workers=1, timeout_s=0.3) as toolbox:
        results = toolbox.execute([ToolCall("hangs", str(n)) for n in range(5)])
    assert all("took longer than 0.3 s" in str(each.error) for each in results)
