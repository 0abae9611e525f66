"""A conversation of OpenAI's as a prompt: calls stand in the assistant's text, as the model writes.

What an assistant said, called and was told until the user speaks again is one message: the model's
answer, of which the next part is asked for.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from toolformer.calls import CallGrammar, ToolCall
from toolformer.errors import ToolError, clipped
from toolformer.lm.chat import Message
from toolformer.serve.interface.bodies import CallRow, ChatMessage
from toolformer.serve.interface.refusals import RefusedError
from toolformer.tools.base import Tool
from toolformer.tools.output import fold
from toolformer.tools.parameters.by_name import written_call

_ROLES: Mapping[str, Literal["system", "user"]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
}
_NOTHING = "(nothing)"  # a call is written with an output


@dataclass(frozen=True, slots=True)
class Conversation:
    """Whole messages, and the beginning of the answer to them."""

    messages: tuple[Message, ...]
    begun: str


def read_conversation(
    messages: Sequence[ChatMessage], tools: Mapping[str, Tool], grammar: CallGrammar
) -> Conversation:
    """Reads messages; an answer that has begun is continued.

    Args:
        messages: at least one.
        tools: those that calls name.
        grammar: how calls are written.

    Raises:
        RefusedError: the messages do not fit together.
    """
    done: list[Message] = []
    said: list[str] = []  # by the assistant, since another spoke
    open_calls: dict[str, ToolCall] = {}
    for number, each in enumerate(messages):
        where = f"messages.{number}"
        if each.role == "tool":
            call = open_calls.pop(each.tool_call_id or "", None)
            if call is None:
                raise RefusedError(
                    f"A tool message answers no call: {clipped(repr(each.tool_call_id))}.",
                    param=f"{where}.tool_call_id",
                )
            said.append(grammar.format(call, _output(each.text, grammar, where=where)))
            continue
        if open_calls:
            raise RefusedError(
                f"The call {clipped(next(iter(open_calls)))!r} has no tool message.", param=where
            )
        if each.role == "assistant":
            said.append(each.text)
            for row in each.tool_calls or ():
                open_calls[row.id] = _call(row, tools, grammar, where=where)
            continue
        if said:
            done.append(Message("assistant", "".join(said)))
            said.clear()
        done.append(Message(_ROLES[each.role], each.text))
    if open_calls:
        raise RefusedError(
            f"The call {clipped(next(iter(open_calls)))!r} has no tool message.", param="messages"
        )
    return Conversation(tuple(done), "".join(said))


def _call(row: CallRow, tools: Mapping[str, Tool], grammar: CallGrammar, *, where: str) -> ToolCall:
    """Returns a call as the model would have written it."""
    name = row.function.name
    try:
        named = json.loads(row.function.arguments or "{}")
        if not isinstance(named, dict):
            raise ValueError("they are not an object")
        if name in tools:
            return written_call(tools[name], named, grammar)
        text = json.dumps(named, ensure_ascii=False)
        call = ToolCall(name, grammar.spell(text, lambda _text: named))
        if not grammar.is_readable(call):
            raise ValueError("they cannot be written")
        return call
    except (ValueError, ToolError) as error:
        raise RefusedError(
            f"The arguments of the call {clipped(row.id)!r} cannot be used: {error}",
            param=f"{where}.tool_calls",
        ) from None


def _output(text: str, grammar: CallGrammar, *, where: str) -> str:
    """Returns an output as a call can hold it: one line, its brackets round where they do not fit.

    Raises:
        RefusedError: a call cannot hold it.
    """
    output = fold(text) or _NOTHING
    fitted = grammar.fitted_output(output)
    if fitted is None:
        raise RefusedError(
            f"The output {clipped(output)!r} cannot be told to the model.", param=f"{where}.content"
        )
    return fitted
