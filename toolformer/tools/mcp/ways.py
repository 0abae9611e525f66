"""The ways to a server of tools: a process that is started here, or an address."""

import logging
import shlex
import tempfile
import weakref
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO, cast

from toolformer.errors import ConfigError, clipped
from toolformer.tools.outside.options import split_address

if TYPE_CHECKING:
    from mcp import Client

_LAST_WORDS = 500  # characters of what a process wrote before it ended

# It logs every line of a server that is not its protocol, with a traceback.
logging.getLogger("mcp.client").setLevel(logging.CRITICAL)


class Way(Protocol):
    """How a server is reached; as a text, how an error names it."""

    def client(self) -> "AbstractAsyncContextManager[Client]":
        """Returns a client that is connected while it is entered."""

    def last_words(self) -> str:
        """Returns what the server wrote besides its answers, "" where nobody can know."""


class Command:
    """A program that speaks the protocol on its standard input and output.

    Args:
        command: as a shell would read it; no shell runs it.
        environment: variables that it is given, besides those that every program needs.

    Raises:
        ConfigError: the command cannot be read.
    """

    def __init__(self, command: str, environment: Mapping[str, str]) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise ConfigError(f"{clipped(command)!r} is not a command: {error}.") from None
        if not self._words:
            raise ConfigError("The command of an MCP server is empty.")
        self._environment = environment

    def __str__(self) -> str:
        return f"The MCP server {clipped(self._words[0])}"

    @asynccontextmanager
    async def client(self) -> "AsyncIterator[Client]":
        """Starts the program; it ends when the client is left."""
        from mcp import Client, StdioServerParameters
        from mcp.client.stdio import stdio_client

        program, *arguments = self._words
        process = StdioServerParameters(
            command=program, args=arguments, env=dict(self._environment), cwd=Path.cwd()
        )
        async with Client(stdio_client(process, errlog=self._errors)) as client:
            yield client

    def last_words(self) -> str:
        """Returns the end of what it wrote to its standard error."""
        self._errors.seek(0)
        return " ".join(self._errors.read()[-_LAST_WORDS:].split())

    @cached_property
    def _errors(self) -> TextIO:
        file = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        weakref.finalize(self, file.close)
        return cast(TextIO, file)


class Address:
    """A server at an address, over streamable HTTP.

    Raises:
        ConfigError: it is not such an address.
    """

    def __init__(self, url: str, headers: Mapping[str, str], *, timeout_s: float) -> None:
        self._host = split_address(url, what="an MCP server").hostname
        self._url, self._headers = url, dict(headers)
        self._timeout_s = timeout_s

    def __str__(self) -> str:
        return f"The MCP server at {self._host}"

    @asynccontextmanager
    async def client(self) -> "AsyncIterator[Client]":
        """Connects."""
        from httpx2 import AsyncClient, Timeout
        from mcp import Client
        from mcp.client.streamable_http import streamable_http_client

        timeout = Timeout(self._timeout_s, read=max(300.0, self._timeout_s))
        # trust_env: no password out of a .netrc.
        async with AsyncClient(headers=self._headers, timeout=timeout, trust_env=False) as http:
            transport = streamable_http_client(self._url, http_client=http)
            async with Client(transport) as client:
                yield client

    def last_words(self) -> str:
        """Returns nothing: what it writes is not to be seen here."""
        return ""
