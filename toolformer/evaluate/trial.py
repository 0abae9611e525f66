"""A Trial: what a model made of one example, as it is kept on disk. Knows no model and no task."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from toolformer.files import from_json
from toolformer.typed import type_adapter

TOO_LONG = "too long"  # a trial's finish: the prompt left no room to answer
READ = "read"  # a trial's finish: the text was read and not continued; its scores are all there is


@dataclass(frozen=True, slots=True)
class TriedCall:
    """A call the model started: exactly one of output and error."""

    tool: str | None  # None: no readable call came of it
    arguments: str | None
    written: str  # what the model wrote of it
    output: str | None = None
    error: str | None = None
    is_late: bool = False  # it came after the part of the output that is judged
    tool_failed: bool = False  # the error is the tool's; rows of earlier versions do not say
    is_unavailable: bool = False  # the tool failed as what it relies on could not be reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One example as one model answered it."""

    id: str
    prompt: str = ""
    answers: tuple[str, ...] = ()
    group: str = ""
    tags: tuple[str, ...] = ()
    text: str = ""  # the output, calls and what tools said taken out
    annotated: str = ""  # the output as it was decoded
    calls: tuple[TriedCall, ...] = ()
    is_right: bool = False
    follows_tool: bool = False  # the output says what a tool said, right or not
    tokens: int = 0
    finish: str = ""
    scores: Mapping[str, int | float] = field(
        default_factory=dict
    )  # the task's own, for its metrics

    @property
    def has_called(self) -> bool:
        """Whether a tool gave the model an output before it had answered."""
        return any(call.output is not None and not call.is_late for call in self.calls)

    @property
    def is_decoded(self) -> bool:
        """Whether it has an output, if an empty one."""
        return self.finish != READ

    def to_row(self) -> dict[str, Any]:
        """Returns the trial as JSON values; a text that was read is its scores.

        >>> Trial(id="1", scores={"tokens": 3}, finish=READ).to_row()
        {'id': '1', 'tokens': 3}
        """
        if not self.is_decoded:
            return {"id": self.id, **self.scores}
        row: dict[str, Any] = type_adapter(Trial).dump_python(self, mode="json")
        if not self.scores:
            del row["scores"]
        return row


def from_row(row: Mapping[str, Any]) -> Trial:
    """Returns the trial of a row; the inverse of `to_row`. A ValueError names a wrong field.

    >>> read = from_row({"id": "1", "tokens": 3})
    >>> read.scores, read.is_decoded
    ({'tokens': 3}, False)
    """
    if "prompt" not in row:
        scores = {name: value for name, value in row.items() if name != "id"}
        row = {"id": row.get("id"), "scores": scores, "finish": READ}
    return from_json(Trial, dict(row))
