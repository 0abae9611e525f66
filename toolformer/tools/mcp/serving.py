"""Our tools as a server of the Model Context Protocol, for any client of it."""

import json
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from toolformer._version import __version__
from toolformer.calls import ToolCall
from toolformer.tools.context import ToolContext
from toolformer.tools.toolbox import Toolbox

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

_AT_ONCE = 64  # calls that are answered at a time


def make_server(toolbox: Toolbox, *, today: Callable[[], date]) -> "Server[Any]":
    """Returns a server of the tools of a toolbox; whoever made the toolbox closes it.

    Args:
        toolbox: runs the calls.
        today: returns the day that a call is made on.
    """
    import anyio
    from mcp.server.lowlevel import Server
    from mcp.types import CallToolResult, ListToolsResult, TextContent, Tool, ToolAnnotations

    stated: list[Tool] = []
    for each in toolbox.values():
        schema = each.json_schema()
        stated.append(
            Tool(
                name=each.name,
                description=each.description,
                input_schema={"type": "object", **_object(schema["parameters"])},
                annotations=ToolAnnotations(read_only_hint=each.pure),
            )
        )
    limiter = anyio.CapacityLimiter(_AT_ONCE)

    async def list_tools(_context: object, _parameters: object) -> ListToolsResult:
        return ListToolsResult(tools=stated)

    async def call_tool(_context: object, asked: Any) -> CallToolResult:
        call = ToolCall(asked.name, json.dumps(asked.arguments or {}, ensure_ascii=False))
        context = ToolContext(today=today())
        [result] = await anyio.to_thread.run_sync(
            toolbox.execute, [call], context, limiter=limiter, abandon_on_cancel=True
        )
        text = result.output if result.output is not None else result.error
        return CallToolResult(
            content=[TextContent(type="text", text=text or "")], is_error=result.error is not None
        )

    return Server(
        "toolformer", version=__version__, on_list_tools=list_tools, on_call_tool=call_tool
    )


def serve_pipes(server: "Server[Any]") -> None:
    """Answers on standard input and output until the input ends."""
    import anyio
    from mcp.server.stdio import stdio_server

    async def serve() -> None:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    anyio.run(serve)


def serve_http(server: "Server[Any]", *, host: str, port: int) -> None:
    """Answers at http://HOST:PORT/mcp until the program is interrupted."""
    import uvicorn

    uvicorn.run(server.streamable_http_app(host=host), host=host, port=port, log_level="warning")


def _object(schema: object) -> dict[str, object]:
    return schema if isinstance(schema, dict) else {}
