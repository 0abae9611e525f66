"""MCP: every tool of a server that speaks the Model Context Protocol."""

import logging
import re
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from toolformer.calls import is_tool_name
from toolformer.errors import ConfigError, UnknownNameError, check_installed, clipped, closest
from toolformer.tools.base import MOST_WAITING, Tool
from toolformer.tools.mcp.server import McpServer
from toolformer.tools.mcp.ways import Address, Command, Way
from toolformer.tools.outside.options import Address as Url
from toolformer.tools.outside.options import (
    CommandLine,
    Variables,
    read_headers,
    read_variables,
    split,
)
from toolformer.tools.parameters.schema import tool_from_schema

if TYPE_CHECKING:
    from mcp.types import Tool as Stated

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")
# One connection for all tools of a server, however many specs name one each.
_servers: WeakValueDictionary[tuple[object, ...], McpServer] = WeakValueDictionary()

_log = logging.getLogger(__name__)


def mcp(
    command: CommandLine | None = None,
    url: Url | None = None,
    allow: str = "",
    prefix: str = "",
    env: Variables | None = None,
    headers: Variables | None = None,
    timeout: float = 30.0,
    retries: int = 3,
) -> list[Tool]:
    """Makes tools of those that an MCP server states.

    Args:
        command: A program that is started, and speaks the protocol on its standard input and
            output: command=python my_server.py.
        url: The address of a server that speaks streamable HTTP, instead.
        allow: The server's tools that may be called, as in search|fetch; all when left out.
        prefix: What the names of the tools begin with, where two servers have the same ones.
        env: Environment variables that the program is given, as in MY_TOKEN|MY_KEY. The values are
            written nowhere.
        headers: Headers and the environment variables with their values, as in
            Authorization=MY_TOKEN|X-Key=MY_KEY. The values are written nowhere.
        timeout: Seconds for an answer, and for the program to start.
        retries: How often a call is tried again when the server was lost.

    Raises:
        ConfigError: The server cannot be reached, or has no such tool.
    """
    if (command is None) == (url is None):
        raise ConfigError(
            "The tools of an MCP server, given its program or its address: "
            "mcp:command=python my_server.py, or mcp:url=https://example.org/mcp."
        )
    check_installed("mcp", "tenacity", extra="mcp", what="An MCP server")
    key = (command, url, env, headers, timeout, retries)
    server = _servers.get(key)
    if server is None:
        way: Way
        if command is not None:
            way = Command(command, read_variables(env))
        else:
            way = Address(url or "", read_headers(headers), timeout_s=timeout)
        server = _servers[key] = McpServer(way, timeout_s=timeout, retries=retries)
    stated = server.list_tools()
    allowed = split(allow)
    known = [each.name for each in stated]
    for name in allowed:
        if name not in known:
            raise UnknownNameError(closest(name, known, what="tool of the MCP server:"))
    tools = [
        made
        for each in stated
        if not allowed or each.name in allowed
        if (made := _tool(each, server, prefix=prefix, is_wanted=bool(allowed)))
    ]
    if not tools:
        raise ConfigError("The MCP server has no tool that can be called.")
    return tools


def _tool(stated: "Stated", server: McpServer, *, prefix: str, is_wanted: bool) -> Tool | None:
    """Returns a server's tool; None, with a warning, where it cannot be one of ours.

    Raises:
        ConfigError: it cannot, and was asked for by its name.
    """
    name = prefix + _NOT_IN_NAMES.sub("_", stated.name).strip("_")
    # Only a tool that says so changes something: few say anything.
    hints = stated.annotations
    is_pure = hints is None or hints.read_only_hint is not False

    async def run(**arguments: object) -> str:
        return await server.call(stated.name, arguments, may_repeat=is_pure)

    definition = {
        "name": name,
        "description": stated.description or stated.title or "",
        "inputSchema": stated.input_schema,
    }
    try:
        if not is_tool_name(name):
            raise ConfigError(f"{clipped(name)!r} cannot name a tool.")
        return tool_from_schema(
            definition,
            run,
            close=server.close,
            state=server.state,
            pure=is_pure,
            at_once=MOST_WAITING,
        )
    except ConfigError as error:
        if is_wanted:
            raise
        _log.warning("The tool %s of the MCP server is left out: %s", clipped(stated.name), error)
        return None
