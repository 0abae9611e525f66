"""How a model is asked for calls: by the paper's instruction, or by texts with calls in them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from toolformer.annotate.demonstrations.demonstration import Demonstration
from toolformer.annotate.demonstrations.pool import Pool
from toolformer.calls import CallGrammar, PlacedCall, ToolCall
from toolformer.lm.base import Prompt
from toolformer.sidecar import PromptStyle
from toolformer.tools.base import Tool
from toolformer.tools.exemplar import Exemplar

_SEPARATOR = "\n\n"


class Prompts(Protocol):
    """How the tools of a run are asked for."""

    style: PromptStyle

    @property
    def are_empty(self) -> bool:
        """Whether the model is asked nothing, because it was tuned on calls.

        It then gives the open marker a share of the probability at every place, which is taken out
        of its losses.
        """

    @property
    def copies(self) -> int:
        """How often a prompt and its text hold the text."""

    def longest(self, tool: Tool) -> str:
        """Returns a prompt for a tool, without a text, than which none is longer."""

    def is_shared(self, tool: Tool) -> bool:
        """Returns whether all texts have the same prompt for a tool, but for the text itself."""

    def of(self, tool: Tool, text: str, *, document: str) -> Prompt:
        """Returns the prompt that asks for calls of a tool in a text.

        Args:
            tool: one of the run's.
            text: a window of a document, or all of it.
            document: the whole text, no other part of which is shown.
        """


class DemonstrationPrompts:
    """Implements `Prompts`: annotated texts, parted by blank lines, and then the text itself.

    Args:
        pools: the demonstrations by tool name.
        nearest: how many of them, those nearest to it, a text is shown; 0 shows the same to all,
            None leaves it to the pool.
        grammar: how calls are written.
    """

    style = PromptStyle.DEMONSTRATIONS
    are_empty = False
    copies = 1

    def __init__(
        self, pools: Mapping[str, Pool], *, nearest: int | None, grammar: CallGrammar
    ) -> None:
        self._pools = pools
        self._nearest = {
            name: pool.default_nearest if nearest is None else nearest
            for name, pool in pools.items()
        }
        self._grammar = grammar
        # What every text is shown; nothing where each has its own.
        self._static = {
            name: () if self._nearest[name] else pool.static() for name, pool in pools.items()
        }
        self._shared = {name: self._show(shown) for name, shown in self._static.items()}

    def longest(self, tool: Tool) -> str:
        """Returns the demonstrations that all texts are shown, or the longest that one could be."""
        count = self._nearest[tool.name]
        if not count:
            return self._shared[tool.name]
        return self._show(self._pools[tool.name].longest(count))

    def is_shared(self, tool: Tool) -> bool:
        """Returns whether all texts are shown the same, and not what is nearest to them."""
        return self._nearest[tool.name] == 0

    def of(self, tool: Tool, text: str, *, document: str) -> Prompt:
        """Returns the demonstrations of a tool for a text; what would give it away is left out."""
        count, pool = self._nearest[tool.name], self._pools[tool.name]
        if count:
            return Prompt("", self._show(pool.nearest(text, count, document=document)))
        static = self._static[tool.name]
        others = [each for each in static if not each.gives_away(document)]
        if len(others) == len(static):
            return Prompt(self._shared[tool.name], "")
        return Prompt("", self._show(others))

    def _show(self, demonstrations: Sequence[Demonstration]) -> str:
        return "".join(each.render(self._grammar) + _SEPARATOR for each in demonstrations)


class AskingPrompts:
    """Implements `Prompts`: the model is asked for a copy of the text with calls in it.

    What is the same for every text is written once.
    """

    def __init__(self, tools: Sequence[Tool], style: PromptStyle, grammar: CallGrammar) -> None:
        self.style = style
        self._shared = {
            tool.name: build_prompt(style, tool, "", grammar=grammar).shared for tool in tools
        }

    @property
    def are_empty(self) -> bool:
        """Whether the model is asked nothing, because it was tuned on calls."""
        return self.style is PromptStyle.NONE

    @property
    def copies(self) -> int:
        """Returns 2, since the prompt shows the text and then its copy; 1 without a prompt."""
        return 1 if self.are_empty else 2

    def longest(self, tool: Tool) -> str:
        """Returns what every prompt for a tool begins with; the rest is the text."""
        return self._shared[tool.name]

    def is_shared(self, tool: Tool) -> bool:  # noqa: ARG002
        """Returns True: only the text differs."""
        return True

    def of(self, tool: Tool, text: str, *, document: str) -> Prompt:  # noqa: ARG002
        """Returns the prompt that asks for calls of a tool in a text."""
        return Prompt(self._shared[tool.name], "" if self.are_empty else _own(text))


def build_prompt(style: PromptStyle, tool: Tool, text: str, *, grammar: CallGrammar) -> Prompt:
    """Returns the prompt under which a model copies a text and adds calls of one tool."""
    if style is PromptStyle.NONE:
        return Prompt(shared="", own="")
    if style is PromptStyle.BRIEF:
        return brief_prompt(tool.signature, text)
    names = [parameter.name for parameter in tool.parameters]
    spelled = grammar.spell(", ".join(names), lambda _: {name: name for name in names})
    shape = grammar.format(ToolCall(tool.name, spelled)).strip()
    instruction = (
        f"Your task is to add calls of the tool {tool.name} to a piece of text. "
        f"{tool.description.strip()} The calls should help you get information required to "
        f'complete the text. You call the tool by writing "{shape}". Here are some examples:\n\n'
    )
    shots = (_shot(tool, each, grammar) for each in tool.exemplars)
    return Prompt(shared=instruction + "".join(shots), own=_own(text))


def brief_prompt(signature: str, text: str) -> Prompt:
    r"""Returns the prompt of a model that was taught to follow a tool's signature alone.

    >>> brief_prompt("Calculator(expression)", "It is 5.")
    Prompt(shared='Tool: Calculator(expression)\n', own='Input:\nIt is 5.\nOutput:\n')
    """
    return Prompt(shared=f"Tool: {signature}\n", own=_own(text))


def _own(text: str) -> str:
    return f"Input:\n{text}\nOutput:\n"


def _shot(tool: Tool, exemplar: Exemplar, grammar: CallGrammar) -> str:
    text = exemplar.before + exemplar.after
    arguments = grammar.spell(exemplar.arguments, tool.bind)
    call = PlacedCall(len(exemplar.before), ToolCall(tool.name, arguments))
    return f"Input:\n{text}\nOutput:\n{grammar.render(text, [call])}\n\n"
