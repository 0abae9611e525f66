"""An answer as a JSON object: what `--json`, `--out` and `/save` write."""

from collections.abc import Sequence
from typing import Any

from toolformer.calls import Segment
from toolformer.infer.answers import Answer, CallEvent


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
