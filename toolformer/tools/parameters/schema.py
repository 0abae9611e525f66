"""Tools from a JSON schema of their parameters, as MCP servers and OpenAI's interface state it.

Knows no server: the function that runs the tool is the caller's.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import GenericAlias
from typing import Any, Literal, NotRequired

from toolformer.errors import ConfigError
from toolformer.tools.base import Tool
from toolformer.tools.parameters.signature import Parameter, with_values

_SCALARS: Mapping[object, Any] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "null": type(None),
}
_MAX_DEPTH = 20  # of schemas in one another; a schema may hold itself

_Refer = Callable[[str, int], Any]


def tool_from_schema(
    definition: Mapping[str, Any], run: Callable[..., object], **settings: Any
) -> Tool:
    """Makes a tool of a definition and a function that takes its parameters by keyword.

    A parameter that a call leaves out is given its default where the schema states one, and is
    left out of the keywords where it does not.

    >>> schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    >>> weather = tool_from_schema(
    ...     {"name": "Weather", "description": "Tells the weather.", "inputSchema": schema},
    ...     lambda city="here": f"Rain in {city}.",
    ... )
    >>> weather.execute("Oslo"), weather.execute("")
    ('Rain in Oslo.', 'Rain in here.')

    Args:
        definition: Name, description and schema: an MCP tool, or an OpenAI tool or function.
        run: The function; may be async.
        settings: Any other field of `Tool`, such as `state` or `pure`, and the `values` of
            parameters.

    Raises:
        ConfigError: The definition cannot be read.
    """
    stated = definition.get("function", definition)
    schema: object = next(
        (stated[key] for key in ("parameters", "inputSchema", "input_schema") if key in stated), {}
    )
    if "name" not in stated or not isinstance(schema, Mapping):
        raise ConfigError(
            f"{dict(definition)!r} does not define a tool: it needs a name and a "
            "JSON schema under 'parameters' or 'inputSchema'."
        )
    made: dict[str, Any] = {
        "name": stated["name"],
        "description": " ".join((stated.get("description") or "").split()),
        **settings,
    }
    parameters = with_values(read_schema(schema), made.pop("values", {}), tool=made["name"])
    return Tool(parameters=parameters, run=run, schema=schema, **made)


def read_schema(schema: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """Returns the parameters of the JSON schema of an object, in its order.

    Raises:
        ConfigError: It is not the schema of an object.
    """
    properties = schema.get("properties", {})
    if schema.get("type", "object") != "object" or not isinstance(properties, Mapping):
        raise ConfigError(f"{dict(schema)!r} is not the JSON schema of an object.")
    required = schema.get("required", ())

    @cache  # what schemas hold of each other, and of themselves, would be read again and again
    def referred(reference: str, depth: int) -> Any:
        return _type_of(_referred(reference, schema), refer=referred, depth=depth)

    parameters = []
    for name, stated in properties.items():
        each = stated if isinstance(stated, Mapping) else {}  # true is a schema, too
        parameters.append(
            Parameter(
                name=name,
                type=_type_of(each, refer=referred),
                required=name in required,
                default=each.get("default"),
                omitted="default" not in each,
                description=" ".join(str(each.get("description") or "").split()),
                values=_form_of(each),
            )
        )
    texts = [parameter.name for parameter in parameters if parameter.is_text]
    return tuple(replace(each, free_text=each.name in texts[:1]) for each in parameters)


def _form_of(schema: Mapping[str, Any]) -> re.Pattern[str] | None:
    """Returns the form of a text's values; None where the schema states none of whole values."""
    pattern = schema.get("pattern")
    if schema.get("type") != "string" or not isinstance(pattern, str):
        return None
    if not (pattern.startswith("^") and pattern.endswith("$")):
        return None  # of a part: most texts that have it are no values
    try:
        return re.compile(pattern)
    except re.error:  # JSON's expressions are JavaScript's
        return None


def _type_of(schema: object, *, refer: _Refer, depth: int = 0) -> Any:
    """Returns the Python type of the values that a schema allows; Any for what it cannot tell.

    Args:
        schema: a JSON schema.
        refer: returns the type that a reference in it means, at a depth.
        depth: how many schemas it is in.
    """
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return Any
    if "$ref" in schema:
        return refer(str(schema["$ref"]), depth + 1)
    if "const" in schema:
        return _choice([schema["const"]])
    if "enum" in schema:
        return _choice(schema["enum"])
    kinds = schema.get("type")
    if isinstance(kinds, list):
        alternatives: Sequence[object] = [{**schema, "type": kind} for kind in kinds]
    else:
        alternatives = schema.get("anyOf") or schema.get("oneOf") or ()
    if alternatives:
        return _any_of([_type_of(each, refer=refer, depth=depth + 1) for each in alternatives])
    if kinds == "array":
        item = _type_of(schema.get("items"), refer=refer, depth=depth + 1)
        return GenericAlias(list, (item,))
    if kinds == "object" or "properties" in schema:
        return _object(schema, refer=refer, depth=depth)
    return _SCALARS.get(kinds, Any)


def _referred(reference: str, root: Mapping[str, Any]) -> object:
    found: object = root
    for key in filter(None, reference.removeprefix("#").split("/")):
        if not isinstance(found, Mapping) or key not in found:
            raise ConfigError(f"The JSON schema refers to {reference!r}, which is not in it.")
        found = found[key]
    return found


def _choice(values: Sequence[Any]) -> Any:
    if not values or not all(isinstance(value, str | int | bool | None) for value in values):
        return Any  # Python cannot say it; whoever runs the tool can
    literal: Any = Literal
    return literal[tuple(values)]


def _any_of(types: Sequence[Any]) -> Any:
    union = types[0]
    for each in types[1:]:
        union = union | each
    return union


def _object(schema: Mapping[str, Any], *, refer: _Refer, depth: int) -> Any:
    from typing_extensions import TypedDict  # pydantic's own wish before Python 3.12

    required = schema.get("required", ())
    types = {
        name: _type_of(each, refer=refer, depth=depth + 1)
        for name, each in schema.get("properties", {}).items()
    }
    make: Any = TypedDict
    made = make(
        str(schema.get("title", "Object")),
        {name: kind if name in required else NotRequired[kind] for name, kind in types.items()},
    )
    is_closed = schema.get("additionalProperties") is False
    made.__pydantic_config__ = {"extra": "forbid" if is_closed else "allow"}
    return made
