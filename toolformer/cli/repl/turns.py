"""One prompt of a session and what has come of it so far: in pieces, with the time it took."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from toolformer.calls import Segment
from toolformer.infer.answers import Answer, CallEvent, answer_row, event_row, segment_rows

Pieces = Generator[Segment | CallEvent, None, Answer]


@dataclass(slots=True)
class Turn:
    """A prompt that is being answered, or was.

    Attributes:
        kept: what of the prompt stands before the answer.
        segments: what came of the answer; the calls that failed are left out.
        events: what became of its calls.
        forming: the call that is shown and has no output yet; a stopped answer may end in one.
        answer: None while it is not whole, and where it was stopped.
        first_s: seconds until the first piece, None while there is none.
        seconds: how long it took.
    """

    prompt: str
    kept: str
    segments: list[Segment] = field(default_factory=list)
    events: list[CallEvent] = field(default_factory=list)
    forming: list[Segment] = field(default_factory=list)
    answer: Answer | None = None
    first_s: float | None = None
    seconds: float = 0.0

    @property
    def whole(self) -> str:
        """The prompt and its answer, calls and outputs left in."""
        return self.kept + "".join(segment.text for segment in self.segments)

    def follow(
        self, pieces: Pieces, *, clock: Callable[[], float]
    ) -> Iterator[Segment | CallEvent]:
        """Hands on what comes and keeps it; when it is stopped, what came is kept."""
        began = clock()
        try:
            while True:
                try:
                    piece = next(pieces)
                except StopIteration as end:
                    self.answer = end.value
                    return
                if self.first_s is None:
                    self.first_s = clock() - began
                if isinstance(piece, CallEvent):
                    self.events.append(piece)
                    self.segments += self.forming if piece.error is None else []
                    self.forming.clear()
                elif piece.kind == "text":
                    self.segments.append(piece)
                else:
                    self.forming.append(piece)
                yield piece
        finally:
            pieces.close()
            self.segments = _joined(self.segments)
            self.seconds = clock() - began

    def row(self) -> dict[str, Any]:
        """Returns the turn as JSON values; one that was stopped has the finish `stopped`."""
        if self.answer is not None:
            return answer_row(self.answer) | {"seconds": round(self.seconds, 3)}
        return {
            "prompt": self.prompt,
            "text": "".join(each.text for each in self.segments if each.kind == "text"),
            "segments": segment_rows(self.segments),
            "events": [event_row(event) for event in self.events],
            "taken": len(self.prompt) - len(self.kept),
            "finish": "stopped",
            "seconds": round(self.seconds, 3),
        }


def final(pieces: Iterator[Segment | CallEvent]) -> Iterator[Segment]:
    """Yields what stays of an answer as soon as it is sure to: a call when it has its output.

    >>> from toolformer.calls import ToolCall
    >>> call, said = Segment("call", " [Calculator(1/0)"), Segment("text", " nothing")
    >>> failed = CallEvent(0, ToolCall("Calculator", "1/0"), call.text, error="No.")
    >>> [piece.text for piece in final(iter([call, failed, said]))]
    [' nothing']
    """
    forming: list[Segment] = []
    for piece in pieces:
        if isinstance(piece, CallEvent):
            if piece.error is None:
                yield from forming
            forming.clear()
        elif piece.kind == "text":
            yield piece
        else:
            forming.append(piece)


def _joined(segments: list[Segment]) -> list[Segment]:
    """Joins the pieces of one kind that stand side by side."""
    return [
        Segment(kind, "".join(piece.text for piece in pieces))
        for kind, pieces in groupby(segments, key=lambda segment: segment.kind)
    ]
