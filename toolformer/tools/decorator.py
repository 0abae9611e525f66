"""`tool`, which makes a tool of a typed function with a docstring."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypedDict, Unpack, overload

from toolformer.tools.base import RunBatch, Tool
from toolformer.tools.context import ToolContext
from toolformer.tools.exemplar import Exemplar, read_exemplars
from toolformer.tools.parameters.choices import Values
from toolformer.tools.parameters.docstring import read_docstring
from toolformer.tools.parameters.signature import read_parameters, source_of, with_values


class ToolSettings(TypedDict, total=False):
    """The settings of `tool`, besides what it reads off the function."""

    name: str
    description: str
    run_batch: RunBatch
    close: Callable[[], object]
    state: Callable[[], Hashable]
    exemplars: Sequence[Exemplar]
    suits: Callable[[str, ToolContext], bool]
    followed_by: Callable[[str], bool]
    pure: bool
    context: Sequence[str]
    vocabulary: frozenset[str]
    values: Mapping[str, Values]  # of parameters that may have no others
    free_text: str  # the parameter whose value may hold commas
    at_once: int
    timeout_s: float
    min_prob: float
    gain_threshold: float
    max_positions: int
    samples: int


@overload
def tool(function: Callable[..., object], /, **settings: Unpack[ToolSettings]) -> Tool: ...
@overload
def tool(**settings: Unpack[ToolSettings]) -> Callable[[Callable[..., object]], Tool]: ...


def tool(
    function: Callable[..., object] | None = None, /, **settings: Unpack[ToolSettings]
) -> Tool | Callable[[Callable[..., object]], Tool]:
    """Makes a tool of a typed function with a docstring; also a decorator, bare or with settings.

    The function may be async, a method, a partial, or an object that can be called.

    >>> @tool
    ... def double(number: float) -> float:
    ...     '''Doubles a number.'''
    ...     return 2 * number
    >>> double.signature, double.execute("21")
    ('double(number)', '42')
    """
    if function is None:
        return lambda decorated: _from_function(decorated, settings)
    return _from_function(function, settings)


def _from_function(function: Callable[..., object], settings: ToolSettings) -> Tool:
    source = source_of(function)
    docstring = read_docstring(source.docstring)
    name = settings.get("name", source.name)
    context = tuple(settings.get("context", ()))
    made: dict[str, Any] = {
        "description": docstring.description,
        "exemplars": read_exemplars(docstring.examples, tool=name),
        **settings,
        "name": name,
        "context": context,
    }
    free_text, values = made.pop("free_text", None), made.pop("values", {})
    made["exemplars"] = tuple(made["exemplars"])
    parameters = with_values(
        read_parameters(function, context=context, free_text=free_text), values, tool=name
    )
    return Tool(parameters=parameters, run=function, **made)
