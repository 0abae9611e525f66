"""What a client handed in, and what came of it since it last looked.

A ticket belongs to one event loop; whoever answers it is in another thread.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from toolformer.calls import Segment
from toolformer.infer.answers import Answer, CallEvent, ScoredToken
from toolformer.infer.request import Request


@dataclass(frozen=True, slots=True)
class News:
    """What came of a request since the last news of it; an answer or a failure is the last.

    Attributes:
        index: of the request, among those of its ticket.
        kept: the part of the prompt before the answer; None but when the answer begins.
        prompt_tokens: of that part.
        pieces: of the answer, as they came.
        scored: tokens of its text that have been shown.
        answer: all of it.
        failure: why there is none.
    """

    index: int
    kept: str | None = None
    prompt_tokens: int = 0
    pieces: tuple[Segment | CallEvent, ...] = ()
    scored: tuple[ScoredToken, ...] = ()
    answer: Answer | None = None
    failure: Exception | None = None

    @property
    def is_last(self) -> bool:
        """Whether nothing follows."""
        return self.answer is not None or self.failure is not None


class Ticket:
    """Requests of one client, which are answered side by side."""

    def __init__(self, requests: Sequence[Request], *, is_scored: bool) -> None:
        """Makes a ticket in the running event loop.

        Args:
            requests: at least one.
            is_scored: whether the log probabilities of their tokens are wanted.
        """
        self.requests = tuple(requests)
        self.is_scored = is_scored
        self.loop = asyncio.get_running_loop()
        self.has_left = False  # its client
        self._open = set(range(len(self.requests)))
        self._came: list[News] = []
        self._has_come = asyncio.Event()

    @property
    def is_over(self) -> bool:
        """Whether all that comes has been looked at, or nobody looks any more."""
        return self.has_left or not (self._open or self._came)

    async def news(self) -> list[News]:
        """Returns what came, once something has; nothing where the client has left."""
        await self._has_come.wait()
        self._has_come.clear()
        came, self._came = self._came, []
        return came

    def put(self, news: News) -> None:
        """Takes news; called in the event loop."""
        if self.has_left:
            return
        if news.is_last:
            self._open.discard(news.index)
        self._came.append(news)
        self._has_come.set()

    def leave(self) -> None:
        """Ends the wait of a client that has left."""
        self.has_left = True
        self._came.clear()
        self._has_come.set()


class Answering(Protocol):
    """Whatever answers tickets."""

    @property
    def running(self) -> int:
        """How many requests are being answered."""

    @property
    def waiting(self) -> int:
        """How many wait to be answered."""

    def hand_in(self, ticket: Ticket) -> None:
        """Takes a ticket, to be answered in the order of arrival.

        Raises:
            BusyError: too many wait.
        """

    def give_up(self, ticket: Ticket) -> None:
        """Answers a ticket no further; of one that is over, nothing is left to give up."""

    def close(self) -> None:
        """Gives up on all tickets."""


class BusyError(Exception):
    """Too many requests wait."""


def deliver(news: Sequence[tuple[Ticket, News]]) -> None:
    """Hands news over to the loops of their tickets, one call for each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Ticket, News]]] = {}
    for ticket, each in news:
        by_loop.setdefault(ticket.loop, []).append((ticket, each))
    for loop, own in by_loop.items():
        with suppress(RuntimeError):  # the loop has ended, and its clients have left
            loop.call_soon_threadsafe(_put, own)


def _put(news: Sequence[tuple[Ticket, News]]) -> None:
    for ticket, each in news:
        ticket.put(each)
