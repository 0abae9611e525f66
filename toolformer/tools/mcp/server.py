"""A server of tools that is asked over the Model Context Protocol, wherever it runs."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from toolformer.errors import ConfigError, ToolError, ToolUnavailableError, told
from toolformer.event_loop import SHARED
from toolformer.tools.mcp.results import text_of
from toolformer.tools.mcp.ways import Way

if TYPE_CHECKING:
    from mcp import Client
    from mcp.types import Tool as Stated

_MOST_PAGES = 100  # of a list of tools: a server may never say that it is the last

_log = logging.getLogger(__name__)


class McpServer:
    """A server, connected to when it is asked something, and again when it was lost.

    Its methods may be called in any thread: the connection belongs to the loop that all share.

    Args:
        way: to the server.
        timeout_s: for its answers, and for it to start.
        retries: how often a call is tried again that may be repeated, when the server was lost.
    """

    def __init__(self, way: Way, *, timeout_s: float, retries: int) -> None:
        self._way, self._timeout_s, self._retries = way, timeout_s, retries
        self._lock = asyncio.Lock()
        self._held: _Held | None = None
        self._stamp = ("", "")

    def list_tools(self) -> "list[Stated]":
        """Returns the tools that the server states.

        Raises:
            ConfigError: it cannot be started or reached, or is not such a server.
        """
        try:
            return SHARED.wait_for(self._list_tools())
        except ToolError as error:
            raise ConfigError(f"{error} {self._way.last_words()}".rstrip()) from None

    async def call(self, name: str, arguments: Mapping[str, object], *, may_repeat: bool) -> str:
        """Returns what a tool of the server answers.

        Args:
            name: the tool's.
            arguments: by the names of its schema.
            may_repeat: whether a call that may have been made already can be made again.

        Raises:
            ToolError: the tool failed, or its answer cannot be used.
            ToolUnavailableError: the server was lost, or too slow.
        """
        from tenacity import (
            AsyncRetrying,
            retry_if_exception_type,
            stop_after_attempt,
            wait_exponential_jitter,
        )

        again = AsyncRetrying(
            retry=retry_if_exception_type(_LostError if may_repeat else _NeverReachedError),
            stop=stop_after_attempt(self._retries + 1),
            wait=wait_exponential_jitter(multiplier=0.2, max=5),
            reraise=True,
        )
        return await again(self._call, name, dict(arguments))

    def state(self) -> tuple[str, str]:
        """Returns the server's name and version, as it told them last."""
        return self._stamp

    def close(self) -> None:
        """Leaves the server, and ends it where it was started here; a later call comes back."""
        if self._held is not None:
            SHARED.wait_for(self._leave())

    async def _list_tools(self) -> "list[Stated]":
        held = await self._reach()
        found: list[Stated] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await self._asked(held, held.client.list_tools(cursor=cursor))
            found += page.tools
            cursor = page.next_cursor
            if not cursor:
                break
        return found

    async def _call(self, name: str, arguments: dict[str, Any]) -> str:
        held = await self._reach()
        return text_of(await self._asked(held, held.client.call_tool(name, arguments)))

    async def _asked(self, held: "_Held", asking: Any) -> Any:
        """Waits for an answer; a connection that failed is not used again."""
        from mcp.shared.exceptions import MCPError
        from mcp.types import CONNECTION_CLOSED, REQUEST_TIMEOUT
        from pydantic import ValidationError

        try:
            return await asyncio.wait_for(asking, self._timeout_s)
        except TimeoutError:
            error: BaseException = ToolUnavailableError(self._slow())
        except ValidationError:
            error = ToolError(f"{self._way} sent an answer that the protocol does not know.")
        except MCPError as raised:
            if raised.code == REQUEST_TIMEOUT:
                error = ToolUnavailableError(self._slow())
            elif raised.code == CONNECTION_CLOSED or held.is_over():
                error = _LostError(f"{self._way} ended in the middle of a call.")
            else:
                error = ToolError(f"{self._way} refused it: {raised.message}")
        except Exception as raised:  # noqa: BLE001  of a transport, whichever it is
            error = _LostError(f"{self._way} could not be asked: {told(raised)}")
        if isinstance(error, _LostError):
            await self._leave(held)
        raise error

    async def _reach(self) -> "_Held":
        """Returns the connection, a new one where there is none."""
        async with self._lock:
            if self._held is not None and self._held.is_over():
                self._held = None
            if self._held is None:
                held = _Held(self._way)
                try:
                    await held.open(self._timeout_s)
                except TimeoutError:
                    raise _NeverReachedError(self._slow()) from None
                except Exception as error:  # noqa: BLE001  of a transport, whichever it is
                    reason = told(_innermost(error))
                    raise _NeverReachedError(
                        f"{self._way} could not be reached: {reason}"
                    ) from None
                self._held = held
                info = held.client.server_info
                self._stamp = ("", "") if info is None else (info.name, info.version)
            return self._held

    async def _leave(self, lost: "_Held | None" = None) -> None:
        """Ends the connection, if it is still the one that was lost."""
        async with self._lock:
            held = self._held
            if held is None or (lost is not None and held is not lost):
                return
            self._held = None
        await held.close()

    def _slow(self) -> str:
        return f"{self._way} took longer than {self._timeout_s:g} s."


class _LostError(ToolUnavailableError):
    """The server went away, maybe in the middle of a call."""


class _NeverReachedError(_LostError):
    """Nothing was asked of the server."""


class _Held:
    """A client that one task enters and leaves: its scopes can be left by no other."""

    client: "Client"

    def __init__(self, way: Way) -> None:
        self._way = way
        self._left = asyncio.Event()
        self._ready = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._hold())

    async def open(self, timeout_s: float) -> None:
        """Waits until the client can be asked.

        Raises:
            TimeoutError: it took too long.
            Exception: whatever made it fail.
        """
        try:
            self.client = await asyncio.wait_for(asyncio.shield(self._ready), timeout_s)
        except BaseException:
            self._ready.cancel()
            self._task.cancel()
            await asyncio.wait([self._task])
            raise

    def is_over(self) -> bool:
        """Returns whether it can be asked nothing more."""
        return self._task.done()

    async def close(self) -> None:
        """Leaves the client."""
        self._left.set()
        await asyncio.wait([self._task])

    async def _hold(self) -> None:
        try:
            async with AsyncExitStack() as stack:
                client = await stack.enter_async_context(self._way.client())
                if not self._ready.done():
                    self._ready.set_result(client)
                await self._left.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            elif not isinstance(error, asyncio.CancelledError):
                _log.info("%s was left with an error: %s", self._way, told(error))
            if isinstance(error, asyncio.CancelledError):
                raise


def _innermost(error: BaseException) -> BaseException:
    """Returns the first error that stands behind groups of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
