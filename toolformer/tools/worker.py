"""What runs inside a worker process: one tool, one call after another, over a socket.

The socket is where standard input was; a line of JSON comes for each call and a line goes back.
`sandbox.py` is the other end.
"""

import json
import os
import queue
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any

from toolformer.errors import ToolError, ToolformerError
from toolformer.tools.base import Tool, ToolContext
from toolformer.tools.output import fold
from toolformer.tools.registry import load_tool


def main(spec: str, memory_bytes: int) -> None:
    """Loads a tool, says that it is ready, and answers calls until the socket closes."""
    channel = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # a tool that reads its input must not read the calls
    os.dup2(2, 1)  # nor may one that prints write into the program's answer
    try:
        tool = load_tool(spec)
    except ToolformerError as error:
        _send(channel, {"error": str(error)})
        return
    _limit_memory(memory_bytes)
    _send(channel, {"ready": tool.name})
    for request in _requests(channel):
        _send(channel, _answer(tool, request, memory_bytes=memory_bytes))


def _answer(tool: Tool, request: dict[str, Any], *, memory_bytes: int) -> dict[str, str]:
    try:
        context = ToolContext.from_json(request["context"])
        return {"output": tool.execute(str(request["arguments"]), context)}
    except ToolError as error:
        return {"error": fold(str(error))}
    except MemoryError:
        return {"error": f"{tool.name} needed more than {memory_bytes / 2**30:.3g} GiB of memory."}
    except BaseException as error:  # noqa: BLE001  an exit of the tool's is no end of the worker
        return {"error": fold(f"{tool.name} raised {type(error).__name__}: {error}")}


def _limit_memory(memory_bytes: int) -> None:
    # Data rather than address space: libraries map far more than they use.
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):  # not every system has this limit
        print("toolformer: this system sets no memory limit for tools.", file=sys.stderr)  # noqa: T201


def _requests(channel: socket.socket) -> Iterator[dict[str, Any]]:
    """Yields the calls; ends the process when the other end is gone, even in the middle of one."""
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        with channel.makefile("rb") as stream:
            for line in stream:
                lines.put(line)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        yield json.loads(lines.get())


def _send(channel: socket.socket, reply: dict[str, str]) -> None:
    channel.sendall(json.dumps(reply).encode() + b"\n")
