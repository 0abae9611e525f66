"""One answer as its client receives it: out of news, the text so far and what came with it.

What was told is never taken back: a call is told once it has its output.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from toolformer.calls import Segment, ToolCall
from toolformer.infer.answers import (
    Answer,
    CallEvent,
    ScoredToken,
    answer_row,
    event_row,
    segment_rows,
)
from toolformer.infer.request import Request
from toolformer.infer.writing.transcript import FinalPieces
from toolformer.serve.engines.tickets import News


@dataclass(frozen=True, slots=True)
class ToldToken:
    """A token of the text that is told, and where it stands in it."""

    offset: int
    text: str
    log_prob: float  # nats


@dataclass(frozen=True, slots=True)
class Delta:
    """What is told at once of an answer."""

    index: int
    text: str = ""
    tokens: tuple[ToldToken, ...] = ()
    trace: tuple[Mapping[str, Any], ...] = ()
    call: ToolCall | None = None  # for the client to run
    finish: str | None = None  # why it ends, in OpenAI's words


@dataclass(slots=True)
class Choice:
    """One of the answers to a client."""

    index: int
    request: Request
    hides_calls: bool = False
    text: str = ""
    tokens: list[ToldToken] = field(default_factory=list)
    prompt_tokens: int = 0
    answer: Answer | None = None
    _begins: str = ""  # what moved from the prompt into the answer: the client has it already
    _held: str = ""  # may be that
    _finals: FinalPieces = field(default_factory=FinalPieces)
    _before: int = 0  # characters of the answer's text that are told
    _scored: list[ScoredToken] = field(default_factory=list)  # of pieces that are not final

    def take(self, news: News) -> Delta:
        """Takes news that is no failure, and returns what is told of it."""
        if news.kept is not None:
            self._begins = self.request.text[len(news.kept) :]
            self.prompt_tokens = news.prompt_tokens
        self._scored += news.scored
        told, tokens = len(self.text), len(self.tokens)
        for piece in news.pieces:
            for final in self._finals.add(piece):
                self._tell(final)
        if news.answer is not None:
            self.answer = news.answer
            self.text += self._held
            self._held = ""
        return Delta(
            self.index,
            text=self.text[told:],
            tokens=tuple(self.tokens[tokens:]),
            trace=tuple(map(_traced, news.pieces)),
            call=None if self.answer is None else self.answer.call,
            finish=None if self.answer is None else finish_reason(self.answer),
        )

    @property
    def whole(self) -> Delta:
        """All of the answer."""
        answer = self.answer
        if answer is None:
            raise RuntimeError("the answer is not whole")
        row = answer_row(answer)
        return Delta(
            self.index,
            text=self.text,
            tokens=tuple(self.tokens),
            trace=({key: row[key] for key in ("segments", "events")},),
            call=answer.call,
            finish=finish_reason(answer),
        )

    def _tell(self, piece: Segment) -> None:
        if piece.kind == "text":
            self._tell_tokens(piece)
        elif self.hides_calls:
            return
        if not self._begins:
            self.text += piece.text
            return
        self._held += piece.text
        if self._held.startswith(self._begins):
            self.text += self._held[len(self._begins) :]
        elif not self._begins.startswith(self._held):  # a call that the prompt began has failed
            self.text += self._held
        else:
            return
        self._begins = self._held = ""

    def _tell_tokens(self, piece: Segment) -> None:
        """Tells the tokens that begin in a piece of text, at their place in what is told."""
        start, self._before = self._before, self._before + len(piece.text)
        offset = len(self.text) + len(self._held) - len(self._begins)
        while self._scored and self._scored[0].position < self._before:
            each = self._scored.pop(0)
            self.tokens.append(ToldToken(offset + each.position - start, each.text, each.log_prob))


def finish_reason(answer: Answer) -> str:
    """Returns why an answer ends, in OpenAI's words."""
    match answer.finish:
        case "call":
            return "tool_calls"
        case "length" | "context":
            return "length"
        case _:
            return "stop"


def _traced(piece: Segment | CallEvent) -> Mapping[str, Any]:
    return event_row(piece) if isinstance(piece, CallEvent) else segment_rows([piece])[0]
