"""From a ticket to what its client is sent: one reply, or a stream of events.

However a client leaves, its places are given up at once.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from toolformer.errors import ToolformerError
from toolformer.serve.engines.tickets import Answering, BusyError, News, Ticket
from toolformer.serve.interface.asking import Asked, too_long
from toolformer.serve.interface.choices import Choice, Delta
from toolformer.serve.interface.refusals import RefusedError
from toolformer.serve.interface.replies import Reply, Row
from toolformer.serve.metrics import Metrics

_log = logging.getLogger(__name__)
_QUIET_S = 15.0  # a stream says that it is alive, or what stands between would close it
_RETRY_AFTER_S = 1
LEFT = 499  # the status of a client that did not wait; it is seen by nobody


@dataclass(slots=True)
class _Answers:
    """The answers to one client as they come."""

    ticket: Ticket
    choices: list[Choice]
    metrics: Metrics
    began: float
    has_first: bool = False

    async def next(self) -> list[Delta]:
        """Returns what is told of the next news; nothing where the client has left.

        Raises:
            RefusedError: an answer cannot be given.
        """
        return [self._take(news) for news in await self.ticket.news()]

    def _take(self, news: News) -> Delta:
        if news.failure is not None:
            raise _refusal(news.failure)
        if news.answer is not None and news.answer.error is not None:
            raise too_long(news.answer.error)
        choice = self.choices[news.index]
        delta = choice.take(news)
        if news.pieces and not self.has_first:
            self.has_first = True
            self.metrics.count_first_token(time.monotonic() - self.began)
        if news.answer is not None:
            self.metrics.count_answer(news.answer, prompt_tokens=choice.prompt_tokens)
        return delta


async def reply_to(
    http: HttpRequest, asked: Asked, reply: Reply, *, answering: Answering, metrics: Metrics
) -> Response:
    """Answers a client.

    A stream is begun once its first news is there, so that what is refused has its status.

    Raises:
        RefusedError: it is not answered.
    """
    ticket = Ticket(asked.requests, is_scored=asked.is_scored)
    choices = [
        Choice(index, request, hides_calls=asked.hides_calls)
        for index, request in enumerate(asked.requests)
    ]
    answers = _Answers(ticket, choices, metrics, time.monotonic())
    try:
        answering.hand_in(ticket)
    except BusyError:
        raise RefusedError(
            f"{answering.waiting} requests wait already: try again later.",
            status=429,
            code="too_many_requests",
            retry_after_s=_RETRY_AFTER_S,
        ) from None
    is_handed_over = False
    try:
        async with _watching(http, ticket):
            first = await answers.next()
            if asked.streams and not ticket.has_left:
                is_handed_over = True
                events = _events(answers, first, reply, asked)
                return _Events(events, lambda: _end(answering, ticket, metrics))
            while not ticket.is_over:
                await answers.next()
        if ticket.has_left:
            return Response(status_code=LEFT)
        return JSONResponse(reply.whole(choices))
    finally:
        if not is_handed_over:
            _end(answering, ticket, metrics)


def _end(answering: Answering, ticket: Ticket, metrics: Metrics) -> None:
    if ticket.has_left or not ticket.is_over:
        metrics.count_left()
        answering.give_up(ticket)


@asynccontextmanager
async def _watching(http: HttpRequest, ticket: Ticket) -> AsyncIterator[None]:
    """Ends the wait of a ticket as soon as its client has left."""

    async def watch() -> None:
        while (await http.receive())["type"] != "http.disconnect":
            pass
        ticket.leave()

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


class _Events(StreamingResponse):
    """A stream of events; however it ends, its places are given up."""

    def __init__(self, events: AsyncIterator[str], end: Callable[[], None]) -> None:
        super().__init__(
            events, media_type="text/event-stream", headers={"cache-control": "no-store"}
        )
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._end()


async def _events(
    answers: _Answers, first: list[Delta], reply: Reply, asked: Asked
) -> AsyncIterator[str]:
    try:
        for row in reply.first(range(len(answers.choices))):
            yield _event(row)
        deltas = first
        while True:
            chunks = [chunk for each in deltas if (chunk := reply.chunk(each)) is not None]
            if said := "".join(map(_event, chunks)):
                yield said
            if answers.ticket.is_over:
                break
            try:
                async with asyncio.timeout(_QUIET_S):
                    deltas = await answers.next()
            except TimeoutError:
                deltas = []
                yield ": a tool runs\n\n"
        if asked.tells_usage:
            yield _event(reply.usage(answers.choices))
        yield "data: [DONE]\n\n"
    except RefusedError as error:
        yield _event(error.to_json())


def _event(row: Row) -> str:
    return f"data: {json.dumps(row, ensure_ascii=False, separators=(',', ':'))}\n\n"


def _refusal(failure: Exception) -> RefusedError:
    """Returns what a client is told of a failure; of a bug, nothing of its inside."""
    told = str(failure) if isinstance(failure, ToolformerError) else "The answer was lost."
    return RefusedError(told, status=500, code="server_error")
