"""An answer that another engine writes: what of its text is shown, and where it called a tool.

Knows no HTTP. The engine cannot be kept from writing a call again that has failed: so it reads the
reason in the place of an output, and the answer has nothing of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from toolformer.calls import CallGrammar, Segment, ToolCall
from toolformer.infer.answers import Answer, CallEvent, Finish
from toolformer.infer.writing.leads import find_first, forming
from toolformer.tools.output import fold
from toolformer.tools.result import ToolResult

_FAILED = "failed"  # what the engine reads where the reason cannot be written


@dataclass(slots=True)
class RemoteAnswer:
    """An answer that grows by texts, and stops for tools.

    Attributes:
        prompt: As it was given.
        grammar: How calls are written.
        leads: Of the tools that may be called.
        stop: Texts at which it ends.
        read: What the engine has read and written so far, behind the prompt.
        call: That waits for its result.
        tokens: How many pieces of text the engine sent.
        is_stopped: Whether a stop text came.
    """

    prompt: str
    grammar: CallGrammar
    leads: Sequence[str]
    stop: Sequence[str]
    read: str = ""
    call: ToolCall | None = None
    tokens: int = 0
    is_stopped: bool = False
    events: list[CallEvent] = field(default_factory=list)
    _stretch: str = ""  # since the last call
    _shown: int = 0  # characters of it
    _lead: str = ""  # of the call that is being written
    _start: int = 0  # where it stands in the stretch
    _before: int = 0  # characters of text in front of the stretch, calls left out
    _segments: list[Segment] = field(default_factory=list)

    def add(self, text: str) -> list[Segment]:
        """Takes what the engine wrote and returns what is shown; what follows a call is dropped."""
        self.tokens += 1
        self._stretch += text
        shown = [] if self._lead else self._read_text()
        return shown + (self._read_arguments() if self._lead else [])

    def receive(self, result: ToolResult) -> list[Segment | CallEvent]:
        """Takes the result of the call."""
        call, written = self.call, self._stretch[self._start :]
        if call is None:
            raise RuntimeError("no call waits for a result")
        output, error = result.output, result.error
        if output is not None and not self.grammar.is_renderable_output(output):
            output, error = None, f"The output {output!r} cannot be read back."
        position = self._before + self._start
        event = CallEvent(
            position,
            call,
            written,
            output=output,
            error=None if output is not None else error,
            seconds=result.seconds,
            tool_failed=result.error is not None,
            is_unavailable=result.is_unavailable,
        )
        told = output or self.grammar.fitted_output(fold(error)) or _FAILED
        pieces = self.grammar.pieces(call, told)
        text = self._stretch[: self._start]
        self.read += f"{text}{pieces.asked}{pieces.supplied}"
        self._add_text(text)
        shown: list[Segment | CallEvent] = []
        if output is not None:
            segment = Segment("output", pieces.supplied)
            self._segments += [Segment("call", pieces.asked), segment]
            shown.append(segment)
        self.events.append(event)
        self._before += len(text)
        self._stretch, self._shown, self._lead, self.call = "", 0, "", None
        return [*shown, event]

    def finish(self, finish: Finish) -> tuple[list[Segment], Answer]:
        """Returns the rest that is to be shown, and the whole answer."""
        rest = [] if self._lead else self._show(len(self._stretch))
        self._add_text(self._stretch[: self._start] if self._lead else self._stretch)
        answer = Answer(self.prompt, tuple(self._segments), tuple(self.events), self.tokens, finish)
        return rest, answer

    def _read_text(self) -> list[Segment]:
        text = self._stretch
        lead = find_first(text, self.leads, start=self._shown)
        stop = find_first(text, self.stop)
        if stop is not None and (lead is None or stop.start < lead.end):
            self._stretch, self.is_stopped = text[: stop.start], True
            return self._show(stop.start)
        if lead is not None:
            self._lead, self._start = lead.text, lead.start
            return self._show(lead.start)
        held = min(forming(text, each, start=self._shown) for each in (self.leads, self.stop))
        return self._show(min(held, len(text.rstrip(" "))))

    def _read_arguments(self) -> list[Segment]:
        begin = self._start + len(self._lead)
        end = self.grammar.end_of_arguments(self._stretch[begin:])
        if end is None:  # it may turn out to be none
            return []
        if end.is_closed:
            self._stretch = self._stretch[: begin + end.stop]
            self.call = ToolCall(self.grammar.tool_of(self._lead), end.arguments)
            return self._show(len(self._stretch), kind="call")
        self._lead, self._start = "", 0  # it is no call, and stays in the text
        return self._show(len(self._stretch))

    def _show(self, end: int, *, kind: str = "text") -> list[Segment]:
        if end <= self._shown:
            return []
        shown, self._shown = self._stretch[self._shown : end], end
        return [Segment("call" if kind == "call" else "text", shown)]

    def _add_text(self, text: str) -> None:
        if text:
            self._segments.append(Segment("text", text))
