"""The answer to a prompt: segments, and an event for each call that the model started."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from toolformer.calls import Segment, ToolCall
from toolformer.errors import clipped

Finish = Literal["end", "length", "stop", "context", "call", "too long"]


@dataclass(frozen=True, slots=True)
class ScoredToken:
    """A token that the model chose for the text of its answer."""

    position: int  # in characters of the answer's text, calls left out
    text: str
    log_prob: float  # nats; as it was chosen, masks applied, before the temperature


@dataclass(frozen=True, slots=True)
class CallEvent:
    """A call that the model started, with exactly one of output and error.

    Attributes:
        position: Where the call starts, in characters of the answer's text, calls left out.
        call: None where what was written is not a readable call.
        written: The call as the model wrote it, from the open marker on.
        output: The tool's output, as the answer has it.
        error: One sentence: why the call failed. The answer holds nothing of a failed call.
        seconds: How long the tool took.
        tool_failed: Whether the error is the tool's; otherwise the call was given up because of
            its spelling, the room left in the context, or an output that cannot be read back.
        is_unavailable: Whether the tool failed because what it relies on could not be reached.
    """

    position: int
    call: ToolCall | None
    written: str
    output: str | None = None
    error: str | None = None
    seconds: float = 0.0
    tool_failed: bool = False
    is_unavailable: bool = False

    def __post_init__(self) -> None:
        if (self.output is None) == (self.error is None):
            raise ValueError(
                f"exactly one of output and error, got {self.output!r}, {self.error!r}"
            )


@dataclass(frozen=True, slots=True)
class Answer:
    """A prompt's continuation, or why it has none.

    Attributes:
        prompt: As it was given.
        segments: The continuation by origin; no two neighbours are of one kind, except calls
            without output.
        events: Every call, failed ones included, in the order they were started.
        tokens: How many the model chose, those of failed calls included.
        finish: Why it ends: the model ended its text, `max_new_tokens` or a stop text was reached,
            the model's context is full, a call waits for whoever asked to run it, or the prompt
            left no room to begin with.
        taken: How many characters at the prompt's end moved into the answer: white space, and a
            call without its output.
        error: One sentence: why the prompt could not be continued; None where it was.
        call: The call that it ends with and that was left to whoever asked; None where there is
            none.

    >>> segments = Segment("call", " [Calendar()"), Segment("output", " -> May 4]")
    >>> event = CallEvent(0, ToolCall("Calendar", ""), segments[0].text, output="May 4")
    >>> segments += (Segment("text", " May 4."),)
    >>> answer = Answer("Today is ", segments, (event,), tokens=4, finish="end", taken=1)
    >>> answer
    Answer('Today is ', ' [Calendar() -> May 4] May 4.', calls=1, tokens=4, finish='end')
    >>> answer.text, answer.whole
    (' May 4.', 'Today is [Calendar() -> May 4] May 4.')
    """

    prompt: str
    segments: tuple[Segment, ...]
    events: tuple[CallEvent, ...]
    tokens: int
    finish: Finish
    taken: int = 0
    error: str | None = None
    call: ToolCall | None = None

    def __repr__(self) -> str:
        if self.error is not None:
            return f"Answer({clipped(self.prompt)!r}, finish={self.finish!r}, error={self.error!r})"
        counts = f"calls={len(self.events)}, tokens={self.tokens}, finish={self.finish!r}"
        return f"Answer({clipped(self.prompt)!r}, {clipped(self.annotated)!r}, {counts})"

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


def answer_row(answer: Answer, *, timed: bool = True) -> dict[str, Any]:
    """Returns an answer as JSON values: of one that failed, its prompt and its error.

    Args:
        answer: to a prompt.
        timed: whether events have their seconds, which differ from one time to the next.

    >>> row = answer_row(Answer("2 + 2 is", (Segment("text", " 4."),), (), tokens=2, finish="end"))
    >>> row["prompt"], row["text"], row["segments"]
    ('2 + 2 is', ' 4.', [{'kind': 'text', 'text': ' 4.'}])
    """
    if answer.error is not None:
        return {"prompt": answer.prompt, "error": answer.error}
    return {
        "prompt": answer.prompt,
        "text": answer.text,
        "segments": segment_rows(answer.segments),
        "events": [event_row(event, timed=timed) for event in answer.events],
        "taken": answer.taken,
        "tokens": answer.tokens,
        "finish": answer.finish,
    }


def segment_rows(segments: Sequence[Segment]) -> list[dict[str, str]]:
    """Returns segments as JSON values."""
    return [{"kind": segment.kind, "text": segment.text} for segment in segments]


def event_row(event: CallEvent, *, timed: bool = True) -> dict[str, Any]:
    """Returns an event as JSON values, with or without its seconds."""
    row = {
        "position": event.position,
        "tool": None if event.call is None else event.call.tool,
        "arguments": None if event.call is None else event.call.arguments,
        "written": event.written,
        "output": event.output,
        "error": event.error,
    }
    return row | {"seconds": round(event.seconds, 6)} if timed else row
