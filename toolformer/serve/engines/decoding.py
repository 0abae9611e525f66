"""One thread that decodes: tickets of many clients over one set of streams, side by side.

A place among the streams is taken in the order of arrival and is free again as soon as its client
has left. Knows no HTTP.
"""

import logging
import threading
from collections import deque
from dataclasses import dataclass
from typing import Self

from toolformer.calls import Segment
from toolformer.infer.answers import Answer, ScoredToken
from toolformer.infer.decoder import Decoder, Decoding, Execute
from toolformer.lm.base import LanguageModel
from toolformer.serve.engines.tickets import BusyError, News, Ticket, deliver

_log = logging.getLogger(__name__)
_LOOK_S = 0.01  # how often arrivals are looked for while all streams wait for their tools


@dataclass(slots=True, eq=False)
class _Place:
    """A request of a ticket, and its answer once it is begun."""

    ticket: Ticket
    index: int
    decoding: Decoding | None = None
    shown: int = 0  # characters of text
    scored: int = 0  # tokens that were told

    def news(self) -> News | None:
        """Returns what came since the last."""
        decoding = self.decoding
        if decoding is None:
            return None
        pieces, answer = tuple(decoding.take()), decoding.answer
        if not pieces and answer is None:
            return None
        scored = self._scored(decoding, pieces, answer) if self.ticket.is_scored else ()
        return News(self.index, pieces=pieces, scored=scored, answer=answer)

    def _scored(
        self, decoding: Decoding, pieces: tuple[object, ...], answer: Answer | None
    ) -> tuple[ScoredToken, ...]:
        """Returns the tokens of what has been shown: others may still become a call."""
        texts = [each for each in pieces if isinstance(each, Segment) and each.kind == "text"]
        self.shown += sum(len(each.text) for each in texts)
        new = decoding.scored[self.scored :]
        told_now = tuple(each for each in new if answer or each.position < self.shown)
        self.scored += len(told_now)
        return told_now


class DecodingThread:
    """Answers tickets until it is closed.

    Args:
        model: writes the answers and the calls.
        execute: runs a call, in a thread of its own; never raises, as `limited` makes it.
        max_streams: how many requests are answered at a time.
        max_waiting: how many may wait.
    """

    def __init__(
        self, model: LanguageModel, *, execute: Execute, max_streams: int, max_waiting: int
    ) -> None:
        self._model, self._execute = model, execute
        self._max_streams, self._max_waiting = max_streams, max_waiting
        self._changed = threading.Condition()
        self._waiting: deque[_Place] = deque()
        self._places: list[_Place] = []  # of the thread alone
        self._running = 0
        self._gone: set[Ticket] = set()
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="decoding", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def running(self) -> int:
        """How many requests are being answered."""
        return self._running

    @property
    def waiting(self) -> int:
        """How many wait to be answered."""
        return len(self._waiting)

    def hand_in(self, ticket: Ticket) -> None:
        """Takes a ticket.

        Raises:
            BusyError: too many wait, or the thread is closed.
        """
        places = [_Place(ticket, index) for index in range(len(ticket.requests))]
        with self._changed:
            free = max(0, self._max_streams - self._running)
            if self._is_closed or len(self._waiting) + len(places) > self._max_waiting + free:
                raise BusyError
            self._waiting += places
            self._changed.notify()

    def give_up(self, ticket: Ticket) -> None:
        """Answers a ticket no further."""
        with self._changed:
            self._waiting = deque(each for each in self._waiting if each.ticket is not ticket)
            self._gone.add(ticket)
            self._changed.notify()

    def close(self) -> None:
        """Gives up on all tickets, whose clients are told, and ends the thread after its step."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while not self._is_closed:
            try:
                with Decoder(self._model, execute=self._execute) as decoder:
                    self._decode(decoder)
            except Exception as error:  # noqa: BLE001  or memory: the next may be answered
                _log.exception("Decoding failed; the answers that were being written are lost.")
                self._fail(self._places, error)
                self._places = []
        self._fail([*self._places, *self._waiting], RuntimeError("The server ends."))
        self._waiting.clear()
        self._places = []
        self._running = 0

    def _decode(self, decoder: Decoder) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._is_closed or self._places or self._waiting or self._gone
                )
                if self._is_closed:
                    return
                gone, self._gone = self._gone, set()
                free = self._max_streams - sum(each.ticket not in gone for each in self._places)
                begun = [self._waiting.popleft() for _ in range(min(free, len(self._waiting)))]
                self._running = self._max_streams - free + len(begun)
            self._leave(decoder, gone)
            self._begin(decoder, begun)
            if decoder:
                decoder.advance(timeout_s=_LOOK_S)
            self._tell()

    def _leave(self, decoder: Decoder, gone: set[Ticket]) -> None:
        left = [each for each in self._places if each.ticket in gone]
        if left:
            self._places = [each for each in self._places if each.ticket not in gone]
            decoder.retire([each.decoding for each in left if each.decoding is not None])

    def _begin(self, decoder: Decoder, begun: list[_Place]) -> None:
        self._places += begun  # before anything can fail: then they are told
        news = []
        for place in begun:
            request = place.ticket.requests[place.index]
            try:
                [place.decoding] = decoder.admit([request])
            except Exception as error:  # noqa: BLE001  a bug: the others are answered
                _log.exception("A request cannot be begun.")
                self._places.remove(place)
                news.append((place.ticket, News(place.index, failure=error)))
                continue
            if place.decoding.builder is not None:  # else the prompt is too long
                kept, tokens = place.decoding.kept, place.decoding.prompt_tokens
                news.append((place.ticket, News(place.index, kept=kept, prompt_tokens=tokens)))
        deliver(news)

    def _tell(self) -> None:
        news = [
            (place.ticket, each) for place in self._places if (each := place.news()) is not None
        ]
        ended = {(ticket, each.index) for ticket, each in news if each.is_last}
        if ended:
            self._places = [each for each in self._places if (each.ticket, each.index) not in ended]
            self._running = len(self._places)
        deliver(news)

    def _fail(self, places: list[_Place], error: Exception) -> None:
        deliver([(each.ticket, News(each.index, failure=error)) for each in places])
