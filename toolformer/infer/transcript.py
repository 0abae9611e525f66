"""The part of an answer that was shown, and the part that is final."""

from dataclasses import dataclass, field
from typing import Literal

from toolformer.calls import Segment
from toolformer.infer.answers import Answer, CallEvent, Finish
from toolformer.infer.opening import Opening


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

    def finish(self, text: str, finish: Finish, *, opening: Opening, tokens: int) -> Answer:
        """Shows the rest of the last stretch and returns the whole answer."""
        self.show(text, len(text), kind="text")
        self._add_text(text)
        return Answer(
            prompt=opening.prompt,
            segments=tuple(self._segments),
            events=tuple(self.events),
            tokens=tokens,
            finish=finish,
            taken=opening.taken,
        )

    def _add_text(self, text: str) -> None:
        if text:
            self._segments.append(Segment("text", text))
