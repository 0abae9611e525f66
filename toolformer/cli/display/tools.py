"""Tools, as `toolformer tools` shows them."""

import json
import re
from collections.abc import Sequence

from toolformer.calls import PlacedCall, ToolCall
from toolformer.tools.base import Tool
from toolformer.tools.exemplar import NOTATION
from toolformer.tools.parameters.choices import listed, reads_text
from toolformer.tools.parameters.signature import Parameter

_MOST_VALUES = 12  # of a parameter, shown


def tool_row(tool: Tool) -> dict[str, str]:
    """Returns what a list of tools has of one."""
    return {"tool": tool.spec, "signature": tool.signature, "description": tool.description}


def tool_json(tool: Tool) -> dict[str, object]:
    """Returns everything that is known of a tool."""
    return {
        "tool": tool.spec,
        **tool.json_schema(),
        "min_prob": tool.min_prob,
        "gain_threshold": tool.gain_threshold,
        "max_positions": tool.max_positions,
        "samples": tool.samples,
        "pure": tool.pure,
        "context": list(tool.context),
        "exemplars": exemplar_lines(tool),
    }


def exemplar_lines(tool: Tool) -> list[str]:
    """Returns a tool's exemplars as they are written in a docstring."""
    return [
        NOTATION.render(
            one.before + one.after,
            [PlacedCall(len(one.before), ToolCall(tool.name, one.arguments))],
        )
        for one in tool.exemplars
    ]


def describe(tools: Sequence[Tool]) -> str:
    """Returns what there is to say of some tools."""
    return "\n\n".join(map(_described, tools))


def _described(tool: Tool) -> str:
    lines = [
        tool.signature,
        f"  {tool.description}",
        "",
        *(f"  {_parameter(each)}" for each in tool.parameters),
        "",
        f"  min-prob τs {tool.min_prob:g}   threshold τf {tool.gain_threshold:g}   "
        f"max-positions k {tool.max_positions}   samples m {tool.samples}",
    ]
    if tool.context:
        lines.append(f"  knows of a text: {', '.join(tool.context)}")
    lines.append(f"  runs in {'a process of its own' if tool.isolated else 'this process'}")
    if tool.exemplars:
        lines += ["", "Exemplars", *(f"  {line}" for line in exemplar_lines(tool))]
    return "\n".join(lines)


def _parameter(parameter: Parameter) -> str:
    said = [_kind(parameter)]
    if not parameter.required:
        default = "" if parameter.omitted else f", else {json_or_str(parameter.default)}"
        said.append(f"may be left out{default}")
    said = [each for each in said if each]
    about = f" ({'; '.join(said)})" if said else ""
    return f"{parameter.name}{about}: {parameter.description or 'no description'}"


def _kind(parameter: Parameter) -> str:
    """Returns which values a parameter has."""
    values = parameter.values
    if isinstance(values, re.Pattern):
        return "text of a form"
    if reads_text(values):
        return "what the text in front of the call allows"
    if callable(values):
        return "one of those that the tool has"
    choices = listed(parameter.type) if values is None else tuple(values)
    if choices is not None:
        shown = [json_or_str(each) for each in choices[:_MOST_VALUES]]
        return " | ".join([*shown, "…"] if len(choices) > _MOST_VALUES else shown)
    schema = parameter.json_schema()
    stated = schema.get("type") or " | ".join(
        str(each.get("type", "any")) for each in _alternatives(schema)
    )
    return str(stated)


def _alternatives(schema: dict[str, object]) -> list[dict[str, object]]:
    found = schema.get("anyOf", [])
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def json_or_str(value: object) -> str:
    """Returns how a value is written in a call's object; of what JSON does not have, its text.

    >>> json_or_str("km"), json_or_str(True), json_or_str(1 + 2j)
    ('"km"', 'true', '(1+2j)')
    """
    try:
        return json.dumps(value, ensure_ascii=False)
    except TypeError:
        return str(value)
