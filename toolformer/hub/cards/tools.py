"""The tools of a run or a model, as its card shows them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolformer.errors import ToolformerError
from toolformer.hub.cards.markdown import block, code, escaped
from toolformer.tools.base import Tool
from toolformer.tools.registry import Tools, as_tools, load_tools
from toolformer.tools.trust import is_harmless


@dataclass(frozen=True, slots=True)
class NamedTool:
    """A tool as a manifest or a sidecar names it."""

    name: str
    spec: str  # what loads it again


def tools_section(named: Sequence[NamedTool], given: Tools | None) -> str:
    """Returns a section with the schema of every tool that can be made without opening anything.

    Args:
        named: the tools.
        given: those that the caller has made, or names.
    """
    made = _made(named, given)
    parts = ["## Tools"]
    for each in named:
        parts.append(f"### {escaped(each.name)}")
        parts.append(f"Named {code(each.spec)}." if each.spec else "Made in a Python program.")
        schema = made.get(each.name)
        if schema is None:
            parts.append("Its parameters are known to whoever has it.")
        else:
            parts.append(block(json.dumps(schema, indent=2, ensure_ascii=False), "json"))
    return "\n\n".join(parts)


def _made(named: Sequence[NamedTool], given: Tools | None) -> dict[str, Mapping[str, Any]]:
    """Returns the schemas of tools by name, of those that can be made."""
    tools: dict[str, Tool] = {
        tool.name: tool for tool in ([] if given is None else as_tools(given))
    }
    for each in named:
        if each.name in tools or not each.spec:
            continue
        try:
            if is_harmless(each.spec):
                tools |= {tool.name: tool for tool in load_tools(each.spec)}
        except ToolformerError:
            continue  # it is not there on this machine
    return {name: _as_json(tool) for name, tool in tools.items()}


def _as_json(tool: Tool) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = json.loads(json.dumps(tool.json_schema(), default=str))
    return schema
