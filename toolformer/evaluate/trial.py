"""A Trial: what a model made of one example, and whether that was right."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from toolformer.evaluate.task import Example
from toolformer.infer.answers import Answer


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One example as one model answered it."""

    id: str
    prompt: str
    answers: tuple[str, ...] = ()
    group: str = ""
    tags: tuple[str, ...] = ()
    text: str  # the output, calls and what tools said taken out
    annotated: str  # the output as it was decoded
    calls: tuple[TriedCall, ...] = ()
    is_right: bool = False
    follows_tool: bool = False  # the output says what a tool said, right or not
    tokens: int = 0
    finish: str = ""

    @property
    def has_called(self) -> bool:
        """Whether a tool told it something before it had answered."""
        return any(call.output is not None and not call.is_late for call in self.calls)

    def to_row(self) -> dict[str, Any]:
        """Returns the trial as JSON values."""
        return asdict(self)


def trial_of(
    example: Example,
    answer: Answer,
    *,
    text: str,
    is_right: Callable[[str, Example], bool],
    judged: int,
) -> Trial:
    """Returns what came of an example.

    Args:
        example: what was asked.
        answer: what the model wrote.
        text: what is judged of it, calls and outputs taken out.
        is_right: judges it; also whether it says what a tool said.
        judged: where the part of it ends that decides.
    """
    calls = tuple(
        TriedCall(
            tool=None if event.call is None else event.call.tool,
            arguments=None if event.call is None else event.call.arguments,
            written=event.written,
            output=event.output,
            error=event.error,
            is_late=event.position >= judged,
            tool_failed=event.tool_failed,
        )
        for event in answer.events
    )
    told = tuple(
        part
        for call in calls
        if call.output is not None and not call.is_late
        for part in _parts(call.output)
    )
    return Trial(
        id=example.id,
        prompt=answer.prompt,
        answers=example.answers,
        group=example.group,
        tags=example.tags,
        text=text,
        annotated=answer.annotated,
        calls=calls,
        is_right=is_right(text, example),
        follows_tool=bool(told) and is_right(text, replace(example, answers=told)),
        tokens=answer.tokens,
        finish=answer.finish,
    )


def undecoded(
    example: Example, text: str = "", *, is_right: bool = False, finish: str = ""
) -> Trial:
    """Returns the trial of an output that no model decoded: a guess, or nothing at all."""
    return Trial(
        id=example.id,
        prompt=example.prompt,
        answers=example.answers,
        group=example.group,
        tags=example.tags,
        text=text,
        annotated=text,
        is_right=is_right,
        finish=finish,
    )


def _parts(output: str) -> Iterator[str]:
    """Yields what an answer may take of an output: all, or one of several facts, or less a weekday.

    >>> list(_parts("Sunday, March 5, 2023")), list(_parts("Peru, Chile"))
    (['Sunday, March 5, 2023', 'March 5, 2023'], ['Peru, Chile', 'Peru', 'Chile'])
    """
    yield output
    first, _, rest = output.partition(", ")
    if first.endswith("day") and any(sign.isdigit() for sign in rest):
        yield rest
    elif rest:
        yield from output.split(", ")


def from_row(row: Mapping[str, Any]) -> Trial:
    """Returns the trial of a row; the inverse of `to_row`."""
    calls = tuple(TriedCall(**call) for call in row["calls"])
    values = {**row, "answers": tuple(row["answers"]), "tags": tuple(row["tags"]), "calls": calls}
    return Trial(**values)
