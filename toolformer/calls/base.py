"""The common part of all call formats: nouns, protocol, and what follows from a call's shape.

Pure text: no tokens, no tools, no model. What begins a call, up to its arguments, is its *lead*.
Neither arguments nor an output may hold one. So a lead that dangles in a text can never swallow a
call that is put in after it, which is what makes `strip` the exact inverse of `render` on *any*
text without calls; and what follows a lead is looked at up to the next one only, which is what
makes reading linear in the text.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from toolformer.calls.pieces import ArgumentsEnd, CallPieces, Span, ToolCall
from toolformer.errors import CallError

_ROUND = str.maketrans("[]<>", "()()")
_NAME = re.compile(r"[^\s()\[\]]+")


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """A call and where it goes."""

    position: int  # character offset into the text without calls
    call: ToolCall
    output: str | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text by origin; joined, the segments are the text."""

    kind: Literal["text", "call", "output"]
    text: str


def is_tool_name(name: str) -> bool:
    """Returns whether a name can be written in every format: no white space and no brackets.

    >>> is_tool_name("Unit-Converter"), is_tool_name("Unit Converter")
    (True, False)
    """
    return _NAME.fullmatch(name) is not None


@runtime_checkable
class CallGrammar(Protocol):
    """How calls are written into a text, found in it, and taken out.

    A format inherits from this and says what a call looks like; what is done with calls follows.
    """

    __slots__ = ()

    # ---- What a format says

    @property
    def open(self) -> str:
        """The open marker: the start of every lead, by whose probability a place is judged."""

    @property
    def lead_pattern(self) -> re.Pattern[str]:
        """Matches a lead; no two matches overlap."""

    @property
    def end_signs(self) -> str:
        """Characters; arguments end only with a token that holds one of them."""

    @property
    def call_rule(self) -> str:
        """The conditions under which a call can be read back, for messages."""

    @property
    def output_rule(self) -> str:
        """The conditions under which an output can be read back, for messages."""

    def lead(self, tool: str) -> str:
        """Returns what a call of this tool starts with, up to its arguments."""

    def tool_of(self, lead: str) -> str:
        """Returns the tool that a lead names."""

    def opens_call(self, text: str) -> bool:
        """Returns whether a text is an open marker and after it what can still become a lead."""

    def pieces(self, call: ToolCall, output: str | None = None) -> CallPieces:
        """Returns the pieces of a call, with its output when there is one."""

    def end_of_arguments(self, text: str) -> ArgumentsEnd | None:
        """Returns where arguments that are being written end; None where they may continue.

        Args:
            text: what follows the lead.
        """

    def is_readable(self, call: ToolCall) -> bool:
        """Returns whether a call's name and arguments can be written and read back."""

    def is_renderable_output(self, output: str) -> bool:
        """Returns whether an output can be written and read back."""

    def span(self, text: str, lead: re.Match[str], limit: int) -> Span | None:
        """Returns the call that starts with a lead and ends before `limit`."""

    def spell(self, arguments: str, read: Callable[[str], Mapping[str, object]]) -> str:
        """Returns the arguments of an exemplar as this format writes them.

        Args:
            arguments: as a tool's author wrote them.
            read: returns the values that they give to the tool's parameters.
        """

    def to_dict(self) -> dict[str, str]:
        """Returns what `grammar_from_dict` reads back."""

    # ---- What follows from it

    def format(self, call: ToolCall, output: str | None = None) -> str:
        """Returns a call, with its output when there is one, as it is written in a text."""
        return "".join(self.pieces(call, output))

    def holds_lead(self, text: str) -> bool:
        """Returns whether a call starts in a text, whether or not it can be read."""
        return self.lead_pattern.search(text) is not None

    def holds_call(self, text: str) -> bool:
        """Returns whether a text holds a call."""
        return next(self._spans(text), None) is not None

    def render(self, text: str, placed: Sequence[PlacedCall]) -> str:
        """Writes calls into a text; those at one position keep the order given.

        Raises:
            CallError: the text already holds a call, or a call cannot be read back.
        """
        return "".join(segment.text for segment in self.segments(text, placed))

    def segments(self, text: str, placed: Sequence[PlacedCall]) -> list[Segment]:
        """Writes calls into a text and returns its parts by origin; `read` finds the same parts."""
        for span in self._spans(text):
            raise CallError(
                f"The text already holds the call {text[span.start : span.end].strip()!r}; "
                "strip its calls before writing others into it."
            )
        segments: list[Segment] = []
        done = 0
        for each in sorted(placed, key=lambda each: each.position):
            self._check(each, text)
            pieces = self.pieces(each.call, each.output)
            segments.append(Segment("text", text[done : each.position]))
            if each.output is None:
                segments.append(Segment("call", "".join(pieces)))
            else:
                segments += [Segment("call", pieces.asked), Segment("output", pieces.supplied)]
            done = each.position
        segments.append(Segment("text", text[done:]))
        return [segment for segment in segments if segment.text]

    def read(self, text: str) -> list[Segment]:
        """Returns the parts of a text by origin; joined, they are the text.

        A call with an output is two segments, ` [Name(arguments)` and ` -> output]`; one without
        is a single segment with its close.
        """
        segments: list[Segment] = []
        done = 0
        for span in self._spans(text):
            call_end = span.end if span.output_start is None else span.output_start
            segments += [
                Segment("text", text[done : span.start]),
                Segment("call", text[span.start : call_end]),
                Segment("output", text[call_end : span.end]),
            ]
            done = span.end
        segments.append(Segment("text", text[done:]))
        return [segment for segment in segments if segment.text]

    def calls(self, text: str) -> list[PlacedCall]:
        """Returns the calls of a text; their positions refer to the text without calls."""
        placed: list[PlacedCall] = []
        removed = 0
        for span in self._spans(text):
            placed.append(PlacedCall(span.start - removed, span.call, span.output))
            removed += span.end - span.start
        return placed

    def strip(self, text: str) -> str:
        """Takes the calls and their outputs out of a text."""
        return "".join(segment.text for segment in self.read(text) if segment.kind == "text")

    def fitted_output(self, output: str) -> str | None:
        """Returns an output that can be read back: as it is, or with other brackets.

        None where neither can; an output that is not the model's own is changed, not refused.
        """
        for fitted in (output, output.translate(_ROUND)):
            if self.is_renderable_output(fitted):
                return fitted
        return None

    def _check(self, placed: PlacedCall, text: str) -> None:
        """Raises when a call could not be read back from its place."""
        call, output, position = placed.call, placed.output, placed.position
        if not 0 <= position <= len(text):
            raise CallError(f"Position {position} lies outside the text of {len(text)} characters.")
        written = self.format(call).strip()
        if not self.is_readable(call):
            raise CallError(f"The call {written!r} could not be read back: {self.call_rule}.")
        if output is not None and not self.is_renderable_output(output):
            raise CallError(
                f"The output {output!r} of {call.tool} could not be read back: {self.output_rule}."
            )
        ends_open = output is None and not self.pieces(call).close
        if ends_open and text.startswith(self.pieces(call, "").arrow, position):
            raise CallError(
                f"The call {written!r} could not be read back: the text after it continues as "
                "its output would."
            )

    def _spans(self, text: str) -> Iterator[Span]:
        """Yields the calls of a text from left to right, looking at each character O(1) times."""
        leads = self.lead_pattern.finditer(text)
        lead = next(leads, None)
        while lead is not None:
            following = next(leads, None)
            span = self.span(text, lead, len(text) if following is None else following.start())
            if span is not None:
                yield span
            lead = following
