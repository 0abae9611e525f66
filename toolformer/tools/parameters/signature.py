"""Reads a typed Python function: its name, parameters, description, and exemplar lines.

Reads functions, never calls them.
"""

import inspect
import json
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from types import UnionType
from typing import Annotated, Any, NewType, Union, get_args, get_origin

from toolformer.errors import ConfigError
from toolformer.specs import foreign_code, type_adapter

# Docstrings are Google's, NumPy's (underlined), Sphinx's (`:param x:`) or Epydoc's (`@param x:`).
_HEADING = re.compile(r"^(\w+(?: \w+)?)\s*:\s*$")
_UNDERLINE = re.compile(r"^[-=~]{3,}\s*$")
_UNDERLINED = "\n"  # ends the title of an underlined section
_BEGUN = re.compile(r"^(Returns?|Yields?|Raises?|Todo)\s*:\s+(.*)$")
_ASIDE = re.compile(r"^(?:\.\. [\w-]+::|>>> )")
_FIELD = re.compile(r"^[:@](\w+)(?:\s+([^:]*\w))?\s*:\s*(.*)$")
_PARAMETER_FIELDS = frozenset({"param", "parameter", "arg", "argument", "key", "keyword"})
_PARAMETER_SECTIONS = frozenset(
    {
        "args",
        "arguments",
        "keyword args",
        "keyword arguments",
        "other parameters",
        "parameters",
        "params",
    }
)
_ENTRY = re.compile(r"^(?P<names>\*{0,2}\w+)\s*(?:\([^)]*\)+)?\s*(?::|--?(?=\s)|–)\s*(?P<text>.*)$")
_NUMPY_ENTRY = re.compile(r"^(?P<names>\*{0,2}\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::.*)?(?P<text>)$")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a tool, as a model sees it.

    Attributes:
        name: The name of the function's parameter.
        type: Its annotation.
        required: Whether a call must give it.
        free_text: Whether its value may hold commas (at most one parameter's may).
        default: Its value where a call does not give it.
        omitted: Whether the function is not given it at all where a call does not.
        description: What the docstring says of it.
    """

    name: str
    type: object = str
    required: bool = True
    free_text: bool = False
    default: object = None
    omitted: bool = False
    description: str = ""

    @property
    def is_text(self) -> bool:
        """Whether every text is one of its values."""
        return _takes_any_text(self.type)

    def json_schema(self) -> dict[str, object]:
        """Returns the JSON schema of its values."""
        schema: dict[str, object] = parameters_schema([self])["properties"][self.name]
        return schema


def parameters_schema(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Returns the JSON schema of the object of some parameters.

    What a type cannot say in JSON it leaves open, and so does a default.
    """
    from pydantic import PydanticUserError, TypeAdapter
    from pydantic.json_schema import JsonSchemaMode

    mode: JsonSchemaMode = "validation"
    properties: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for parameter in parameters:
        try:
            adapter = type_adapter(parameter.type)
            made, shared = TypeAdapter.json_schemas([(parameter.name, mode, adapter)])
            schema = dict(made[parameter.name, mode])
            definitions |= shared.get("$defs", {})
        except PydanticUserError:
            schema = {}
        if parameter.description:
            schema["description"] = parameter.description
        if not parameter.required and parameter.default is not None:
            schema |= _default(parameter.default)
        properties[parameter.name] = schema
    required = [parameter.name for parameter in parameters if parameter.required]
    found = {"type": "object", "properties": properties, "required": required}
    return found | ({"$defs": definitions} if definitions else {})


def _default(value: object) -> dict[str, object]:
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        plain = to_jsonable_python(sorted(value) if isinstance(value, set | frozenset) else value)
        json.dumps(plain, allow_nan=False)
    except (PydanticSerializationError, TypeError, ValueError):
        return {}
    return {"default": plain}


def _takes_any_text(kind: Any) -> bool:
    if isinstance(kind, NewType):
        return _takes_any_text(kind.__supertype__)
    if get_origin(kind) is Annotated:
        return _takes_any_text(kind.__origin__)
    if get_origin(kind) in (Union, UnionType):
        return any(map(_takes_any_text, get_args(kind)))
    return kind is str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a function's name and docstring are, and which of its parameters are given already."""

    name: str
    docstring: str
    given: frozenset[str] = frozenset()


def source_of(function: Callable[..., object]) -> Source:
    """Returns what names and describes a function, a partial, or an object that can be called.

    >>> source_of(partial(sorted, reverse=True)).name
    'sorted'
    """
    if isinstance(function, partial):
        inner = source_of(function.func)
        return replace(inner, given=inner.given | set(function.keywords))
    if hasattr(function, "__name__"):
        return Source(function.__name__, function.__doc__ or "")
    kind = type(function)
    return Source(kind.__name__, kind.__call__.__doc__ or kind.__doc__ or "")


@dataclass(frozen=True, slots=True)
class Docstring:
    """A docstring taken apart."""

    description: str
    parameters: dict[str, str]
    examples: tuple[str, ...]


def read_parameters(
    function: Callable[..., object],
    *,
    context: Collection[str] = (),
    free_text: str | None = None,
) -> tuple[Parameter, ...]:
    """Returns the parameters that a call fills in.

    These are all but those that come from the context or that a partial has filled in.

    Args:
        function: A function with a type on each parameter.
        context: Names of parameters that are filled from the `ToolContext`.
        free_text: The parameter whose value may hold commas; the first text when it is None.

    Raises:
        ConfigError: The function cannot be read as a tool.
    """
    source = source_of(function)
    name = source.name
    with foreign_code(f"The types of the tool {name} cannot be read"):
        signature = inspect.signature(function, eval_str=True)
    described = read_docstring(source.docstring).parameters
    hidden = source.given | set(context)
    visible = [p for p in signature.parameters.values() if p.name not in hidden]
    missing = sorted(set(context) - set(signature.parameters))
    if missing:
        raise ConfigError(
            f"The tool {name} declares the context field {missing[0]!r} but has no parameter of "
            f"that name; add `*, {missing[0]}`."
        )
    parameters = tuple(
        _read_parameter(name, parameter, described.get(parameter.name, "")) for parameter in visible
    )
    texts = [parameter.name for parameter in parameters if parameter.is_text]
    chosen = free_text if free_text is not None else next(iter(texts), None)
    return tuple(replace(parameter, free_text=parameter.name == chosen) for parameter in parameters)


def _read_parameter(tool: str, parameter: inspect.Parameter, description: str) -> Parameter:
    if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
        raise ConfigError(
            f"The tool {tool} takes `{parameter}`; a model can only fill named parameters."
        )
    if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
        raise ConfigError(
            f"Parameter {parameter.name!r} of the tool {tool} has no name for callers; take the "
            "`/` away, since a tool's function is called by name."
        )
    if parameter.annotation is inspect.Parameter.empty:
        raise ConfigError(
            f"Parameter {parameter.name!r} of the tool {tool} has no type; "
            f"write for instance `{parameter.name}: str`."
        )
    if parameter.annotation is not str:
        _check_type(tool, parameter)
    required = parameter.default is inspect.Parameter.empty
    return Parameter(
        name=parameter.name,
        type=parameter.annotation,
        required=required,
        default=None if required else parameter.default,
        description=description,
    )


def _check_type(tool: str, parameter: inspect.Parameter) -> None:
    from pydantic import PydanticUserError

    try:
        type_adapter(parameter.annotation)
    except (PydanticUserError, TypeError) as error:
        raise ConfigError(
            f"Parameter {parameter.name!r} of the tool {tool} is a {parameter.annotation!r}, which "
            "cannot be read from the text of a call; take a text, a number, or what pydantic reads."
        ) from error


def read_docstring(docstring: str) -> Docstring:
    r"""Takes a docstring apart, whichever of the usual styles it is in.

    >>> read_docstring("Adds.\n\nArgs:\n    a: One.\nExamples:\n    1 [add(1, 1)] 2")
    Docstring(description='Adds.', parameters={'a': 'One.'}, examples=('1 [add(1, 1)] 2',))
    """
    sections: dict[str, list[str]] = {"": []}
    parameters: dict[str, str] = {}
    current = ""
    lines = inspect.cleandoc(docstring).splitlines()
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        if _UNDERLINE.match(line) and current.endswith(_UNDERLINED):
            continue
        if _UNDERLINE.match(following) and line[:1].strip():
            current = line.strip().lower() + _UNDERLINED
        elif heading := _HEADING.match(line):
            current = heading[1].lower()
        elif begun := _BEGUN.match(line):
            current = begun[1].lower()
            sections.setdefault(current, []).append(begun[2])
            continue
        elif aside := _ASIDE.match(line):
            current = aside[0]
        elif tag := _FIELD.match(line):
            is_parameter = tag[1] in _PARAMETER_FIELDS and tag[2] is not None
            current = f":{tag[2].split()[-1].lstrip('*')}" if is_parameter else ":"
            sections.setdefault(current, []).append(tag[3])
            continue
        else:
            sections.setdefault(current, []).append(line)
            continue
        sections.setdefault(current, [])
    for title, body in sections.items():
        if title.startswith(":") and title != ":":
            parameters[title[1:]] = _on_one_line(body)
        elif title.removesuffix(_UNDERLINED) in _PARAMETER_SECTIONS:
            entry = _NUMPY_ENTRY if title.endswith(_UNDERLINED) else _ENTRY
            parameters |= _read_entries(body, entry)
    examples = [
        line.strip()
        for title in ("examples", "example", "examples" + _UNDERLINED, "example" + _UNDERLINED)
        for line in sections.get(title, ())
    ]
    return Docstring(_on_one_line(sections[""]), parameters, tuple(filter(None, examples)))


def _read_entries(lines: Iterable[str], entry: re.Pattern[str]) -> dict[str, str]:
    """Reads the descriptions of parameters; a line that is no entry continues the one above."""
    described: dict[str, list[str]] = {}
    current: list[str] = []
    for line in inspect.cleandoc("\n" + "\n".join(lines)).splitlines():
        match = entry.match(line)
        if match is None:
            current.append(line)
            continue
        current = [match["text"] or ""]
        for name in match["names"].split(","):
            described[name.strip().lstrip("*")] = current
    return {name: _on_one_line(text) for name, text in described.items()}


def _on_one_line(lines: Iterable[str]) -> str:
    return " ".join(" ".join(lines).split())
