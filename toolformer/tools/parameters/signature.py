"""Reads a typed Python function: its name, parameters, description, and exemplar lines.

Reads functions, never calls them.
"""

import inspect
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import UnionType
from typing import (
    Annotated,
    Any,
    NewType,
    Optional,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from toolformer.errors import ConfigError, closest
from toolformer.specs.python_files import foreign_code
from toolformer.tools.parameters.choices import Values
from toolformer.tools.parameters.docstring import read_docstring
from toolformer.typed import type_adapter


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
        values: The only ones it may have, or a function that returns them, or a regular expression
            that they match; a type that has few says them itself.
    """

    name: str
    type: object = str
    required: bool = True
    free_text: bool = False
    default: object = None
    omitted: bool = False
    description: str = ""
    values: Values | None = None

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
    """Where a function's name, docstring and types are, and which parameters are given already."""

    name: str
    docstring: str
    annotated: Callable[..., object]
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
        return Source(function.__name__, function.__doc__ or "", inspect.unwrap(function))
    kind = type(function)
    return Source(kind.__name__, kind.__call__.__doc__ or kind.__doc__ or "", kind.__call__)


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
        types = get_type_hints(source.annotated, include_extras=True)
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
        _read_parameter(name, parameter, types, described.get(parameter.name, ""))
        for parameter in visible
    )
    texts = [parameter.name for parameter in parameters if parameter.is_text]
    chosen = free_text if free_text is not None else next(iter(texts), None)
    return tuple(replace(parameter, free_text=parameter.name == chosen) for parameter in parameters)


def with_values(
    parameters: Sequence[Parameter], values: Mapping[str, Values], *, tool: str
) -> tuple[Parameter, ...]:
    """Returns parameters with the values that are declared for them.

    Raises:
        ConfigError: There is no such parameter.
    """
    names = [parameter.name for parameter in parameters]
    for name in values:
        if name not in names:
            raise ConfigError(closest(name, names, what=f"parameter of {tool}"))
    return tuple(replace(each, values=values.get(each.name, each.values)) for each in parameters)


def _read_parameter(
    tool: str, parameter: inspect.Parameter, types: Mapping[str, Any], description: str
) -> Parameter:
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
    kind = types.get(parameter.name, parameter.annotation)
    required = parameter.default is inspect.Parameter.empty
    if get_origin(kind) is Iterable:  # pydantic would read the letters of a text
        kind = list[get_args(kind)]  # type: ignore[misc]
    if parameter.default is None:
        kind = Optional[kind]  # noqa: UP045  whatever else it is
    if kind is not str:
        _check_type(tool, parameter.name, kind)
    return Parameter(
        name=parameter.name,
        type=kind,
        required=required,
        default=None if required else parameter.default,
        description=description or _description_in(kind),
    )


def _description_in(kind: Any) -> str:
    """Returns what a type is annotated with: a text, or the description of a pydantic field."""
    for each in getattr(kind, "__metadata__", ()):
        said = each if isinstance(each, str) else getattr(each, "description", None)
        if isinstance(said, str):
            return " ".join(said.split())
    return ""


def _check_type(tool: str, name: str, kind: Any) -> None:
    from pydantic import PydanticUserError

    try:
        type_adapter(kind).rebuild(raise_errors=True)
    except (PydanticUserError, TypeError, NameError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigError(
            f"Parameter {name!r} of the tool {tool} is a {kind!r}, which cannot be read from the "
            f"text of a call ({reason}); take a text, a number, or what pydantic reads."
        ) from error
