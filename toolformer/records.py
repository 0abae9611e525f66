"""Records of a document and the calls proposed for it; `runs/shards/` writes them to disk.

Positions are character offsets into the document's text, losses and gains are nats.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from toolformer.calls import PlacedCall, ToolCall

_FLOAT32 = struct.Struct("<f")


class Verdict(StrEnum):
    """The fate of a candidate."""

    KEPT = "kept"
    LOW_GAIN = "low_gain"  # its result does not make the text likely enough
    UNHELPFUL = "unhelpful"  # its result is used, and the text is likelier without the call
    OUTBID = "outbid"  # a better call is at its place, or too near
    PEEKS = "peeks"  # its arguments give away what follows
    TRIVIAL = "trivial"  # its output is its argument, or stands in front of it already
    UNREADABLE = "unreadable"  # what was sampled is not a call
    TOOL_ERROR = "tool_error"  # the tool refused it, or failed
    UNAVAILABLE = "unavailable"  # what the tool relies on could not be reached: tried again
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
        if self.with_output is not None:
            object.__setattr__(self, "with_output", to_float32(self.with_output))
        if self.no_output is not None:
            object.__setattr__(self, "no_output", to_float32(self.no_output))

    @property
    def used(self) -> float | None:
        """L(e(c, ε)) − L(e(c, r)): what the output adds to the call; None unless both are known."""
        if self.with_output is None or self.no_output is None:
            return None
        return to_float32(self.no_output - self.with_output)

    @property
    def help(self) -> float | None:
        """L(ε) − L(e(c, r)): what call and output add to the text; None unless it was scored."""
        return None if self.with_output is None else to_float32(self.no_call - self.with_output)

    @property
    def gain(self) -> float | None:
        """min(L(ε), L(e(c, ε))) − L(e(c, r)), of `used` and `help` the less; None as for them.

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
        """An upper bound of the gain, given what was scored."""
        gain = self.gain
        if gain is not None:
            return gain
        return to_float32(self.no_call - (0.0 if self.with_output is None else self.with_output))


@dataclass(frozen=True, slots=True)
class Placebo:
    """Another call's output in the place of a call's own: what the filter must not let pass."""

    output: str
    # L(e(c, r')), nats, float32; None where the call cannot help enough with its own output either.
    with_output: float | None = None

    def __post_init__(self) -> None:
        """Rounds the loss to float32, as it is stored."""
        if self.with_output is not None:
            object.__setattr__(self, "with_output", to_float32(self.with_output))

    def beside(self, losses: Losses) -> Losses:
        """Returns the losses of its call as they are with its output in place of the call's own.

        >>> Placebo("17", with_output=3.0).beside(Losses(2.0, 0.5, 2.5)).used
        -0.5
        """
        return Losses(losses.no_call, self.with_output, losses.no_output)


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
    # log p(open | demonstrations) − log p(open | nothing), nats, float32; None in the paper's way.
    start_gain: float | None = None
    placebo: Placebo | None = None  # None: none was drawn

    def __post_init__(self) -> None:
        """Rounds to float32, as it is stored."""
        object.__setattr__(self, "start_prob", to_float32(self.start_prob))
        if self.start_gain is not None:
            object.__setattr__(self, "start_gain", to_float32(self.start_gain))

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
class UntriedPlace:
    """A place where no call was asked for, since it scored too low, or others scored better."""

    position: int
    tool: str
    start_prob: float  # p(open marker) at the position, float32
    # log p(open | demonstrations) − log p(open | nothing), nats, float32; None in the paper's way.
    start_gain: float | None = None

    def __post_init__(self) -> None:
        """Rounds to float32, as it is stored."""
        object.__setattr__(self, "start_prob", to_float32(self.start_prob))
        if self.start_gain is not None:
            object.__setattr__(self, "start_gain", to_float32(self.start_gain))


@dataclass(frozen=True, slots=True)
class AnnotatedDocument:
    """A document and every call that was proposed for it, kept or not."""

    document: Document
    tried: tuple[str, ...]  # names of the tools that suited it
    skipped: str | None = None  # why it was not annotated
    candidates: tuple[Candidate, ...] = ()
    untried: tuple[UntriedPlace, ...] = ()  # of each tool the best, as many as were tried at most

    @property
    def kept(self) -> tuple[PlacedCall, ...]:
        """The calls whose verdict is kept, by position."""
        kept = (each.placed for each in self.candidates if each.verdict is Verdict.KEPT)
        return tuple(sorted(kept, key=lambda each: each.position))


def to_float32(value: float) -> float:
    """Rounds to the nearest number a float32 holds.

    >>> to_float32(0.1)
    0.10000000149011612
    """
    rounded: float = _FLOAT32.unpack(_FLOAT32.pack(value))[0]
    return rounded
