"""Reads a typed Python function: its name, parameters, description, and exemplar lines.

Reads functions, never calls them.
"""

import inspect
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import partial
from types import UnionType
from typing import Annotated, Any, NewType, Union, get_args, get_origin

from toolformer.errors import ConfigError
from toolformer.specs import type_adapter

_SECTION = re.compile(r"^(\w+):\s*$")
_ARGUMENT = re.compile(r"^\*{0,2}(\w+)(?:\s*\([^)]*\))?:\s*(.*)$")


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
        description: Its line under "Args:" in the docstring.
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
        schema: dict[str, object] = dict(type_adapter(self.type).json_schema())
        if self.description:
            schema["description"] = self.description
        if not self.required and self.default is not None:
            schema["default"] = self.default
        return schema


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
    """A docstring taken apart (Google style)."""

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
    try:
        signature = inspect.signature(function, eval_str=True)
    except (NameError, TypeError, ValueError, SyntaxError) as error:
        raise ConfigError(f"The types of the tool {name} cannot be read: {error}.") from error
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
    if parameter.annotation is inspect.Parameter.empty:
        raise ConfigError(
            f"Parameter {parameter.name!r} of the tool {tool} has no type; "
            f"write for instance `{parameter.name}: str`."
        )
    required = parameter.default is inspect.Parameter.empty
    return Parameter(
        name=parameter.name,
        type=parameter.annotation,
        required=required,
        default=None if required else parameter.default,
        description=description,
    )


def read_docstring(docstring: str) -> Docstring:
    r"""Takes a docstring apart.

    >>> read_docstring("Adds.\n\nArgs:\n    a: One.\nExamples:\n    1 [add(1, 1)] 2")
    Docstring(description='Adds.', parameters={'a': 'One.'}, examples=('1 [add(1, 1)] 2',))
    """
    sections: dict[str, list[str]] = {"": []}
    current = ""
    for line in inspect.cleandoc(docstring).splitlines():
        heading = _SECTION.match(line)
        if heading:
            current = heading.group(1).lower()
            sections.setdefault(current, [])
        else:
            sections[current].append(line)
    arguments = sections.get("args", []) + sections.get("arguments", [])
    examples = sections.get("examples", []) + sections.get("example", [])
    return Docstring(
        description=" ".join(" ".join(sections[""]).split()),
        parameters=_read_arguments(arguments),
        examples=tuple(line.strip() for line in examples if line.strip()),
    )


def _read_arguments(lines: Iterable[str]) -> dict[str, str]:
    described: dict[str, str] = {}
    name = ""
    for line in inspect.cleandoc("\n" + "\n".join(lines)).splitlines():
        match = _ARGUMENT.match(line)
        if match:
            name = match.group(1)
            described[name] = match.group(2).strip()
        elif name:  # an indented line continues the description above
            described[name] = f"{described[name]} {line.strip()}".strip()
    return described
