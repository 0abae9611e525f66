"""The part of an answer that was shown, and the part that is final."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from toolformer.calls import Segment, ToolCall
from toolformer.infer.answers import Answer, CallEvent, Finish
from toolformer.infer.writing.opening import Opening


@dataclass(slots=True)
class Transcript:
    """An answer up to its last finished call, and how much of the stretch after it is shown.

    Attributes:
        before: Characters of the text before the stretch, calls left out.
        shown: Characters of the stretch that were shown.
        events: An event for each call so far.
    """

    before: int = 0
    shown: int = 0
    events: list[CallEvent] = field(default_factory=list)
    _segments: list[Segment] = field(default_factory=list)
    _pieces: list[Segment | CallEvent] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text before the stretch, its calls included."""
        return "".join(segment.text for segment in self._segments)

    def show(self, stretch: str, end: int, *, kind: Literal["text", "call"]) -> None:
        """Shows a stretch up to a character."""
        if end > self.shown:
            self._pieces.append(Segment(kind, stretch[self.shown : end]))
            self.shown = end

    def commit(self, text: str, call: Segment, output: Segment, event: CallEvent) -> None:
        """Ends a stretch with a call that has its output; the call itself was already shown."""
        self._add_text(text)
        self._segments += [call, output]
        self._pieces += [output, event]
        self.events.append(event)
        self.before += len(text)
        self.shown = 0

    def take_back(self, start: int, event: CallEvent) -> None:
        """Records the failure of a call that started at a character of the stretch."""
        self._pieces.append(event)
        self.events.append(event)
        self.shown = min(self.shown, start)

    def take(self) -> list[Segment | CallEvent]:
        """Returns the pieces that may be shown and were not taken yet."""
        pieces, self._pieces = self._pieces, []
        return pieces

    def finish(
        self,
        text: str,
        finish: Finish,
        *,
        opening: Opening,
        tokens: int,
        call: ToolCall | None = None,
        written: str = "",
    ) -> Answer:
        """Shows the rest of the last stretch and returns the whole answer.

        Args:
            text: the stretch, without the call that the answer ends with.
            finish: why it ends.
            opening: how it began.
            tokens: how many the model chose.
            call: that the answer ends with; it was already shown.
            written: as the model wrote it.
        """
        self.show(text, len(text), kind="text")
        self._add_text(text)
        if written:
            self._segments.append(Segment("call", written))
        return Answer(
            prompt=opening.prompt,
            segments=tuple(self._segments),
            events=tuple(self.events),
            tokens=tokens,
            finish=finish,
            taken=opening.taken,
            call=call,
        )

    def _add_text(self, text: str) -> None:
        if text:
            self._segments.append(Segment("text", text))


@dataclass(slots=True)
class FinalPieces:
    """Holds back a call that forms until it has its output; one that fails is dropped."""

    _forming: list[Segment] = field(default_factory=list)

    def add(self, piece: Segment | CallEvent) -> list[Segment]:
        """Takes a piece as it came and returns those that are final now."""
        if isinstance(piece, CallEvent):
            held, self._forming = self._forming, []
            return held if piece.error is None else []
        if piece.kind == "text":
            return [piece]
        self._forming.append(piece)
        return []


def final(pieces: Iterator[Segment | CallEvent]) -> Iterator[Segment]:
    """Yields the pieces that stay in an answer, once that is certain: a call with its output.

    >>> from toolformer.calls import ToolCall
    >>> call, said = Segment("call", " [Calculator(1/0)"), Segment("text", " nothing")
    >>> failed = CallEvent(0, ToolCall("Calculator", "1/0"), call.text, error="No.")
    >>> [piece.text for piece in final(iter([call, failed, said]))]
    [' nothing']
    """
    finals = FinalPieces()
    for piece in pieces:
        yield from finals.add(piece)
