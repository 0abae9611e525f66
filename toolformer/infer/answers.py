"""What comes of a prompt: an answer in segments, and what became of each of its calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from toolformer.calls import Segment, ToolCall

Finish = Literal["end", "length", "stop", "context"]


@dataclass(frozen=True, slots=True)
class CallEvent:
    """What became of a call that the model started: exactly one of output and error.

    Attributes:
        position: Where the call starts, in characters of the answer's text, calls left out.
        call: None where no readable call came of it.
        written: What the model wrote of it, from the open marker on.
        output: What the tool said, as it stands in the answer.
        error: One sentence: why the call failed. Nothing of a failed call stands in the answer.
        seconds: How long the tool took.
        tool_failed: Whether the error is the tool's; otherwise the call was given up for what was
            written, for what room there is, or for how the output looks.
    """

    position: int
    call: ToolCall | None
    written: str
    output: str | None = None
    error: str | None = None
    seconds: float = 0.0
    tool_failed: bool = False

    def __post_init__(self) -> None:
        if (self.output is None) == (self.error is None):
            raise ValueError(
                f"exactly one of output and error, got {self.output!r}, {self.error!r}"
            )


@dataclass(frozen=True, slots=True)
class Answer:
    """A prompt's continuation.

    Attributes:
        prompt: As it was given.
        segments: The continuation by origin; no two of one kind stand side by side, except calls
            without output.
        events: Every call, failed ones included, in the order they were started.
        tokens: How many the model chose, those of failed calls included.
        finish: Why it ends: the model ended its text, `max_new_tokens` or a stop text was reached,
            or the model's context is full.
        taken: How many characters at the prompt's end stand in the answer instead: white space, and
            a call without its output.

    >>> call, output = Segment("call", " [Calendar()"), Segment("output", " -> May 4]")
    >>> said = (call, output, Segment("text", " May 4."))
    >>> answer = Answer("Today is ", said, events=(), tokens=4, finish="end", taken=1)
    >>> answer.text, answer.whole
    (' May 4.', 'Today is [Calendar() -> May 4] May 4.')
    """

    prompt: str
    segments: tuple[Segment, ...]
    events: tuple[CallEvent, ...]
    tokens: int
    finish: Finish
    taken: int = 0

    @property
    def text(self) -> str:
        """The continuation, calls and outputs left out."""
        return "".join(segment.text for segment in self.segments if segment.kind == "text")

    @property
    def annotated(self) -> str:
        """The continuation, calls and outputs left in."""
        return "".join(segment.text for segment in self.segments)

    @property
    def whole(self) -> str:
        """The prompt and its continuation, calls and outputs left in."""
        return self.prompt[: len(self.prompt) - self.taken] + self.annotated


def answer_row(answer: Answer) -> dict[str, Any]:
    """Returns an answer as JSON values.

    >>> row = answer_row(Answer("2 + 2 is", (Segment("text", " 4."),), (), tokens=2, finish="end"))
    >>> row["prompt"], row["text"], row["segments"]
    ('2 + 2 is', ' 4.', [{'kind': 'text', 'text': ' 4.'}])
    """
    return {
        "prompt": answer.prompt,
        "text": answer.text,
        "segments": segment_rows(answer.segments),
        "events": [event_row(event) for event in answer.events],
        "taken": answer.taken,
        "tokens": answer.tokens,
        "finish": answer.finish,
    }


def segment_rows(segments: Sequence[Segment]) -> list[dict[str, str]]:
    """Returns segments as JSON values."""
    return [{"kind": segment.kind, "text": segment.text} for segment in segments]


def event_row(event: CallEvent) -> dict[str, Any]:
    """Returns what became of a call as JSON values."""
    return {
        "position": event.position,
        "tool": None if event.call is None else event.call.tool,
        "arguments": None if event.call is None else event.call.arguments,
        "written": event.written,
        "output": event.output,
        "error": event.error,
        "seconds": round(event.seconds, 6),
    }
