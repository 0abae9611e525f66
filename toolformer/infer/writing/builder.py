"""One answer while it is being written: what to ask of the model next, how its text is read.

Knows no thread and no tool. Outside a call that is being written, its stream holds exactly the text
so far, each finished call in its canonical pieces.
"""

from toolformer.calls import Segment, ToolCall
from toolformer.errors import ToolError
from toolformer.infer.answers import Answer, CallEvent, Finish, ScoredToken
from toolformer.infer.config import HandBack, Rules
from toolformer.infer.writing.draft import NO_ROOM, Draft, OpenCall
from toolformer.infer.writing.leads import find_first, forming
from toolformer.infer.writing.opening import Opening
from toolformer.infer.writing.stretch import Stretch
from toolformer.lm.streams import StepRequest, StepResult
from toolformer.tools.result import ToolResult


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
        self._opening, self._rules, self._key = opening, rules, key
        self._draft = Draft(opening, stretch, rules=rules)
        self._take_over()

    @property
    def stream(self) -> int:
        """The number of its stream."""
        return self._draft.stretch.stream

    def take(self) -> list[Segment | CallEvent]:
        """Returns the pieces that may be shown and were not taken yet."""
        return self._draft.transcript.take()

    @property
    def scored(self) -> list[ScoredToken]:
        """The tokens of the text that the model chose; none of them is a call's."""
        return self._draft.scored

    def ask(self) -> StepRequest:
        """Returns how the stream's next token is to be chosen."""
        draft, config = self._draft, self._rules.config
        opened, text = draft.open, draft.stretch.text
        if opened is not None and not opened.lead:
            return StepRequest(self.stream, config.temperature, self._key, among=self._callable)
        left = draft.begins[len(text) :] if draft.begins.startswith(text) else ""
        if opened is not None:
            return StepRequest(
                self.stream,
                config.temperature,
                self._key,
                spell=opened.spell,
                written=text[opened.start + len(opened.lead) :],
                begins=left,
            )
        at = forming(text, self._rules.leads, start=draft.transcript.shown)
        is_closed = at in draft.closed_at
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
        draft = self._draft
        if said.starts:
            draft.open = OpenCall(len(draft.stretch.text))
        elif said.ends:
            self._end("end", "The text ended inside the call.")
        else:
            draft.tokens += 1
            draft.stretch.receive_step(said.text, said.log_prob)
            if draft.open is not None and draft.open.lead:
                draft.open.tokens += 1
            self._read()

    def receive(self, result: ToolResult) -> None:
        """Takes the result of the call: feeds its output, or takes the call back."""
        call, opened, self.call = self.call, self._draft.open, None
        if call is None or opened is None:
            raise RuntimeError("no call waits for a result")
        output, seconds = result.output, result.seconds
        if output is None:
            self._draft.take_back(
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
            self._draft.take_back(opened, error, call=call, seconds=seconds)
        else:
            self._draft.insert(opened, call, output, seconds=seconds)
        self._check_limits()

    @property
    def _callable(self) -> tuple[str, ...]:
        """The leads of what may be called now."""
        config = self._rules.config
        if config.bar_markers or len(self._draft.transcript.events) >= config.max_calls:
            return ()
        return self._rules.callable

    def _has_room_for_lead(self, *, after: str) -> bool:
        """Returns whether the open marker may come next, and a lead still fits the context."""
        longest = max(map(len, self._rules.leads), default=0)  # a token has a character or more
        room = self._draft.stretch.streams.room(self.stream)
        return self._rules.grammar.open.startswith(after) and room > longest

    def _take_over(self) -> None:
        """Begins with what moved from the prompt into the answer."""
        opening, draft = self._opening, self._draft
        before = self._rules.grammar.read(opening.kept)
        if before and before[-1].kind != "text":
            draft.closed_at.add(0)
        if opening.lead or opening.rest:
            draft.stretch.feed([piece for piece in (opening.lead, opening.rest) if piece])
        if opening.lead:
            opened = draft.begin_call(0, opening.lead)
            if opening.lead not in self._callable:
                draft.take_back(
                    opened,
                    f"{self._rules.grammar.tool_of(opening.lead)} may not be called now.",
                )
        self._read()

    def _read(self) -> None:
        """Finds what the new text holds: a stop, a call that starts, a call that closes."""
        draft = self._draft
        if draft.open is None or not draft.open.lead:
            self._read_text()
        if draft.open is not None and draft.open.lead:
            self._read_arguments(draft.open)
        self._check_limits()

    def _read_text(self) -> None:
        draft, stops = self._draft, self._rules.config.stop
        text, transcript = draft.stretch.text, draft.transcript
        lead = find_first(text, self._callable, start=transcript.shown, except_at=draft.closed_at)
        unread = max(transcript.shown, len(draft.begins))  # the prompt's end stops nothing
        stop = find_first(text, stops, start=unread) if draft.open is None else None
        if stop is not None and (lead is None or stop.start < lead.end):
            draft.stretch.text = text[: stop.start]
            self._finish("stop")
        elif lead is not None:
            transcript.show(text, lead.start, kind="text")
            draft.begin_call(lead.start, lead.text)
        elif draft.open is None:
            held = forming(text, self._rules.leads, start=transcript.shown)
            stopping = forming(text, stops, start=unread)
            transcript.show(text, min(held, stopping, len(text.rstrip(" "))), kind="text")

    def _read_arguments(self, opened: OpenCall) -> None:
        draft, most = self._draft, self._rules.config.max_call_tokens
        text, transcript = draft.stretch.text, draft.transcript
        begin = opened.start + len(opened.lead)
        end = self._rules.grammar.end_of_arguments(text[begin:])
        if end is None:
            transcript.show(text, len(text), kind="call")
            if opened.tokens >= most:
                draft.take_back(opened, f"The call does not close within {most} tokens.")
            return
        draft.stretch.text = text[: begin + end.stop]
        if end.is_closed:
            transcript.show(text, begin + end.stop, kind="call")
            call = ToolCall(self._rules.grammar.tool_of(opened.lead), end.arguments)
            if transcript.events and transcript.events[-1].call == call:
                draft.take_back(opened, "It is the last call once more.", call=call)
            elif self._rules.hand_back is not None:
                self._hand_back(opened, call, self._rules.hand_back)
            else:
                self.call = call
        else:
            transcript.show(text, begin + len(end.arguments), kind="call")
            draft.take_back(opened, end.problem)

    def _check_limits(self) -> None:
        """Ends the answer where nothing more can be said."""
        limit = self._rules.config.max_new_tokens
        if self.answer is not None or self.call is not None:
            return
        if self._draft.tokens >= limit:
            self._end("length", f"The answer reached its {limit} tokens inside the call.")
            if self.answer is None:
                self._finish("length")
        elif self._draft.stretch.streams.room(self.stream) < 1:
            self._end("context", NO_ROOM)

    def _end(self, finish: Finish, error: str) -> None:
        """Ends the answer, or only the call that is being written."""
        if self._draft.open is None:
            self._finish(finish)
        else:
            self._draft.take_back(self._draft.open, error)

    def _hand_back(self, opened: OpenCall, call: ToolCall, hand_back: HandBack) -> None:
        """Ends the answer with a call that is left to whoever asked, if it is one to be left."""
        try:
            hand_back(call)
        except ToolError as error:
            self._draft.take_back(opened, str(error), call=call, tool_failed=True)
            return
        self.answer = self._draft.finish_with(opened, call)

    def _finish(self, finish: Finish) -> None:
        self.answer = self._draft.finish(finish)
