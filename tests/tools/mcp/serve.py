"""A server of the SDK for tests: `python serve.py` on its pipes, `python serve.py PORT` on HTTP."""

import asyncio
import os
import sys
from pathlib import Path

from mcp.server.mcpserver import MCPServer
from mcp.types import ImageContent, ToolAnnotations

server = MCPServer("things", version="1.2")


@server.tool()
def add(a: int, b: int = 1) -> int:
    """Adds two
    numbers."""
    return a + b


@server.tool(annotations=ToolAnnotations(read_only_hint=False))
def note(text: str) -> str:
    """Writes a line into a file."""
    with Path(os.environ["NOTES"]).open("a") as file:
        print(text, file=file)
    return "noted"


@server.tool()
def fail(reason: str) -> str:
    """Fails."""
    raise ValueError(reason)


@server.tool()
async def wait(seconds: float) -> str:
    """Waits."""
    await asyncio.sleep(seconds)
    return f"waited {seconds:g} s"


@server.tool()
def die() -> str:
    """Ends the server in the middle of a call."""
    os._exit(3)


@server.tool()
def long(characters: int) -> str:
    """Answers at length."""
    return "x" * characters


@server.tool()
def picture() -> ImageContent:
    """Answers with a picture."""
    return ImageContent(type="image", data="aGk=", mime_type="image/png")


@server.tool()
def secret() -> str:
    """Tells what it was given."""
    return os.environ.get("MY_SECRET", "nothing")


@server.tool(name="get.day-of week")
def odd() -> str:
    """Has a name that no call can have."""
    return "Friday"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", port=int(sys.argv[1]))
    else:
        server.run("stdio")
