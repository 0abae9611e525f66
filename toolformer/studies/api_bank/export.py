"""Rows in the forms that others train on: texts in either call format, or conversations."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, get_args

from toolformer.errors import ConfigError
from toolformer.studies.api_bank.rows import ApiRow
from toolformer.studies.api_bank.texts import calls_of, grammar_of, prompt_of

ApiExport = Literal["inline", "hermes", "messages", "openai"]
EXPORTS: tuple[ApiExport, ...] = get_args(ApiExport)
UNWRITTEN = "a call that the format cannot write"

_LINE = re.compile(r"^\s*(\{\s*\"(?:apiCode|name)\".*)$", re.MULTILINE)
_DECODER = json.JSONDecoder()
# What API-Bank calls a type, as JSON Schema does; a text where it is something else.
_TYPES = {
    "str": "string",
    "string": "string",
    "int": "integer",
    "integer": "integer",
    "float": "number",
    "number": "number",
    "bool": "boolean",
    "boolean": "boolean",
    "list": "array",
    "array": "array",
    "dict": "object",
    "object": "object",
}


def export_rows(
    rows: Iterable[ApiRow], kind: ApiExport, *, left_out: Counter[str]
) -> Iterator[dict[str, Any]]:
    """Yields rows as a trainer elsewhere takes them.

    inline and hermes are rows with a prompt and a completion; messages have the shape of TRL's
    tool-calling datasets, whose arguments are objects, and openai that of OpenAI's interface, whose
    arguments are texts. Both have the APIs that the prompt describes in a column `tools`.

    Args:
        rows: to be written.
        kind: the form.
        left_out: counts the rows that cannot be, by reason.

    Raises:
        ConfigError: there is no such form.
    """
    if kind not in EXPORTS:
        raise ConfigError(f"--format is one of {', '.join(EXPORTS)}, not {kind!r}.")
    for row in rows:
        made = _pair(row, kind) if kind in ("inline", "hermes") else _conversation(row, kind)
        if made is None:
            left_out[UNWRITTEN] += 1
        else:
            yield {"id": row.id} | made


def tools_of(prompt: str) -> list[dict[str, Any]]:
    r"""Returns the APIs that a prompt describes on lines of their own, as chat templates take them.

    >>> described = '{"name": "Add", "description": "Adds.", "input_parameters": {"a": %s}}'
    >>> [tool] = tools_of(described % '{"type": "int", "description": "A number."}')
    >>> tool["function"]["parameters"]["properties"]
    {'a': {'type': 'integer', 'description': 'A number.'}}
    """
    tools: dict[str, dict[str, Any]] = {}
    for line in _LINE.finditer(prompt):
        try:
            found, _ = _DECODER.raw_decode(line[1])
        except (ValueError, RecursionError):
            continue
        name = found.get("apiCode", found.get("name"))
        parameters = found.get("parameters", found.get("input_parameters"))
        if isinstance(name, str) and isinstance(parameters, Mapping):
            tools.setdefault(name, _tool(name, str(found.get("description", "")), parameters))
    return list(tools.values())


def _tool(name: str, description: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    properties, required = {}, []
    for key, said in parameters.items():
        told = said if isinstance(said, Mapping) else {}
        kind = _TYPES.get(str(told.get("type")), "string")
        properties[key] = {"type": kind, "description": str(told.get("description", ""))}
        if told.get("required") is True:
            required.append(key)
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    function = {"name": name, "description": description, "parameters": schema}
    return {"type": "function", "function": function}


def _pair(row: ApiRow, kind: ApiExport) -> dict[str, Any] | None:
    """Returns a row as prompt and completion."""
    grammar = grammar_of("hermes" if kind == "hermes" else "inline")
    calls = calls_of(row, grammar)
    if calls is None:
        return None
    return {
        "prompt": prompt_of(row, grammar),
        "completion": "".join(grammar.format(call) for call in calls),
    }


def _conversation(row: ApiRow, kind: ApiExport) -> dict[str, Any] | None:
    """Returns a row as a question and the assistant's calls."""
    if not row.calls:
        return None
    called = []
    for number, call in enumerate(row.calls, start=1):
        arguments = dict(call.arguments)
        function: dict[str, Any] = {"name": call.name, "arguments": arguments}
        made: dict[str, Any] = {"type": "function", "function": function}
        if kind == "openai":
            function["arguments"] = json.dumps(arguments, ensure_ascii=False)
            made = {"id": f"call_{number}", **made}
        called.append(made)
    messages: list[dict[str, Any]] = [{"role": "user", "content": row.prompt.strip()}]
    # OpenAI's interface wants null where nothing is said beside a call.
    said = None if kind == "openai" else ""
    messages.append({"role": "assistant", "content": said, "tool_calls": called})
    return {"messages": messages, "tools": tools_of(row.prompt)}
