"""The call language: how a tool call is written into a text, found in it, and taken out.

Pure text: no tokens, no tools, no model.

A call is ` [Name(arguments)]`, with its output ` [Name(arguments) -> output]`. What starts one,
` [Name(`, is its *lead*. Neither arguments nor an output may hold a newline or another lead. So
a lead that dangles in a text can never swallow a call that is put in after it, which is what makes
`strip` the exact inverse of `render` on *any* text without calls; and what follows a lead is looked
at up to the next one only, which is what makes reading linear in the text.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from toolformer.errors import CallError

_NAME = re.compile(r"[^\s()\[\]]+")
_LINE_END = re.compile(r"[\n\r]")
_PARENTHESES = re.compile(r"([(])|([)])|[\n\r]")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """Run this tool on this."""

    tool: str
    arguments: str  # the text between the brackets


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


class _Span(NamedTuple):
    """Where a call lies in a text that holds it."""

    start: int
    call: ToolCall
    output_start: int | None  # where the arrow begins
    output: str | None
    end: int


@dataclass(frozen=True, slots=True)
class CallGrammar:
    """The three markers, and everything that is written or read with them.

    >>> grammar = CallGrammar()
    >>> grammar.format(ToolCall("Calculator", "400 / 1400"), "0.29")
    ' [Calculator(400 / 1400) -> 0.29]'
    >>> annotated = grammar.render("So 5 is it.", [PlacedCall(2, ToolCall("Calculator", "2 + 3"))])
    >>> annotated
    'So [Calculator(2 + 3)] 5 is it.'
    >>> grammar.strip(annotated)
    'So 5 is it.'
    """

    open: str = " ["
    arrow: str = " ->"
    close: str = "]"

    def __post_init__(self) -> None:
        """Refuses markers with which reading could not be the inverse of writing."""
        markers = {"open": self.open, "arrow": self.arrow, "close": self.close}
        for field, marker in markers.items():
            if not marker.strip() or "\n" in marker or "\r" in marker:
                raise CallError(f"The {field} marker {marker!r} is blank or holds a newline.")
        if set("()") & set(self.open) or not re.search(r"[\s\[\]]", self.open):
            raise CallError(
                f"The open marker {self.open!r} could be part of a tool's name or arguments: give "
                "it white space or a square bracket, and no parenthesis."
            )
        if any(self.close.endswith(self.open[:n]) for n in range(1, len(self.open) + 1)):
            raise CallError(
                f"The close marker {self.close!r} ends as the open marker {self.open!r} begins."
            )
        if self.arrow.startswith(self.close) or self.close.startswith(self.arrow):
            raise CallError(f"The markers {self.arrow!r} and {self.close!r} begin alike.")

    @property
    def _lead(self) -> re.Pattern[str]:
        return _lead_pattern(self.open)

    @property
    def _brackets(self) -> re.Pattern[str]:
        return _bracket_pattern(self.open.strip(), self.close)

    def lead(self, tool: str) -> str:
        """Returns what a call of this tool starts with, up to its arguments."""
        return f"{self.open}{tool}("

    def format(self, call: ToolCall, output: str | None = None) -> str:
        """Returns a call, with its output when there is one, as it stands in a text."""
        tail = self.close if output is None else f"{self.arrow} {output}{self.close}"
        return f"{self.lead(call.tool)}{call.arguments}){tail}"

    def holds_lead(self, text: str) -> bool:
        """Says whether a call starts in a text, whether or not it can be read."""
        return self._lead.search(text) is not None

    def end_of_arguments(self, text: str) -> tuple[int, bool] | None:
        """Returns where arguments that are being written end and whether they close there.

        They end unclosed with their line, and with a lead: no call holds another. None: they may
        still go on.

        >>> CallGrammar().end_of_arguments("2 * (3 + 4)) and on")
        (11, True)
        >>> CallGrammar().end_of_arguments("one of [Database(a)")
        (17, False)
        """
        close = closing_parenthesis(text)
        lead = self._lead.search(text)
        if close is not None and (lead is None or close < lead.start()):
            return close, True
        line = _LINE_END.search(text)
        ends = [lead.end()] if lead is not None else []
        ends += [line.start()] if line is not None else []
        return (min(ends), False) if ends else None

    def is_readable(self, call: ToolCall) -> bool:
        """Says whether a call's name and arguments can be written and read back."""
        return (
            _NAME.fullmatch(call.tool) is not None
            and closing_parenthesis(call.arguments + ")") == len(call.arguments)
            and not self.holds_lead(call.arguments)
        )

    def is_renderable_output(self, output: str) -> bool:
        """Says whether an output can be written and read back.

        >>> CallGrammar().is_renderable_output('{"a": [1]}')
        True
        >>> CallGrammar().is_renderable_output("a]")
        False
        """
        return (
            output != ""
            and _closing(self._brackets, output + self.close, 0) == len(output)
            and not self.holds_lead(" " + output)
        )

    def render(self, text: str, placed: Sequence[PlacedCall]) -> str:
        """Writes calls into a text; those at one position stand in the order given.

        Raises:
            CallError: the text already holds a call, or a call cannot be read back.
        """
        return "".join(segment.text for segment in self.segments(text, placed))

    def segments(self, text: str, placed: Sequence[PlacedCall]) -> list[Segment]:
        """Writes calls into a text and tells its parts by origin; `read` finds the same parts."""
        for span in self._spans(text):
            raise CallError(
                f"The text already holds the call {text[span.start : span.end].strip()!r}; "
                "strip its calls before writing others into it."
            )
        segments: list[Segment] = []
        done = 0
        for each in sorted(placed, key=lambda each: each.position):
            self._check(each, text)
            if each.position > done:
                segments.append(Segment("text", text[done : each.position]))
                done = each.position
            whole = self.format(each.call, each.output)
            if each.output is None:
                segments.append(Segment("call", whole))
            else:
                arrow = len(whole) - len(f"{self.arrow} {each.output}{self.close}")
                segments.append(Segment("call", whole[:arrow]))
                segments.append(Segment("output", whole[arrow:]))
        if done < len(text):
            segments.append(Segment("text", text[done:]))
        return segments

    def read(self, text: str) -> list[Segment]:
        """Tells the parts of a text by origin; joined, they are the text.

        A call with an output is two segments, ` [Name(arguments)` and ` -> output]`; one without
        is a single segment with its close.
        """
        segments: list[Segment] = []
        done = 0
        for span in self._spans(text):
            if span.start > done:
                segments.append(Segment("text", text[done : span.start]))
            if span.output_start is None:
                segments.append(Segment("call", text[span.start : span.end]))
            else:
                segments.append(Segment("call", text[span.start : span.output_start]))
                segments.append(Segment("output", text[span.output_start : span.end]))
            done = span.end
        if done < len(text):
            segments.append(Segment("text", text[done:]))
        return segments

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

    def holds_call(self, text: str) -> bool:
        """Says whether a text holds a call."""
        return next(self._spans(text), None) is not None

    def pending(self, text: str) -> ToolCall | None:
        """Returns the call at the end of a text whose output is to come next.

        >>> CallGrammar().pending("That is [Calculator(2 * (3 + 4))")
        ToolCall(tool='Calculator', arguments='2 * (3 + 4)')
        >>> CallGrammar().pending("That is [Calculator(2 * (3 + 4)") is None
        True
        """
        line = max(text.rfind("\n"), text.rfind("\r")) + 1
        last = deque(self._lead.finditer(text, line), maxlen=1)  # a call holds no other lead
        lead = last.pop() if last else None
        if lead is None or closing_parenthesis(text, lead.end()) != len(text) - 1:
            return None
        return ToolCall(lead[1], text[lead.end() : -1])

    def _check(self, placed: PlacedCall, text: str) -> None:
        """Raises when a call could not be read back from its place."""
        if not 0 <= placed.position <= len(text):
            raise CallError(
                f"Position {placed.position} lies outside the text of {len(text)} characters."
            )
        if not self.is_readable(placed.call):
            raise CallError(
                f"The call {self.format(placed.call).strip()!r} could not be read back: a name has "
                "no white space and no brackets, arguments are one line with balanced "
                f"parentheses and no {self.lead('Name').strip()!r} in them."
            )
        if placed.output is not None and not self.is_renderable_output(placed.output):
            raise CallError(
                f"The output {placed.output!r} of {placed.call.tool} could not be read back: an "
                "output is one line, not empty, with balanced square brackets and no "
                f"{self.lead('Name').strip()!r} in it."
            )

    def _spans(self, text: str) -> Iterator[_Span]:
        """Yields the calls of a text from left to right, looking at each character O(1) times."""
        leads = self._lead.finditer(text)
        lead = next(leads, None)
        while lead is not None:
            following = next(leads, None)
            span = self._span(text, lead, len(text) if following is None else following.start())
            if span is not None:
                yield span
            lead = following

    def _span(self, text: str, lead: re.Match[str], limit: int) -> _Span | None:
        """Returns the call that starts with a lead and ends before `limit`."""
        parenthesis = _closing(_PARENTHESES, text, lead.end(), limit)
        if parenthesis is None:
            return None
        call = ToolCall(lead[1], text[lead.end() : parenthesis])
        after = parenthesis + 1
        if text.startswith(self.close, after, limit):
            return _Span(lead.start(), call, None, None, after + len(self.close))
        if not text.startswith(self.arrow + " ", after, limit):
            return None
        start = after + len(self.arrow) + 1
        end = _closing(self._brackets, text, start, limit)
        if end is None or end == start:
            return None
        return _Span(lead.start(), call, after, text[start:end], end + len(self.close))


def closing_parenthesis(text: str, start: int = 0) -> int | None:
    """Returns where the parenthesis that is open at `start` closes on its line.

    >>> closing_parenthesis("2 * (3 + 4)) and on")
    11
    >>> closing_parenthesis("2 * (3 + 4)") is None
    True
    """
    return _closing(_PARENTHESES, text, start)


def _closing(token: re.Pattern[str], text: str, start: int, limit: int | None = None) -> int | None:
    """Returns where the bracket that is open at `start` closes.

    `token` matches what opens as its first group, what closes as its second, and a newline.
    """
    depth = 1
    for match in token.finditer(text, start, len(text) if limit is None else limit):
        if match.lastindex is None:
            return None
        depth += 1 if match.lastindex == 1 else -1
        if depth == 0:
            return match.start()
    return None


@lru_cache
def _lead_pattern(opening: str) -> re.Pattern[str]:
    # Possessive: a long run of name characters is looked at once. No name holds a whole open
    # marker (it has a character no name may have), so leads do not overlap.
    return re.compile(rf"{re.escape(opening)}([^\s()\[\]]++)\(")


@lru_cache
def _bracket_pattern(opening: str, closing: str) -> re.Pattern[str]:
    return re.compile(rf"({re.escape(opening)})|({re.escape(closing)})|[\n\r]")
