"""`toolformer mcp`, asked by the SDK's own client."""

import asyncio
import subprocess
import sys
from typing import Any

from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult

from toolformer.calls import ToolCall
from toolformer.tools.registry import load_tools
from toolformer.tools.toolbox import Toolbox

COMMAND = [sys.executable, "-m", "toolformer", "mcp", "--today", "2023-03-03"]


def asked(*calls: tuple[str, dict[str, Any]]) -> tuple[list[str], list[CallToolResult]]:
    async def ask() -> tuple[list[str], list[CallToolResult]]:
        program, *arguments = COMMAND
        async with Client(StdioServerParameters(command=program, args=arguments)) as client:
            listed = await client.list_tools()
            results = [await client.call_tool(*call) for call in calls]
            return [tool.name for tool in listed.tools], results

    return asyncio.run(ask())


def text_of(result: CallToolResult) -> str:
    [block] = result.content
    assert block.type == "text"
    return block.text


def test_a_client_lists_and_calls_our_tools() -> None:
    names, [product, day, wrong, unknown] = asked(
        ("Calculator", {"expression": "400 / 1400"}),
        ("Calendar", {"expression": "today"}),
        ("Calculator", {"expression": "two"}),
        ("Kalendar", {}),
    )
    assert names == ["Calculator", "Calendar", "Database"]
    assert (text_of(product), product.is_error) == ("0.29", False)
    assert text_of(day) == "Friday, March 3, 2023"
    assert wrong.is_error
    assert unknown.is_error
    assert "Did you mean" in text_of(unknown)


def test_our_own_client_gives_the_same_answers() -> None:
    spec = f"mcp:command={' '.join(COMMAND)}"
    calls = [ToolCall("Calculator", "2 * 21"), ToolCall("Calendar", "today + 3 days")]
    with Toolbox(load_tools(spec)) as served, Toolbox(["calculator", "calendar"]) as own:
        [product, day] = served.execute(calls)
        assert product.output == own.execute(calls)[0].output == "42"
        assert day.output == "March 6, 2023"


def test_it_ends_with_its_input() -> None:
    ended = subprocess.run(COMMAND, input=b"", capture_output=True, timeout=60)
    assert ended.returncode == 0
    assert ended.stdout == b""
    assert b"Serving Calculator, Calendar, Database" in ended.stderr
