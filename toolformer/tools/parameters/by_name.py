"""A call's arguments by the names of its tool's parameters, as JSON has them, and back."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from toolformer.calls import CallGrammar, ToolCall
from toolformer.errors import ToolError, clipped, closest
from toolformer.tools.base import Tool


def named_arguments(tool: Tool, arguments: str) -> dict[str, Any]:
    """Returns arguments by name; those that have their default anyway are left out.

    >>> from toolformer.tools.builtin.database import database
    >>> named_arguments(database(), "Kenya, capital")
    {'entity': 'Kenya', 'attribute': 'capital'}

    Raises:
        ToolError: they do not fit the tool.
    """
    required = {each.name for each in tool.parameters if each.required}
    defaults = {each.name: each.default for each in tool.parameters}
    bound = tool.bind(arguments)
    kept = {
        name: value
        for name, value in bound.items()
        if name in required or value != defaults.get(name)
    }
    try:
        made: dict[str, Any] = json.loads(json.dumps(kept, ensure_ascii=False, default=str))
    except (TypeError, ValueError) as error:
        raise ToolError(f"The arguments of {tool.name} are no JSON: {error}.") from None
    return made


def written_call(tool: Tool, named: Mapping[str, Any], grammar: CallGrammar) -> ToolCall:
    """Returns a call as a model would write it, of arguments by name.

    The inverse of `named_arguments`, up to white space: values between commas where the tool reads
    the same in them, the object itself elsewhere.

    >>> from toolformer.calls import InlineGrammar
    >>> from toolformer.tools.builtin.calculator import calculator
    >>> written_call(calculator, {"expression": "400 / 1400"}, InlineGrammar())
    ToolCall(tool='Calculator', arguments='400 / 1400')

    Raises:
        ToolError: they do not fit the tool, or the grammar cannot write them.
    """
    _check_names(tool, named)
    as_object = json.dumps(dict(named), ensure_ascii=False)
    wanted = tool.bind(as_object)
    for text in (*_spellings(tool, named), as_object):
        written = grammar.spell(text, lambda _text: named)
        call = ToolCall(tool.name, written)
        if grammar.is_readable(call) and _reads(tool, written, wanted):
            return call
    raise ToolError(f"The arguments {clipped(as_object)} of {tool.name} cannot be written.")


def _check_names(tool: Tool, named: Mapping[str, Any]) -> None:
    """Refuses names that the tool does not have, and values that it cannot do without.

    An object without any of its names would be read as a value itself.
    """
    names = [each.name for each in tool.parameters]
    for name in named:
        if name not in names:
            raise ToolError(closest(name, names, what=f"parameter of {tool.name}"))
    for each in tool.parameters:
        if each.required and each.name not in named:
            raise ToolError(f"{tool.name} needs `{each.name}`.")


def _spellings(tool: Tool, named: Mapping[str, Any]) -> Iterator[str]:
    """Yields the values in the order of the parameters, without names and then with them."""
    given = [each.name for each in tool.parameters if each.name in named]
    values = {name: _spelled(named[name]) for name in given}
    if given == [each.name for each in tool.parameters][: len(given)]:
        yield ", ".join(values.values())
    yield ", ".join(f"{name}={value}" for name, value in values.items())


def _spelled(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _reads(tool: Tool, text: str, wanted: Mapping[str, object]) -> bool:
    try:
        return tool.bind(text) == wanted
    except ToolError:
        return False
