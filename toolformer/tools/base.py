"""Tools: a name, a function from text to text, and how a model is shown to call it.

Knows no model and no process; `toolbox.py` runs tools, `registry.py` finds them.
"""

import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from toolformer.calls import CallGrammar, Spell, is_tool_name
from toolformer.errors import ConfigError, ToolError, clipped, is_interrupt, told
from toolformer.tools.context import ToolContext
from toolformer.tools.exemplar import Exemplar
from toolformer.tools.output import finished, fold
from toolformer.tools.parameters.arguments import bind
from toolformer.tools.parameters.choices import behind, reads_text
from toolformer.tools.parameters.signature import Parameter, parameters_schema
from toolformer.tools.parameters.spelling import Spelling, is_listed

_log = logging.getLogger(__name__)

RunBatch = Callable[[Sequence[Mapping[str, object]]], object]

MOST_WAITING = 32  # calls at a time of a tool that waits for a server


def suits_any(_text: str, _context: ToolContext) -> bool:
    """Accepts every text."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Tool:
    """Everything one tool is. Calling it calls its function.

    Attributes:
        name: How a call spells it.
        description: A sentence or two for the few-shot prompt and for `toolformer tools`.
        parameters: What a call fills in, in order.
        run: The function. It gets the parameters, and the context fields by keyword; what it
            returns is awaited when it is awaitable.
        run_batch: The same for several calls at once, each the keyword arguments of one: returns
            as many values in the same order, an exception for a call that failed. For a GPU or an
            endpoint; a Toolbox then gives it the calls of a pure tool that wait together.
        close: Gives back what the tool holds, such as a process or a connection; a Toolbox calls
            it once, when it is closed itself. A later call of the tool may open it again.
        state: Returns what the outputs of a pure tool depend on besides arguments and context, such
            as the time stamp of a file; calls are identical only while it is equal.
        exemplars: Texts with a call for the few-shot prompt.
        suits: Whether a text is worth trying this tool on.
        followed_by: Whether a call can help in front of a text, such as one that begins with a
            number; None where any may follow.
        pure: Whether equal arguments, context and state always give an equal output.
        context: The `ToolContext` fields the function asks for.
        vocabulary: Words that an argument may use wherever they stand in the text, lower case:
            they name a value of a parameter, such as the attributes of a database.
        schema: The JSON schema of the parameters, where the tool came with one.
        spec: The string that loads this tool again ("" when nothing does).
        options: The options in `spec`.
        isolated: Whether calls run in worker processes with limits.
        at_once: How many of its calls run at a time. None: as many as a Toolbox has workers; 32 of
            an async function in the program's own process.
        timeout_s: Seconds for one call, of an isolated tool. None: as a Toolbox has it.
        min_prob: τs, p(open marker) that a place must exceed.
        gain_threshold: τf, nats a call must save.
        max_positions: k, places sampled per text.
        samples: m, calls sampled per place.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    run: Callable[..., object]
    run_batch: RunBatch | None = None
    close: Callable[[], object] | None = None
    state: Callable[[], Hashable] | None = None
    exemplars: tuple[Exemplar, ...] = ()
    suits: Callable[[str, ToolContext], bool] = suits_any
    followed_by: Callable[[str], bool] | None = None
    pure: bool = True
    context: tuple[str, ...] = ()
    vocabulary: frozenset[str] = frozenset()
    schema: Mapping[str, object] | None = None
    spec: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    isolated: bool = False
    at_once: int | None = None
    timeout_s: float | None = None
    min_prob: float = 0.05
    gain_threshold: float = 1.0
    max_positions: int = 5
    samples: int = 5
    _spellings: dict[str, Spell] = field(
        init=False, default_factory=dict, compare=False
    )  # by grammar

    def __post_init__(self) -> None:
        if not is_tool_name(self.name):
            raise ConfigError(
                f"{self.name!r} cannot name a tool: no spaces, brackets or parentheses in it."
            )
        unknown = set(self.context) - set(ToolContext.names())
        if unknown:
            raise ConfigError(
                f"The tool {self.name} asks for the context field {min(unknown)!r}; there are: "
                f"{', '.join(ToolContext.names())}."
            )

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Calls the function, as if it had never been made a tool."""
        return self.run(*args, **kwargs)

    @property
    def signature(self) -> str:
        """How a call to it looks: `Database(entity, attribute)`."""
        return f"{self.name}({', '.join(parameter.name for parameter in self.parameters)})"

    @property
    def has_listed_values(self) -> bool:
        """Whether the values of a parameter can be listed, at least sometimes, or have a form."""
        return any(map(is_listed, self.parameters))

    def json_schema(self) -> dict[str, object]:
        """Returns name, description and the JSON schema of the parameters."""
        return {
            "name": self.name,
            "description": self.description,
            "parameters": self.schema or parameters_schema(self.parameters),
        }

    def bind(self, arguments: str) -> dict[str, object]:
        """Returns the values of the parameters that stand in the text of a call.

        Raises:
            ToolError: The text does not fit the parameters.
        """
        return bind(self.parameters, arguments, tool=self.name)

    def spelling(self, grammar: CallGrammar, before: str = "") -> Spell | None:
        """Returns what a call's arguments may continue with; None where every parameter is free.

        Args:
            grammar: of the call.
            before: the text in front of it.
        """
        if not self.has_listed_values:
            return None
        if any(reads_text(each.values) for each in self.parameters):
            parameters = [replace(p, values=behind(p.values, before)) for p in self.parameters]
            return Spelling(parameters, tool=self.name, grammar=grammar, state=self.state)
        key = repr(sorted(grammar.to_dict().items()))
        if key not in self._spellings:
            self._spellings[key] = Spelling(
                self.parameters, tool=self.name, grammar=grammar, state=self.state
            )
        return self._spellings[key]

    def execute(self, arguments: str, context: ToolContext | None = None) -> str:
        """Runs the tool on the text of a call and returns its output, one line.

        Raises:
            ToolError: A failure that the model sees; an empty output is one.
        """
        return self._output(self.run(**self._given(arguments, context)), arguments)

    def execute_batch(
        self, calls: Sequence[str], contexts: Sequence[ToolContext]
    ) -> list[str | BaseException]:
        """Runs `run_batch` on the texts of several calls.

        Returns:
            For each call its output, or the exception with which it failed.

        Raises:
            ToolError: The batch as a whole failed; so does whatever `run_batch` raises.
        """
        outcomes: list[str | BaseException] = []
        given: list[dict[str, object]] = []
        for arguments, context in zip(calls, contexts, strict=True):
            try:
                given.append(self._given(arguments, context))
                outcomes.append("")
            except ToolError as error:
                outcomes.append(error)
        readable = [index for index, outcome in enumerate(outcomes) if outcome == ""]
        values = finished(self.run_batch(given)) if self.run_batch and given else []
        if not isinstance(values, list | tuple) or len(values) != len(readable):
            raise ToolError(f"{self.name} did not give {len(readable)} results for as many calls.")
        for index, value in zip(readable, values, strict=True):
            try:
                outcomes[index] = self._output(value, calls[index])
            except BaseException as error:  # the failure of one is not that of the others
                if is_interrupt(error):
                    raise
                outcomes[index] = error
        return outcomes

    def is_tried_on(self, text: str, context: ToolContext) -> bool:
        """Returns whether the tool is worth trying on a text; where `suits` fails, it is not."""
        try:
            return bool(self.suits(text, context))
        except BaseException as error:
            if is_interrupt(error):
                raise
            _log.warning("The tool %s is not tried on a text: %s", self.name, told(error))
            return False

    def may_precede(self, text: str) -> bool:
        """Returns whether a call can help in front of a text; where `followed_by` fails, it cannot.

        Args:
            text: what follows the place, its white space included.
        """
        if self.followed_by is None:
            return True
        try:
            return bool(self.followed_by(text))
        except BaseException as error:
            if is_interrupt(error):
                raise
            _log.warning("The tool %s is not tried at a place: %s", self.name, told(error))
            return False

    def __repr__(self) -> str:
        """Returns how it is called and what loads it."""
        loaded = f" of {self.spec!r}" if self.spec else ""
        return f"<Tool {self.signature}{loaded}>"

    def _given(self, arguments: str, context: ToolContext | None) -> dict[str, object]:
        return self.bind(arguments) | (context or ToolContext()).fields(self.context)

    def _output(self, value: object, arguments: str) -> str:
        value = finished(value)
        if isinstance(value, BaseException):
            raise value
        output = fold(value)
        if not output:
            raise ToolError(f"{self.name}({clipped(arguments)}) gave no output.")
        return output
