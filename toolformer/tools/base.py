"""What a tool is: a name, a function from text to text, and how a model is shown to call it.

Knows no model and no process; `toolbox.py` runs tools, `registry.py` finds them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Self, TypedDict, Unpack, overload

from toolformer.calls import InlineGrammar, ToolCall, is_tool_name
from toolformer.errors import CallError, ConfigError, ToolError, clipped
from toolformer.tools.arguments import bind
from toolformer.tools.output import fold
from toolformer.tools.signature import Docstring, Parameter, read_docstring, read_parameters

NOTATION = InlineGrammar()  # how authors write the calls of their tools, whatever a model writes

__all__ = ["Exemplar", "Parameter", "Tool", "ToolContext", "ToolResult", "tool"]


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A demonstration: a text, and the call that helps where `before` ends and `after` begins."""

    before: str
    arguments: str
    after: str


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool may know besides its arguments.

    Attributes:
        today: The document's date when annotating, the clock's when inferring.
    """

    today: date | None = None

    def fields(self, names: Sequence[str]) -> dict[str, object]:
        """Returns the named fields, in the order of the names."""
        return {name: getattr(self, name) for name in names}

    def to_json(self) -> dict[str, str | None]:
        """Returns the fields as JSON values."""
        return {"today": None if self.today is None else self.today.isoformat()}

    @classmethod
    def from_json(cls, fields: Mapping[str, str | None]) -> Self:
        """Reads what `to_json` wrote."""
        today = fields["today"]
        return cls(today=None if today is None else date.fromisoformat(today))


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What became of a call: exactly one of output and error."""

    call: ToolCall
    output: str | None = None
    error: str | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if (self.output is None) == (self.error is None):
            raise ValueError(
                f"exactly one of output and error, got {self.output!r}, {self.error!r}"
            )


def suits_any(_text: str, _context: ToolContext) -> bool:
    """Says that every text is worth trying."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """Everything one tool is. Calling it calls its function.

    Attributes:
        name: How a call spells it.
        description: A sentence or two for the few-shot prompt and for `toolformer tools`.
        parameters: What a call fills in, in order.
        run: The function. It gets the parameters, and the context fields by keyword.
        exemplars: Demonstrations for the few-shot prompt.
        suits: Whether a text is worth trying this tool on.
        pure: Whether equal arguments and context always give an equal output.
        context: The `ToolContext` fields the function asks for.
        vocabulary: Words that an argument may use wherever they stand in the text, lower case:
            they name a value of a parameter, such as the attributes of a database.
        spec: The string that loads this tool again ("" when nothing does).
        options: The options in `spec`.
        isolated: Whether calls run in worker processes with limits.
        min_prob: τs, p(open marker) that a place must exceed.
        gain_threshold: τf, nats a call must save.
        max_positions: k, places sampled per text.
        samples: m, calls sampled per place.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    run: Callable[..., object]
    exemplars: tuple[Exemplar, ...] = ()
    suits: Callable[[str, ToolContext], bool] = suits_any
    pure: bool = True
    context: tuple[str, ...] = ()
    vocabulary: frozenset[str] = frozenset()
    spec: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    isolated: bool = False
    min_prob: float = 0.05
    gain_threshold: float = 1.0
    max_positions: int = 5
    samples: int = 5

    def __post_init__(self) -> None:
        if not is_tool_name(self.name):
            raise ConfigError(
                f"{self.name!r} is no name for a tool: no spaces, brackets or parentheses in it."
            )
        unknown = set(self.context) - set(ToolContext.__dataclass_fields__)
        if unknown:
            raise ConfigError(
                f"The tool {self.name} asks for the context field {min(unknown)!r}; there are: "
                f"{', '.join(ToolContext.__dataclass_fields__)}."
            )

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Calls the function, as if it had never been made a tool."""
        return self.run(*args, **kwargs)

    @property
    def signature(self) -> str:
        """How a call to it looks: `Database(entity, attribute)`."""
        return f"{self.name}({', '.join(parameter.name for parameter in self.parameters)})"

    def json_schema(self) -> dict[str, object]:
        """Returns name, description and the JSON schema of the parameters."""
        return {
            "name": self.name,
            "description": self.description,
            "parameters": {
                "type": "object",
                "properties": {p.name: p.json_schema() for p in self.parameters},
                "required": [p.name for p in self.parameters if p.required],
            },
        }

    def bind(self, arguments: str) -> dict[str, object]:
        """Returns the values of the parameters that stand in the text of a call.

        Raises:
            ToolError: The text does not fit the parameters.
        """
        return bind(self.parameters, arguments, tool=self.name)

    def execute(self, arguments: str, context: ToolContext | None = None) -> str:
        """Runs the tool on the text of a call and returns its output, one line.

        Raises:
            ToolError: A failure the model is told about; an output of nothing is one.
        """
        given = (context or ToolContext()).fields(self.context)
        output = fold(self.run(**self.bind(arguments), **given))
        if not output:
            raise ToolError(f"{self.name}({clipped(arguments)}) gave no output.")
        return output


class ToolSettings(TypedDict, total=False):
    """What `tool` can be told about a function, besides what it reads off it."""

    name: str
    description: str
    exemplars: Sequence[Exemplar]
    suits: Callable[[str, ToolContext], bool]
    pure: bool
    context: Sequence[str]
    vocabulary: frozenset[str]
    free_text: str  # the parameter whose value may hold commas
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
    docstring = read_docstring(function.__doc__ or "")
    name = settings.get("name", getattr(function, "__name__", ""))
    context = tuple(settings.get("context", ()))
    return Tool(
        name=name,
        description=settings.get("description", docstring.description),
        parameters=read_parameters(function, context=context, free_text=settings.get("free_text")),
        run=function,
        exemplars=tuple(settings.get("exemplars", _read_exemplars(docstring, name))),
        suits=settings.get("suits", suits_any),
        pure=settings.get("pure", True),
        context=context,
        vocabulary=settings.get("vocabulary", frozenset()),
        min_prob=settings.get("min_prob", 0.05),
        gain_threshold=settings.get("gain_threshold", 1.0),
        max_positions=settings.get("max_positions", 5),
        samples=settings.get("samples", 5),
    )


def _read_exemplars(docstring: Docstring, name: str) -> list[Exemplar]:
    """Reads the lines under "Examples:" that hold one call of the tool."""
    exemplars = []
    for line in docstring.examples:
        try:
            placed = NOTATION.calls(line)
        except CallError:
            continue
        if len(placed) == 1 and placed[0].call.tool == name:
            text, position = NOTATION.strip(line), placed[0].position
            exemplars.append(Exemplar(text[:position], placed[0].call.arguments, text[position:]))
    return exemplars
