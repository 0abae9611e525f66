"""The calls of Hermes and Qwen chat templates: a JSON object in `<tool_call>` tags.

    <tool_call>
    {"name": "Calculator", "arguments": {"expression": "400 / 1400"}}
    </tool_call>
    <tool_response>
    0.29
    </tool_response>

They are written into a text like any call, without the turns of a chat. A call's arguments are the
text of a JSON object, on one line or on several; whether it is valid is for the tool to say.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from toolformer.calls.base import CallGrammar, is_tool_name
from toolformer.calls.pieces import ArgumentsEnd, CallPieces, Span, ToolCall

_OPEN = "<tool_call>"
_NAME = '\n{"name": '
_ARGUMENTS = ', "arguments":'  # their space belongs to what follows, as tokenizers have it
_OBJECT = " {"
_CLOSE = "}\n</tool_call>"
_ARROW = "\n<tool_response>\n"
_OUTPUT_CLOSE = "\n</tool_response>"

# Possessive: a long run of name characters is looked at once. No name holds the newline of a lead,
# so leads do not overlap.
_LEAD = re.compile(
    rf'{re.escape(_OPEN + _NAME)}("(?:[^\s()\[\]"\\]|\\[^\s()\[\]])++"){re.escape(_ARGUMENTS)}'
)
_JSON = re.compile(r'([{\[])|([}\]])|"(?:[^"\\\n\r]|\\.)*+"|(")')  # the last: a string left open


@dataclass(frozen=True, slots=True)
class HermesGrammar(CallGrammar):
    """A call is a JSON object with a name and arguments.

    >>> grammar = HermesGrammar()
    >>> print(grammar.format(ToolCall("Calculator", '{"expression": "400 / 1400"}')))
    <tool_call>
    {"name": "Calculator", "arguments": {"expression": "400 / 1400"}}
    </tool_call>
    """

    open: ClassVar[str] = _OPEN  # one token for models that were trained on it
    lead_pattern: ClassVar[re.Pattern[str]] = _LEAD  # its group is the name as JSON
    end_signs: ClassVar[str] = "]}>:"  # end an object, a tag or a lead
    call_rule: ClassVar[str] = (
        "a name has no white space and no brackets, arguments are the text of one JSON object "
        f"and have no {_OPEN!r} of another call in them"
    )
    output_rule: ClassVar[str] = (
        f"an output is not empty and has no {_OUTPUT_CLOSE!r} and no call in it"
    )

    def lead(self, tool: str) -> str:
        """Returns the tag and the object up to its arguments."""
        return f"{_OPEN}{_NAME}{_spelled(tool)}{_ARGUMENTS}"

    def tool_of(self, lead: str) -> str:
        """Returns the tool that a lead names.

        >>> HermesGrammar().tool_of(HermesGrammar().lead("Calculator"))
        'Calculator'
        """
        return str(json.loads(lead.removeprefix(_OPEN + _NAME).removesuffix(_ARGUMENTS)))

    def opens_call(self, text: str) -> bool:
        """Returns whether a text is the opening tag and after it what can still become a lead."""
        begins, rest = _NAME + '"', text.removeprefix(_OPEN)
        name = rest.removeprefix(begins)
        return rest != text and (begins.startswith(rest) or (name != rest and is_tool_name(name)))

    def pieces(self, call: ToolCall, output: str | None = None) -> CallPieces:
        """Returns the pieces of a call; without an output, its own tag closes all of it."""
        return CallPieces(
            lead=self.lead(call.tool),
            arguments=f" {call.arguments}{_CLOSE}",
            arrow="" if output is None else _ARROW,
            output="" if output is None else output,
            close="" if output is None else _OUTPUT_CLOSE,
        )

    def end_of_arguments(self, text: str) -> ArgumentsEnd | None:
        r"""Returns where arguments that are being written end; None where they may continue.

        >>> HermesGrammar().end_of_arguments(' {"a": "}"}}\n</tool_call> and on')
        ArgumentsEnd(arguments='{"a": "}"}', stop=25, problem='')
        >>> HermesGrammar().end_of_arguments(" 400 / 1400").problem
        'The arguments are not a JSON object.'
        """
        if not text.startswith(_OBJECT):
            if _OBJECT.startswith(text):
                return None
            return ArgumentsEnd("", len(text), problem="The arguments are not a JSON object.")
        end = _object_end(text, 1, len(text))
        lead = _LEAD.search(text)
        if lead is not None and (end is None or lead.start() < end):
            problem = "Another call starts inside the call."
            return ArgumentsEnd(text[: lead.end()], len(text), problem=problem)
        if end is None or (text[end:] != _CLOSE and _CLOSE.startswith(text[end:])):
            return None
        if text.startswith(_CLOSE, end):
            return ArgumentsEnd(text[1:end], end + len(_CLOSE))
        problem = "The call does not close after its arguments."
        return ArgumentsEnd(text[:end], len(text), problem=problem)

    def is_readable(self, call: ToolCall) -> bool:
        """Returns whether a call's name and arguments can be written and read back."""
        arguments = call.arguments
        return (
            is_tool_name(call.tool)
            and arguments.startswith("{")
            and _object_end(arguments, 0, len(arguments)) == len(arguments)
            and not self.holds_lead(arguments)
        )

    def is_renderable_output(self, output: str) -> bool:
        r"""Returns whether an output can be written and read back.

        >>> HermesGrammar().is_renderable_output("two\nlines")
        True
        """
        return (
            output != ""
            and (output + _OUTPUT_CLOSE).find(_OUTPUT_CLOSE) == len(output)
            and not self.holds_lead(output)
        )

    def span(self, text: str, lead: re.Match[str], limit: int) -> Span | None:
        """Returns the call that starts with a lead and ends before `limit`."""
        name = _name(lead[1])
        if name is None or not text.startswith(_OBJECT, lead.end(), limit):
            return None
        end = _object_end(text, lead.end() + 1, limit)
        if end is None or not text.startswith(_CLOSE, end, limit):
            return None
        call, after = ToolCall(name, text[lead.end() + 1 : end]), end + len(_CLOSE)
        if text.startswith(_ARROW, after, limit):
            start = after + len(_ARROW)
            close = text.find(_OUTPUT_CLOSE, start, limit)
            if close > start:
                output = text[start:close]
                return Span(lead.start(), call, after, output, close + len(_OUTPUT_CLOSE))
        return Span(lead.start(), call, None, None, after)

    def spell(self, arguments: str, read: Callable[[str], Mapping[str, object]]) -> str:
        """Returns the values of the arguments as a JSON object.

        >>> HermesGrammar().spell("400 / 1400", lambda text: {"expression": text})
        '{"expression": "400 / 1400"}'
        """
        return json.dumps(dict(read(arguments)), ensure_ascii=False, default=str)

    def to_dict(self) -> dict[str, str]:
        """Returns the kind: nothing about it can be chosen."""
        return {"kind": "hermes"}


def _spelled(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _name(spelled: str) -> str | None:
    """Returns the name that is spelled as JSON; None where it would be spelled differently."""
    try:
        name = json.loads(spelled)
    except ValueError:
        return None
    return name if _spelled(name) == spelled and is_tool_name(name) else None


def _object_end(text: str, start: int, limit: int) -> int | None:
    r"""Returns where the object or list that opens at `start` ends; None where it does not.

    >>> _object_end('{"a": "}"} b', 0, 12)
    10
    """
    depth = 0
    for match in _JSON.finditer(text, start, limit):
        if match.lastindex is None:
            continue
        if match.lastindex == 3:
            return None
        depth += 1 if match.lastindex == 1 else -1
        if depth == 0:
            return match.end()
    return None
