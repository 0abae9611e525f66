"""What is known about a document, and the rows it is written as.

Positions are character offsets into the document's text, losses and gains are nats.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from toolformer.calls import PlacedCall, ToolCall


class Verdict(StrEnum):
    """What became of a candidate."""

    KEPT = "kept"
    LOW_GAIN = "low_gain"  # its result does not make the text likely enough
    OUTBID = "outbid"  # a better call stands at its place, or too near
    PEEKS = "peeks"  # its arguments give away what follows
    UNREADABLE = "unreadable"  # what was sampled is no call
    TOOL_ERROR = "tool_error"
    NOT_RENDERABLE = "not_renderable"  # its output cannot be written into a text
    PRUNED = "pruned"  # its place cannot gain enough, whatever the call


@dataclass(frozen=True, slots=True)
class Document:
    """One input text."""

    id: str
    text: str
    meta: Mapping[str, object] = field(default_factory=dict)  # of JSON values; "date" is ISO


@dataclass(frozen=True, slots=True)
class Losses:
    """How hard the words after a place are to predict; rounded to float32, as they are stored."""

    no_call: float  # L(ε)
    with_output: float | None = None  # L(e(c, r)); None: not scored
    no_output: float | None = None  # L(e(c, ε)); None: not scored

    def __post_init__(self) -> None:
        """Rounds, so that a gain taken before writing and after reading is the same."""
        object.__setattr__(self, "no_call", to_float32(self.no_call))
        for name in ("with_output", "no_output"):
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else to_float32(value))

    @property
    def gain(self) -> float | None:
        """min(L(ε), L(e(c, ε))) − L(e(c, r)); None unless all three were scored.

        >>> Losses(no_call=3.835, with_output=2.842, no_output=2.989).gain == to_float32(0.147)
        False
        >>> round(Losses(no_call=3.835, with_output=2.842, no_output=2.989).gain, 6)
        0.147
        """
        if self.with_output is None or self.no_output is None:
            return None
        return to_float32(min(self.no_call, self.no_output) - self.with_output)

    @property
    def gain_at_most(self) -> float:
        """What the gain cannot exceed, given what was scored."""
        gain = self.gain
        if gain is not None:
            return gain
        return to_float32(self.no_call - (0.0 if self.with_output is None else self.with_output))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposed call and what became of it."""

    position: int
    tool: str
    arguments: str | None  # None: nothing was sampled here; the raw text when it is unreadable
    start_prob: float  # p(open marker) at the position, float32
    count: int  # how many samples said the same
    output: str | None = None
    error: str | None = None
    losses: Losses | None = None
    verdict: Verdict | None = None  # None: not decided yet
    token: int | None = None  # tokens before the position: how near calls are, without the model

    def __post_init__(self) -> None:
        """Rounds the probability to float32, as it is stored."""
        object.__setattr__(self, "start_prob", to_float32(self.start_prob))

    @property
    def call(self) -> ToolCall | None:
        """The call, None where nothing was sampled."""
        return None if self.arguments is None else ToolCall(self.tool, self.arguments)

    @property
    def gain(self) -> float | None:
        """The gain of its losses, None where it is not known."""
        return None if self.losses is None else self.losses.gain

    @property
    def placed(self) -> PlacedCall:
        """The call with its output, as the grammar writes it."""
        if self.arguments is None:
            raise ValueError(f"no call was sampled at {self.position} for {self.tool}")
        return PlacedCall(self.position, ToolCall(self.tool, self.arguments), self.output)


@dataclass(frozen=True, slots=True)
class AnnotatedDocument:
    """A document and every call that was proposed for it, kept or not."""

    document: Document
    tried: tuple[str, ...]  # names of the tools that suited it
    skipped: str | None = None  # why it was not annotated
    candidates: tuple[Candidate, ...] = ()

    @property
    def kept(self) -> tuple[PlacedCall, ...]:
        """The calls whose verdict is kept, by position."""
        kept = (each.placed for each in self.candidates if each.verdict is Verdict.KEPT)
        return tuple(sorted(kept, key=lambda each: each.position))


def to_row(annotated: AnnotatedDocument) -> dict[str, Any]:
    """Returns the shard row of an annotated document (`docs/data-format.md`)."""
    document = annotated.document
    return {
        "id": document.id,
        "text": document.text,
        "meta": json.dumps(dict(document.meta), sort_keys=True),  # ASCII: holds any string
        "tried": list(annotated.tried),
        "skipped": annotated.skipped,
        "candidates": [_candidate_row(candidate) for candidate in annotated.candidates],
    }


def from_row(row: Mapping[str, Any]) -> AnnotatedDocument:
    """Returns the annotated document of a shard row; the inverse of `to_row`."""
    return AnnotatedDocument(
        document=Document(row["id"], row["text"], json.loads(row["meta"])),
        tried=tuple(row["tried"]),
        skipped=row["skipped"],
        candidates=tuple(_candidate(each) for each in row["candidates"]),
    )


def to_float32(value: float) -> float:
    """Rounds to the nearest number a float32 holds.

    >>> to_float32(0.1)
    0.10000000149011612
    """
    rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return rounded


def _candidate_row(candidate: Candidate) -> dict[str, Any]:
    if candidate.verdict is None:
        raise ValueError(f"a candidate without a verdict cannot be written: {candidate}")
    losses = candidate.losses
    return {
        "position": candidate.position,
        "token": candidate.token,
        "tool": candidate.tool,
        "arguments": candidate.arguments,
        "start_prob": candidate.start_prob,
        "count": candidate.count,
        "output": candidate.output,
        "error": candidate.error,
        "loss_no_call": None if losses is None else losses.no_call,
        "loss_no_output": None if losses is None else losses.no_output,
        "loss_with_output": None if losses is None else losses.with_output,
        "gain": candidate.gain,
        "verdict": candidate.verdict.value,
    }


def _candidate(row: Mapping[str, Any]) -> Candidate:
    no_call = row["loss_no_call"]
    losses = None
    if no_call is not None:
        losses = Losses(no_call, row["loss_with_output"], row["loss_no_output"])
    return Candidate(
        position=row["position"],
        token=row["token"],
        tool=row["tool"],
        arguments=row["arguments"],
        start_prob=row["start_prob"],
        count=row["count"],
        output=row["output"],
        error=row["error"],
        losses=losses,
        verdict=Verdict(row["verdict"]),
    )
