"""Annotated texts as conversations: a user begins a text, an assistant continues and calls tools.

In the shape of TRL's tool-calling datasets: arguments are objects, and the tools stand in a column
of their own. OpenAI's interface has the arguments as a text, and numbers the calls.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from toolformer.calls import PlacedCall
from toolformer.records import AnnotatedDocument
from toolformer.tools.base import Tool
from toolformer.tools.parameters.by_name import named_arguments

INSTRUCTION = "Continue the text. Call a tool wherever what it says helps."
Message = dict[str, Any]


def messages_of(
    annotated: AnnotatedDocument,
    tools: Mapping[str, Tool],
    *,
    instruction: str = INSTRUCTION,
    as_text: bool = False,
) -> list[Message]:
    """Returns a text as a conversation.

    What stands in front of the first call is the user's; every call is a message of the
    assistant's, and its output one of the tool's.

    Args:
        annotated: the text with its calls.
        tools: by name; those that it calls are needed.
        instruction: what the user says in front of the text.
        as_text: whether arguments are texts and calls are numbered, as in OpenAI's interface.

    Raises:
        ToolError: a call does not fit its tool.
    """
    text, calls = annotated.document.text, annotated.kept
    begun = text[: calls[0].position] if calls else ""
    messages: list[Message] = [{"role": "user", "content": f"{instruction}\n\n{begun}".rstrip()}]
    done = len(begun)
    for number, placed in enumerate(calls, start=1):
        written = arguments_of(placed, tools)
        call: Message = {
            "type": "function",
            "function": {
                "name": placed.call.tool,
                "arguments": json.dumps(written, ensure_ascii=False) if as_text else written,
            },
        }
        answered: Message = {"role": "tool", "content": placed.output or ""}
        if as_text:
            identity = f"call_{number}"
            call, answered = {"id": identity, **call}, {**answered, "tool_call_id": identity}
        else:
            answered["name"] = placed.call.tool
        said = text[done : placed.position]
        messages += [{"role": "assistant", "content": said, "tool_calls": [call]}, answered]
        done = placed.position
    messages.append({"role": "assistant", "content": text[done:]})
    return messages


def arguments_of(placed: PlacedCall, tools: Mapping[str, Tool]) -> dict[str, Any]:
    """Returns the arguments of a call by the names of its tool's parameters.

    Raises:
        ToolError: they do not fit.
    """
    return named_arguments(tools[placed.call.tool], placed.call.arguments)


def schemas_of(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """Returns the tools as chat templates and OpenAI's interface have them."""
    return [{"type": "function", "function": dict(tool.json_schema())} for tool in tools]
