"""Another server of OpenAI's interface, with our tools in front of it.

It continues texts. Where a call closes in what it writes it is left, the tool runs, and it is asked
to continue behind the output.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Self

from toolformer.errors import ModelError, clipped
from toolformer.infer.answers import Finish
from toolformer.infer.decoder import Execute
from toolformer.serve.engines.stretches import RemoteAnswer
from toolformer.serve.engines.tickets import BusyError, News, Ticket
from toolformer.tools.outside.options import split_address

if TYPE_CHECKING:
    from httpx2 import AsyncClient

    from toolformer.calls import CallGrammar
    from toolformer.infer.request import Request

_TIMEOUT_S = 300.0  # for the next piece of an answer
_CONNECT_S = 10.0


class Upstream:
    """Answers tickets by asking another server; all of it in the event loop of the tickets.

    Args:
        url: its address, up to /v1.
        model: what it calls its model.
        headers: that it wants.
        grammar: how its model writes calls.
        execute: runs a call; never raises.
        max_streams: how many requests it is asked at a time.
        max_waiting: how many may wait.

    Raises:
        ConfigError: the address cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        model: str,
        headers: Mapping[str, str],
        grammar: "CallGrammar",
        execute: Execute,
        max_streams: int,
        max_waiting: int,
    ) -> None:
        split_address(url, what="a server of OpenAI's interface")
        self._url = f"{url.rstrip('/')}/completions"
        self._model, self._headers = model, dict(headers)
        self._grammar, self._execute = grammar, execute
        self._places = asyncio.Semaphore(max_streams)
        self._max_streams, self._max_waiting = max_streams, max_waiting
        self._tasks: dict[Ticket, list[asyncio.Task[None]]] = {}
        self._client: AsyncClient | None = None
        self._running = 0
        self._open = 0

    @property
    def running(self) -> int:
        """How many requests are being answered."""
        return self._running

    @property
    def waiting(self) -> int:
        """How many wait to be answered."""
        return self._open - self._running

    def hand_in(self, ticket: Ticket) -> None:
        """Takes a ticket.

        Raises:
            BusyError: too many wait.
        """
        count = len(ticket.requests)
        if self._open + count > self._max_streams + self._max_waiting:
            raise BusyError
        self._open += count
        tasks = [asyncio.create_task(self._answer(ticket, index)) for index in range(count)]
        self._tasks[ticket] = tasks
        for task in tasks:
            task.add_done_callback(lambda _task: self._forget(ticket, tasks))

    def give_up(self, ticket: Ticket) -> None:
        """Answers a ticket no further."""
        for task in self._tasks.pop(ticket, ()):
            task.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives up on all tickets; the loop has ended with its connections."""
        self._tasks.clear()

    def _forget(self, ticket: Ticket, tasks: Sequence[asyncio.Task[None]]) -> None:
        if all(task.done() for task in tasks):
            self._tasks.pop(ticket, None)

    async def _answer(self, ticket: Ticket, index: int) -> None:
        try:
            async with self._places:
                self._running += 1
                try:
                    await self._continue(ticket, index)
                finally:
                    self._running -= 1
        except Exception as error:  # noqa: BLE001  the client is told
            ticket.put(News(index, failure=error))
        finally:
            self._open -= 1

    async def _continue(self, ticket: Ticket, index: int) -> None:
        request = ticket.requests[index]
        names = () if request.config.bar_markers else request.tools
        answer = RemoteAnswer(
            request.text,
            self._grammar,
            leads=[self._grammar.lead(name) for name in names],
            stop=request.config.stop,
        )
        ticket.put(News(index, kept=request.text))
        finish: Finish = "length"
        while answer.tokens < request.config.max_new_tokens:
            if len(answer.events) >= request.config.max_calls:
                answer.leads = ()
            ended: Finish | None = None
            async with aclosing(self._pieces(request, answer)) as pieces:  # left, it ends there
                async for text, reason in pieces:
                    ended = reason or ended
                    if text and (shown := answer.add(text)):
                        ticket.put(News(index, pieces=tuple(shown)))
                    if answer.call is not None or answer.is_stopped:
                        break
            if answer.call is not None:
                result = await asyncio.to_thread(self._execute, answer.call, request.context)
                ticket.put(News(index, pieces=tuple(answer.receive(result))))
                continue
            finish = "stop" if answer.is_stopped else ended or "end"
            break
        rest, whole = answer.finish(finish)
        ticket.put(News(index, pieces=tuple(rest), answer=whole))

    async def _pieces(
        self, request: "Request", answer: RemoteAnswer
    ) -> AsyncGenerator[tuple[str, Finish | None], None]:
        """Yields what the other server writes, and why it ends.

        Raises:
            ModelError: it cannot be reached, refuses, or sends what cannot be read.
        """
        from httpx2 import HTTPError

        config = request.config
        body: dict[str, Any] = {
            "model": self._model,
            "prompt": request.text + answer.read,
            "max_tokens": config.max_new_tokens - answer.tokens,
            "temperature": config.temperature,
            "seed": config.seed + request.index,
            "stream": True,
        }
        try:
            async with self._connected().stream("POST", self._url, json=body) as response:
                if response.status_code != 200:
                    said = (await response.aread())[:500].decode("utf-8", "replace")
                    raise ModelError(
                        f"The model's server answered with status {response.status_code}: {said}"
                    )
                async for line in response.aiter_lines():
                    if line.startswith("data:") and line[5:].strip() != "[DONE]":
                        yield _piece(line[5:])
        except HTTPError as error:
            raise ModelError(
                f"The model's server could not be reached: {type(error).__name__}."
            ) from None

    def _connected(self) -> "AsyncClient":
        from httpx2 import AsyncClient, Limits, Timeout

        if self._client is None:
            self._client = AsyncClient(
                headers=self._headers,
                timeout=Timeout(_TIMEOUT_S, connect=_CONNECT_S),
                limits=Limits(max_connections=None),
                trust_env=False,  # no password out of a .netrc
            )
        return self._client


def _piece(line: str) -> tuple[str, Finish | None]:
    try:
        found = json.loads(line)
        if "error" in found:
            raise ModelError(f"The model's server failed: {clipped(str(found), 200)}.")
        choices = found.get("choices") or [{}]
        reason = choices[0].get("finish_reason")
        text = choices[0].get("text") or ""
    except (ValueError, AttributeError, LookupError):
        raise ModelError(
            f"The model's server sent what cannot be read: {clipped(line)!r}."
        ) from None
    return text, None if reason is None else "length" if reason == "length" else "end"
