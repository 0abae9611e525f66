"""Tools of an MCP server that runs: the SDK's own, in a process and over HTTP."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from toolformer.calls import ToolCall
from toolformer.errors import ConfigError, UnknownNameError
from toolformer.tools.base import Tool
from toolformer.tools.registry import load_tools
from toolformer.tools.result import ToolResult
from toolformer.tools.toolbox import Toolbox
from toolformer.tools.trust import is_harmless

SERVE = Path(__file__).with_name("serve.py")
COMMAND = f"mcp:command={sys.executable} {SERVE},timeout=20"


@pytest.fixture(scope="module")
def tools() -> list[Tool]:
    return load_tools(COMMAND)


@pytest.fixture
def ask(tools: list[Tool]) -> Iterator[Callable[[str, str], ToolResult]]:
    with Toolbox(tools) as toolbox:
        yield lambda name, arguments: toolbox.execute([ToolCall(name, arguments)])[0]


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def started(port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, str(SERVE), str(port)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.1)
    raise TimeoutError


def test_each_tool_of_the_server_is_one(tools: list[Tool]) -> None:
    by_name = {tool.name: tool for tool in tools}
    add = by_name["add"]
    assert (add.signature, add.description) == ("add(a, b)", "Adds two numbers.")
    assert add.spec == f"{COMMAND},only=add"
    assert "get.day-of_week" in by_name  # a call can have no space in its name
    assert (add.pure, by_name["note"].pure) == (True, False)
    assert add.state is not None
    assert add.state() == ("things", "1.2")


def test_calls_are_answered(ask: Callable[[str, str], ToolResult]) -> None:
    assert ask("add", "2, 3").output == "5"
    assert ask("add", '{"a": 4}').output == "5"
    assert ask("get.day-of_week", "").output == "Friday"


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("add", "two", "add cannot take 'two' as `a`"),
        ("add", "", "has no `a`"),
        ("fail", "because", "Error executing tool fail"),
        ("picture", "", "The server sent no text, but image."),
        ("long", "10000000", "more than 1,048,576 characters"),
    ],
)
def test_failures_are_errors_of_the_call(
    ask: Callable[[str, str], ToolResult], name: str, arguments: str, error: str
) -> None:
    result = ask(name, arguments)
    assert error in (result.error or "")
    assert not result.is_unavailable


def test_many_calls_wait_together(tools: list[Tool]) -> None:
    with Toolbox(tools) as toolbox:
        calls = [ToolCall("wait", f"{0.5 + number / 1000}") for number in range(64)]
        toolbox.execute(calls[:1])
        began = time.monotonic()
        results = toolbox.execute(calls)
        assert time.monotonic() - began < 10  # one after another they take 34 s
    assert [result.error for result in results] == [None] * 64


def test_a_server_that_ended_is_an_outage_and_is_started_again(
    ask: Callable[[str, str], ToolResult], caplog: pytest.LogCaptureFixture
) -> None:
    [die] = load_tools(f"{COMMAND},retries=0,allow=die|add,only=die")
    with Toolbox([die]) as toolbox:
        [result] = toolbox.execute([ToolCall("die", "")])
        assert result.is_unavailable
        assert "ended in the middle of a call" in (result.error or "")
    assert ask("add", "1, 1").output == "2"


def test_what_takes_too_long_is_an_outage() -> None:
    [wait] = load_tools(f"mcp:command={sys.executable} {SERVE},timeout=5,only=wait")
    with Toolbox([wait]) as toolbox:
        toolbox.execute([ToolCall("wait", "0")])
        [result] = toolbox.execute([ToolCall("wait", "30")])
    assert result.is_unavailable
    assert "took longer than 5 s" in (result.error or "")


def test_what_changes_something_is_never_done_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    [note] = load_tools(f"{COMMAND},env=NOTES,only=note")
    with Toolbox([note]) as toolbox:
        results = toolbox.execute([ToolCall("note", "milk")] * 3)
    assert [result.output for result in results] == ["noted"] * 3
    assert (tmp_path / "notes").read_text().split() == ["milk"] * 3


def test_a_program_is_given_the_variables_that_are_named_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_SECRET", "s3cret")
    told = {}
    for env in ("", ",env=MY_SECRET"):
        [secret] = load_tools(f"{COMMAND}{env},only=secret")
        with Toolbox([secret]) as toolbox:
            [result] = toolbox.execute([ToolCall("secret", "")])
        told[env] = result.output
        assert "s3cret" not in secret.spec
    assert told == {"": "nothing", ",env=MY_SECRET": "s3cret"}


def test_a_server_over_http_is_found_again_after_it_was_away(port: int) -> None:
    process = started(port)
    [add] = load_tools(f"mcp:url=http://127.0.0.1:{port}/mcp,retries=0,only=add")
    with Toolbox([add]) as toolbox:

        def ask(number: int) -> ToolResult:
            return toolbox.execute([ToolCall("add", str(number))])[0]

        assert ask(1).output == "2"
        process.kill()
        process.wait()
        assert ask(2).is_unavailable
        process = started(port)
        try:
            assert ask(3).output == "4"
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("mcp", "given its program or its address"),
        ("mcp:command=python a.py,url=https://a.org", "given its program or its address"),
        ("mcp:command=no-such-program-anywhere", "No such file or directory"),
        (f"mcp:command={sys.executable} -c 'import nowhere'", "No module named 'nowhere'"),
        (f"mcp:command={sys.executable} -c 'print(1)'", "could not be reached"),
        ("mcp:command='", "is not a command"),
        ("mcp:url=ftp://a.org", "is not an address"),
        ("mcp:url=https://me:pass@a.org/mcp", "password"),
        ("mcp:url=http://127.0.0.1:9/mcp", "could not be reached"),
        ("mcp:command=python,env=NOT_SET_ANYWHERE", "environment variable that is set"),
    ],
)
def test_what_is_no_server_is_refused(spec: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        load_tools(spec)


def test_a_tool_that_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="add"):
        load_tools(f"{COMMAND},allow=ad")


def test_no_checkpoint_may_say_what_is_run() -> None:
    assert not is_harmless(COMMAND)
    assert not is_harmless("mcp:url=https://a.org/mcp")


LIES = """
import anyio
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.types import CallToolResult, ListToolsResult, TextContent, Tool

SCHEMAS = {
    "nothing": {"type": "object", "properties": {"a": {"$ref": "#/nowhere"}}},
    "number": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
}

async def list_tools(context, parameters):
    return ListToolsResult(tools=[Tool(name=n, input_schema=s) for n, s in SCHEMAS.items()])

async def call_tool(context, asked):
    return CallToolResult(content=[TextContent(type="text", text=repr(asked.arguments))])

async def main():
    server = Server("liar", on_list_tools=list_tools, on_call_tool=call_tool)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())

anyio.run(main)
"""


def test_a_schema_that_cannot_be_read_leaves_its_tool_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "liar.py").write_text(LIES)
    spec = f"mcp:command={sys.executable} {tmp_path / 'liar.py'}"
    [number] = load_tools(spec)
    assert number.name == "number"
    assert "The tool nothing of the MCP server is left out" in caplog.text
    with Toolbox([number]) as toolbox:
        [result] = toolbox.execute([ToolCall("number", "7")])
    assert result.output == "{'a': 7}"
    with pytest.raises(ConfigError, match="nowhere"):
        load_tools(f"{spec},allow=nothing")
