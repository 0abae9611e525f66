"""One prompt of a session and its answer so far: in pieces, with the time it took."""

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from toolformer.calls import Segment
from toolformer.infer.answers import Answer, CallEvent, answer_row, event_row, segment_rows
from toolformer.lm.chat import Message


@dataclass(slots=True)
class Turn:
    """A prompt that is being answered, or was.

    Attributes:
        kept: the part of the prompt that stands before the answer; in a conversation all of it, as
            the chat template writes it.
        segments: the answer as far as it was shown, without the calls that failed.
        events: an event for each of its calls.
        forming: the call that is shown and has no output yet; a stopped answer may end in one.
        answer: None until it is whole, and for good where it was stopped.
        first_s: seconds until the first piece, None before it.
        seconds: how long the answer took.
        messages: the conversation that is answered; empty where the prompt stands alone.
        said: what was said of this answer before, where it is continued.
    """

    prompt: str
    kept: str
    segments: list[Segment] = field(default_factory=list)
    events: list[CallEvent] = field(default_factory=list)
    forming: list[Segment] = field(default_factory=list)
    answer: Answer | None = None
    first_s: float | None = None
    seconds: float = 0.0
    messages: tuple[Message, ...] = ()
    said: str = ""

    @property
    def conversation(self) -> tuple[Message, ...]:
        """The messages with the answer as one more, calls and outputs left in."""
        return (*self.messages, Message("assistant", self.said + self._answered))

    @property
    def _answered(self) -> str:
        return "".join(segment.text for segment in self.segments)

    @property
    def whole(self) -> str:
        """The prompt and its answer, calls and outputs left in."""
        return self.kept + self._answered

    def add(self, piece: Segment | CallEvent) -> None:
        """Adds what was shown; a call is kept once it has its output."""
        if isinstance(piece, CallEvent):
            self.events.append(piece)
            self.segments += self.forming if piece.error is None else []
            self.forming.clear()
        elif piece.kind == "text":
            self.segments.append(piece)
        else:
            self.forming.append(piece)

    def end(self, answer: Answer | None, *, seconds: float) -> None:
        """Ends the turn, with its answer or, where it was stopped, with what was shown so far."""
        self.answer, self.seconds = answer, seconds
        self.segments = _joined(self.segments)

    def row(self) -> dict[str, Any]:
        """Returns the turn as JSON values; one that was stopped has the finish `stopped`."""
        if self.answer is not None:
            own = {"prompt": self.prompt, "seconds": round(self.seconds, 3)}
            return answer_row(self.answer) | own
        return {
            "prompt": self.prompt,
            "text": "".join(each.text for each in self.segments if each.kind == "text"),
            "segments": segment_rows(self.segments),
            "events": [event_row(event) for event in self.events],
            "taken": 0 if self.messages else len(self.prompt) - len(self.kept),
            "finish": "stopped",
            "seconds": round(self.seconds, 3),
        }


def _joined(segments: list[Segment]) -> list[Segment]:
    """Joins neighbouring pieces of one kind."""
    return [
        Segment(kind, "".join(piece.text for piece in pieces))
        for kind, pieces in groupby(segments, key=lambda segment: segment.kind)
    ]
