"""The inside of a worker process: the tools of one spec, call after call, over a socket.

The socket is where standard input was; a line of JSON comes for each call and a line goes back.
`sandbox.py` is the other end.
"""

import json
import os
import queue
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from toolformer.child import limit_memory, serve
from toolformer.errors import ToolError, ToolformerError, ToolUnavailableError
from toolformer.tools.base import Tool
from toolformer.tools.context import ToolContext
from toolformer.tools.execution.running import close_tools, failure_of
from toolformer.tools.output import fold
from toolformer.tools.registry import load_tools

_CLOSE_S = 2.0  # for closing the tools when the other end is gone


def main(spec: str, memory: str) -> None:
    """Loads tools, reports that they are ready, and answers calls until the socket closes."""
    channel = serve()
    memory_bytes = int(memory)
    try:
        tools = load_tools(spec)
    except ToolformerError as error:
        _send(channel, {"error": str(error)})
        return
    limit_memory(memory_bytes)
    _send(channel, {"ready": [tool.name for tool in tools]})
    for request in _requests(channel, at_end=lambda: close_tools(tools)):
        _send(channel, _answer(_find(tools, request["tool"]), request, memory_bytes=memory_bytes))


def _find(tools: Sequence[Tool], name: str) -> Tool:
    if len(tools) == 1:
        return tools[0]
    return {tool.name: tool for tool in tools}[name]


def _answer(tool: Tool, request: dict[str, Any], *, memory_bytes: int) -> dict[str, Any]:
    calls = [str(each) for each in request["calls"]]
    contexts = [ToolContext.from_json(each) for each in request["contexts"]]
    outcomes: Sequence[str | BaseException]
    try:
        if len(calls) > 1:
            outcomes = tool.execute_batch(calls, contexts)
        else:
            outcomes = [tool.execute(calls[0], contexts[0])]
    except BaseException as error:  # noqa: BLE001  an exit of the tool's is not the worker's end
        if len(calls) > 1:
            return _reply(error, tool=tool, memory_bytes=memory_bytes)
        outcomes = [error]
    replies = [_reply(each, tool=tool, memory_bytes=memory_bytes) for each in outcomes]
    return {"results": replies}


def _reply(outcome: str | BaseException, *, tool: Tool, memory_bytes: int) -> dict[str, str]:
    if isinstance(outcome, str):
        return {"output": outcome}
    if isinstance(outcome, MemoryError):
        outcome = ToolError(
            f"{tool.name} needed more than {memory_bytes / 2**30:.3g} GiB of memory."
        )
    failure = failure_of(outcome, tool=tool.name)
    kind = "unavailable" if isinstance(failure, ToolUnavailableError) else "error"
    return {kind: fold(str(failure))}


def _requests(channel: socket.socket, *, at_end: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """Yields the calls; ends the process when the other end is gone, even in the middle of one."""
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        with channel.makefile("rb") as stream:
            for line in stream:
                lines.put(line)
        too_late = threading.Timer(_CLOSE_S, os._exit, [0])
        too_late.daemon = True
        too_late.start()
        at_end()
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        yield json.loads(lines.get())


def _send(channel: socket.socket, reply: dict[str, Any]) -> None:
    channel.sendall(json.dumps(reply).encode() + b"\n")
