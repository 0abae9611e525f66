"""The paper's calls: ` [Name(arguments)]`, with its output ` [Name(arguments) -> output]`.

Arguments and outputs are one line each; brackets in them balance, and quotes mean nothing.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import ClassVar

from toolformer.calls.base import CallGrammar, is_tool_name
from toolformer.calls.pieces import ArgumentsEnd, CallPieces, Span, ToolCall
from toolformer.errors import CallError

_LINE_END = re.compile(r"[\n\r]")
_PARENTHESES = re.compile(r"([(])|([)])|[\n\r]")


@dataclass(frozen=True, slots=True)
class InlineGrammar(CallGrammar):
    """The three markers of the paper's calls.

    >>> from toolformer.calls import PlacedCall
    >>> grammar = InlineGrammar()
    >>> grammar.format(ToolCall("Calculator", "400 / 1400"), "0.29")
    ' [Calculator(400 / 1400) -> 0.29]'
    >>> annotated = grammar.render("So 5 is it.", [PlacedCall(2, ToolCall("Calculator", "2 + 3"))])
    >>> annotated
    'So [Calculator(2 + 3)] 5 is it.'
    >>> grammar.strip(annotated)
    'So 5 is it.'
    """

    end_signs: ClassVar[str] = "()\n\r"  # close the arguments, end a lead, or end a line

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
    def lead_pattern(self) -> re.Pattern[str]:
        """Matches a lead; its group is the name."""
        return _lead_pattern(self.open)

    @property
    def call_rule(self) -> str:
        """The conditions under which a call can be read back."""
        return (
            "a name has no white space and no brackets, arguments are one line with balanced "
            f"parentheses and no {self.lead('Name').strip()!r} in them"
        )

    @property
    def output_rule(self) -> str:
        """The conditions under which an output can be read back."""
        return (
            "an output is one line, not empty, with balanced square brackets and no "
            f"{self.lead('Name').strip()!r} in it"
        )

    def lead(self, tool: str) -> str:
        """Returns ` [Name(`."""
        return f"{self.open}{tool}("

    def tool_of(self, lead: str) -> str:
        """Returns the tool that a lead names.

        >>> InlineGrammar().tool_of(" [Calculator(")
        'Calculator'
        """
        return lead.removeprefix(self.open).removesuffix("(")

    def opens_call(self, text: str) -> bool:
        """Returns whether a text is the open marker and after it what can begin a name."""
        name = text.removeprefix(self.open)
        return name != text and is_tool_name(f"{name}a")

    def pieces(self, call: ToolCall, output: str | None = None) -> CallPieces:
        """Returns ` [Name(`, `arguments)`, ` ->`, ` output` and `]`."""
        return CallPieces(
            lead=self.lead(call.tool),
            arguments=f"{call.arguments})",
            arrow="" if output is None else self.arrow,
            output="" if output is None else f" {output}",
            close=self.close,
        )

    def end_of_arguments(self, text: str) -> ArgumentsEnd | None:
        """Returns where arguments that are being written end; None where they may continue.

        They end unclosed with their line, and with a lead: no call holds another.

        >>> InlineGrammar().end_of_arguments("2 * (3 + 4)) and on")
        ArgumentsEnd(arguments='2 * (3 + 4)', stop=12, problem='')
        >>> InlineGrammar().end_of_arguments("one of [Database(a").problem
        'Another call starts inside the call.'
        """
        close = _closing(_PARENTHESES, text, 0)
        lead = self.lead_pattern.search(text)
        if close is not None and (lead is None or close < lead.start()):
            return ArgumentsEnd(text[:close], close + 1)
        line = _LINE_END.search(text)
        ends = [lead.end()] if lead is not None else []
        ends += [line.start()] if line is not None else []
        if not ends:
            return None
        problem = "Another call starts inside the call."
        if close is None and line is not None:
            problem = "The call does not close on its line."
        stop = len(text) if close is None else close + 1
        return ArgumentsEnd(text[: min(ends)], stop, problem)

    def is_readable(self, call: ToolCall) -> bool:
        """Returns whether a call's name and arguments can be written and read back."""
        return (
            is_tool_name(call.tool)
            and _closing(_PARENTHESES, f"{call.arguments})", 0) == len(call.arguments)
            and not self.holds_lead(call.arguments)
        )

    def is_renderable_output(self, output: str) -> bool:
        """Returns whether an output can be written and read back.

        >>> InlineGrammar().is_renderable_output('{"a": [1]}')
        True
        >>> InlineGrammar().is_renderable_output("a]")
        False
        """
        return (
            output != ""
            and _closing(self._brackets, output + self.close, 0) == len(output)
            and not self.holds_lead(f" {output}{self.close}(")  # the text may continue with "("
        )

    def span(self, text: str, lead: re.Match[str], limit: int) -> Span | None:
        """Returns the call that starts with a lead and ends before `limit`."""
        parenthesis = _closing(_PARENTHESES, text, lead.end(), limit)
        if parenthesis is None:
            return None
        call = ToolCall(lead[1], text[lead.end() : parenthesis])
        after = parenthesis + 1
        if text.startswith(self.close, after, limit):
            return Span(lead.start(), call, None, None, after + len(self.close))
        if not text.startswith(self.arrow + " ", after, limit):
            return None
        start = after + len(self.arrow) + 1
        end = _closing(self._brackets, text, start, limit)
        if end is None or end == start:
            return None
        return Span(lead.start(), call, after, text[start:end], end + len(self.close))

    def spell(self, arguments: str, read: Callable[[str], Mapping[str, object]]) -> str:  # noqa: ARG002
        """Returns the arguments as the tool's author wrote them."""
        return arguments

    def to_dict(self) -> dict[str, str]:
        """Returns the markers; without a kind, as they were before there were others."""
        return asdict(self)

    @property
    def _brackets(self) -> re.Pattern[str]:
        return _bracket_pattern(self.open.strip(), self.close)


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
