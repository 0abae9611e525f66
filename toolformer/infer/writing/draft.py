"""An answer so far, with the call that is being written in it; what becomes of the call.

Knows no rule about when a call begins, closes or fails.
"""

from dataclasses import dataclass

from toolformer.calls import Segment, Spell, ToolCall
from toolformer.errors import ModelError
from toolformer.infer.answers import Answer, CallEvent, Finish, ScoredToken
from toolformer.infer.config import Rules
from toolformer.infer.writing.opening import Opening
from toolformer.infer.writing.stretch import Stretch
from toolformer.infer.writing.transcript import Transcript

NO_ROOM = "The model's context is full."


@dataclass(slots=True)
class OpenCall:
    """A call that is being written."""

    start: int  # in the stretch
    lead: str = ""  # "" while the name is being decided
    spell: Spell | None = None  # what its arguments may say
    tokens: int = 0  # chosen after the lead


class Draft:
    """The text of an answer that is not finished.

    Args:
        opening: where the answer takes over from its prompt.
        stretch: of its stream, empty.
        rules: of the answer.

    Attributes:
        stretch: The text since the last finished call.
        transcript: Everything before that, and what is shown of the stretch.
        begins: What the stretch is to begin with.
        closed_at: Characters of the stretch at which no call may start.
        open: The call that is being written.
        tokens: How many the model chose, those of calls included.
    """

    def __init__(self, opening: Opening, stretch: Stretch, *, rules: Rules) -> None:
        self.stretch = stretch
        self.transcript = Transcript()
        self.begins = opening.begins
        self.closed_at: set[int] = set()
        self.open: OpenCall | None = None
        self.tokens = 0
        self._opening, self._rules = opening, rules
        self._scored: list[ScoredToken] = []  # of the text before the stretch

    @property
    def scored(self) -> list[ScoredToken]:
        """The tokens of the text that the model chose; none of them is a call's."""
        before, text = self.transcript.before, self.stretch.text
        end = len(text) if self.open is None else self.open.start
        return self._scored + [
            ScoredToken(before + said.start, text[said.start : min(said.end, end)], said.log_prob)
            for said in self.stretch.said
            if said.start < end
        ]

    def begin_call(self, start: int, lead: str) -> OpenCall:
        """Begins a call whose arguments are to be written."""
        spelling = self._rules.spellings.get(lead)
        spell = None
        if spelling is not None:
            before = self._opening.kept + self.transcript.text + self.stretch.text[:start]
            spell = spelling(self._rules.grammar, before)
        self.open = OpenCall(start, lead, spell)
        return self.open

    def insert(self, opened: OpenCall, call: ToolCall, output: str, *, seconds: float) -> None:
        """Feeds a call with its output, in canonical pieces, where the model wrote the call."""
        pieces, stretch = self._rules.grammar.pieces(call, output), self.stretch
        text, written = stretch.text[: opened.start], stretch.text[opened.start :]
        stretch.crop(opened.start)
        try:
            stretch.feed([*pieces])
        except ModelError:
            stretch.text = text + written
            self.take_back(opened, NO_ROOM, call=call, seconds=seconds)
            return
        position = self.transcript.before + opened.start
        event = CallEvent(position, call, written, output=output, seconds=seconds)
        self.open, self._scored = None, self.scored
        self.transcript.commit(
            text, Segment("call", pieces.asked), Segment("output", pieces.supplied), event
        )
        self.stretch = Stretch(stretch.streams, stretch.stream)
        self.begins, self.closed_at = "", {0}

    def take_back(
        self,
        opened: OpenCall,
        error: str,
        *,
        call: ToolCall | None = None,
        seconds: float = 0.0,
        tool_failed: bool = False,
        is_unavailable: bool = False,
    ) -> None:
        """Takes the call that is being written out of the text; none starts there again."""
        written = self.stretch.text[opened.start :]
        position = self.transcript.before + opened.start
        event = CallEvent(
            position,
            call,
            written,
            error=error,
            seconds=seconds,
            tool_failed=tool_failed,
            is_unavailable=is_unavailable,
        )
        self.transcript.take_back(opened.start, event)
        self.stretch.crop(opened.start)
        self.closed_at.add(opened.start)
        self.open = None
        if opened.start == 0 and self.begins.strip():  # the prompt had begun this call
            self.begins = ""

    def finish(self, finish: Finish) -> Answer:
        """Returns the answer, its text as it is."""
        return self.transcript.finish(
            self.stretch.text, finish, opening=self._opening, tokens=self.tokens
        )

    def finish_with(self, opened: OpenCall, call: ToolCall) -> Answer:
        """Returns the answer that ends with the call that was written, without its output."""
        text = self.stretch.text
        return self.transcript.finish(
            text[: opened.start],
            "call",
            opening=self._opening,
            tokens=self.tokens,
            call=call,
            written=text[opened.start :],
        )
