"""One answer while it is being written: what to ask of the model next, and what may be shown.

Knows no thread and no tool. Outside a call that is being written, its stream holds exactly the text
so far, each finished call in its canonical pieces.
"""

from dataclasses import dataclass

from toolformer.calls import Segment, Spell, ToolCall
from toolformer.errors import ModelError, ToolError
from toolformer.infer.answers import Answer, CallEvent, Finish, ScoredToken
from toolformer.infer.config import HandBack, Rules
from toolformer.infer.leads import find_first, forming
from toolformer.infer.opening import Opening
from toolformer.infer.stretch import Stretch
from toolformer.infer.transcript import Transcript
from toolformer.lm.streams import StepRequest, StepResult
from toolformer.tools.base import ToolResult

_FULL = "The model's context is full."


@dataclass(slots=True)
class _Open:
    """A call that is being written."""

    start: int  # in the stretch
    lead: str = ""  # "" while the name is being decided
    spell: Spell | None = None  # what its arguments may say
    tokens: int = 0  # chosen after the lead


class AnswerBuilder:
    """Writes one answer.

    Until `answer` is set, the decoder passes `ask()` to the streams and the result of the step to
    `receive_step`; when `call` is set, it runs the call and passes the result to `receive`.

    Args:
        opening: the prompt; the stream was admitted with the part of it that is kept.
        stretch: the stream's, empty.
        rules: of this answer.
        key: of its draws.

    Raises:
        ModelError: what moved from the prompt into the answer does not fit the model's context.
    """

    def __init__(self, opening: Opening, stretch: Stretch, *, rules: Rules, key: str) -> None:
        self.call: ToolCall | None = None  # whose result is waited for
        self.answer: Answer | None = None
        self._opening, self._stretch, self._rules, self._key = opening, stretch, rules, key
        self._begins = opening.begins  # what the stretch is to begin with
        self._closed_at: set[int] = set()  # characters of the stretch at which no call may start
        self._open: _Open | None = None
        self._tokens = 0
        self._transcript = Transcript()
        self._scored: list[ScoredToken] = []  # of the text before the stretch
        self._take_over()

    @property
    def stream(self) -> int:
        """The number of its stream."""
        return self._stretch.stream

    def take(self) -> list[Segment | CallEvent]:
        """Returns the pieces that may be shown and were not taken yet."""
        return self._transcript.take()

    @property
    def scored(self) -> list[ScoredToken]:
        """The tokens of the text that the model chose; none of them is a call's."""
        before, text = self._transcript.before, self._stretch.text
        end = len(text) if self._open is None else self._open.start
        return self._scored + [
            ScoredToken(before + said.start, text[said.start : min(said.end, end)], said.log_prob)
            for said in self._stretch.said
            if said.start < end
        ]

    def ask(self) -> StepRequest:
        """Returns how the stream's next token is to be chosen."""
        config, opened, text = self._rules.config, self._open, self._stretch.text
        if opened is not None and not opened.lead:
            return StepRequest(self.stream, config.temperature, self._key, among=self._callable)
        left = self._begins[len(text) :] if self._begins.startswith(text) else ""
        if opened is not None:
            return StepRequest(
                self.stream,
                config.temperature,
                self._key,
                spell=opened.spell,
                written=text[opened.start + len(opened.lead) :],
                begins=left,
            )
        at = forming(text, self._rules.leads, start=self._transcript.shown)
        is_closed = at in self._closed_at
        may_call = bool(self._callable) and not is_closed
        may_start = may_call and at == len(text) and self._has_room_for_lead(after=left)
        return StepRequest(
            self.stream,
            config.temperature,
            self._key,
            start_rank=config.top_k_start if may_start else 0,
            barred=self._rules.barred if may_call else self._rules.leads,
            bar_marker=config.bar_markers or (is_closed and at == len(text)),
            begins=left,
        )

    def receive_step(self, said: StepResult) -> None:
        """Takes the result of a step."""
        if said.starts:
            self._open = _Open(len(self._stretch.text))
        elif said.ends:
            self._end("end", "The text ended inside the call.")
        else:
            self._tokens += 1
            self._stretch.receive_step(said.text, said.log_prob)
            if self._open is not None and self._open.lead:
                self._open.tokens += 1
            self._read()

    def receive(self, result: ToolResult) -> None:
        """Takes the result of the call: feeds its output, or takes the call back."""
        call, opened, self.call = self.call, self._open, None
        if call is None or opened is None:
            raise RuntimeError("no call waits for a result")
        output, seconds = result.output, result.seconds
        if output is None:
            self._fail(
                opened,
                str(result.error),
                call=call,
                seconds=seconds,
                tool_failed=True,
                is_unavailable=result.is_unavailable,
            )
        elif not self._rules.grammar.is_renderable_output(output):
            error = (
                f"The output {output!r} is unbalanced or starts a call, so it cannot be read back."
            )
            self._fail(opened, error, call=call, seconds=seconds)
        else:
            self._insert(opened, call, output, seconds=seconds)
        self._check_limits()

    @property
    def _callable(self) -> tuple[str, ...]:
        """The leads of what may be called now."""
        config = self._rules.config
        if config.bar_markers or len(self._transcript.events) >= config.max_calls:
            return ()
        return self._rules.callable

    def _has_room_for_lead(self, *, after: str) -> bool:
        """Returns whether the open marker may come next, and a lead still fits the context."""
        longest = max(map(len, self._rules.leads), default=0)  # a token has a character or more
        room = self._stretch.streams.room(self.stream)
        return self._rules.grammar.open.startswith(after) and room > longest

    def _take_over(self) -> None:
        """Begins with what moved from the prompt into the answer."""
        opening = self._opening
        before = self._rules.grammar.read(opening.kept)
        if before and before[-1].kind != "text":
            self._closed_at.add(0)
        if opening.lead or opening.rest:
            self._stretch.feed([piece for piece in (opening.lead, opening.rest) if piece])
        if opening.lead:
            self._open = self._begun(0, opening.lead)
            if opening.lead not in self._callable:
                self._fail(
                    self._open,
                    f"{self._rules.grammar.tool_of(opening.lead)} may not be called now.",
                )
        self._read()

    def _read(self) -> None:
        """Finds what the new text holds: a stop, a call that starts, a call that closes."""
        if self._open is None or not self._open.lead:
            self._read_text()
        if self._open is not None and self._open.lead:
            self._read_arguments(self._open)
        self._check_limits()

    def _read_text(self) -> None:
        text, transcript, stops = self._stretch.text, self._transcript, self._rules.config.stop
        lead = find_first(text, self._callable, start=transcript.shown, except_at=self._closed_at)
        unread = max(transcript.shown, len(self._begins))  # the prompt's end stops nothing
        stop = find_first(text, stops, start=unread) if self._open is None else None
        if stop is not None and (lead is None or stop.start < lead.end):
            self._stretch.text = text[: stop.start]
            self._finish("stop")
        elif lead is not None:
            transcript.show(text, lead.start, kind="text")
            self._open = self._begun(lead.start, lead.text)
        elif self._open is None:
            held = forming(text, self._rules.leads, start=transcript.shown)
            stopping = forming(text, stops, start=unread)
            transcript.show(text, min(held, stopping, len(text.rstrip(" "))), kind="text")

    def _begun(self, start: int, lead: str) -> _Open:
        """Returns a call whose arguments are to be written."""
        spelling = self._rules.spellings.get(lead)
        if spelling is None:
            return _Open(start, lead)
        before = self._opening.kept + self._transcript.text + self._stretch.text[:start]
        return _Open(start, lead, spelling(self._rules.grammar, before))

    def _read_arguments(self, opened: _Open) -> None:
        text, most = self._stretch.text, self._rules.config.max_call_tokens
        begin = opened.start + len(opened.lead)
        end = self._rules.grammar.end_of_arguments(text[begin:])
        if end is None:
            self._transcript.show(text, len(text), kind="call")
            if opened.tokens >= most:
                self._fail(opened, f"The call does not close within {most} tokens.")
            return
        self._stretch.text = text[: begin + end.stop]
        if end.is_closed:
            self._transcript.show(text, begin + end.stop, kind="call")
            call = ToolCall(self._rules.grammar.tool_of(opened.lead), end.arguments)
            if self._transcript.events and self._transcript.events[-1].call == call:
                self._fail(opened, "It is the last call once more.", call=call)
            elif self._rules.hand_back is not None:
                self._hand_back(opened, call, self._rules.hand_back)
            else:
                self.call = call
        else:
            self._transcript.show(text, begin + len(end.arguments), kind="call")
            self._fail(opened, end.problem)

    def _insert(self, opened: _Open, call: ToolCall, output: str, *, seconds: float) -> None:
        """Feeds a call with its output, in canonical pieces, where the model wrote the call."""
        pieces, stretch = self._rules.grammar.pieces(call, output), self._stretch
        text, written = stretch.text[: opened.start], stretch.text[opened.start :]
        stretch.crop(opened.start)
        try:
            stretch.feed([*pieces])
        except ModelError:
            stretch.text = text + written
            self._fail(opened, _FULL, call=call, seconds=seconds)
            return
        position = self._transcript.before + opened.start
        event = CallEvent(position, call, written, output=output, seconds=seconds)
        self._open, self._scored = None, self.scored
        self._transcript.commit(
            text, Segment("call", pieces.asked), Segment("output", pieces.supplied), event
        )
        self._stretch = Stretch(stretch.streams, stretch.stream)
        self._begins, self._closed_at = "", {0}

    def _fail(
        self,
        opened: _Open,
        error: str,
        *,
        call: ToolCall | None = None,
        seconds: float = 0.0,
        tool_failed: bool = False,
        is_unavailable: bool = False,
    ) -> None:
        """Takes the call that is being written out of the text; none starts there again."""
        written = self._stretch.text[opened.start :]
        position = self._transcript.before + opened.start
        event = CallEvent(
            position,
            call,
            written,
            error=error,
            seconds=seconds,
            tool_failed=tool_failed,
            is_unavailable=is_unavailable,
        )
        self._transcript.take_back(opened.start, event)
        self._stretch.crop(opened.start)
        self._closed_at.add(opened.start)
        self._open = None
        if opened.start == 0 and self._begins.strip():  # the prompt had begun this call
            self._begins = ""

    def _check_limits(self) -> None:
        """Ends the answer where nothing more can be said."""
        limit = self._rules.config.max_new_tokens
        if self.answer is not None or self.call is not None:
            return
        if self._tokens >= limit:
            self._end("length", f"The answer reached its {limit} tokens inside the call.")
            if self.answer is None:
                self._finish("length")
        elif self._stretch.streams.room(self.stream) < 1:
            self._end("context", _FULL)

    def _end(self, finish: Finish, error: str) -> None:
        """Ends the answer, or only the call that is being written."""
        if self._open is None:
            self._finish(finish)
        else:
            self._fail(self._open, error)

    def _hand_back(self, opened: _Open, call: ToolCall, hand_back: HandBack) -> None:
        """Ends the answer with a call that is left to whoever asked, if it is one to be left."""
        try:
            hand_back(call)
        except ToolError as error:
            self._fail(opened, str(error), call=call, tool_failed=True)
            return
        text = self._stretch.text
        self.answer = self._transcript.finish(
            text[: opened.start],
            "call",
            opening=self._opening,
            tokens=self._tokens,
            call=call,
            written=text[opened.start :],
        )

    def _finish(self, finish: Finish) -> None:
        self.answer = self._transcript.finish(
            self._stretch.text, finish, opening=self._opening, tokens=self._tokens
        )
