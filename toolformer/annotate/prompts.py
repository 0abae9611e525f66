"""How a model is asked for calls, written from a tool's exemplars by the grammar."""

from collections.abc import Sequence

from toolformer.calls import CallGrammar, PlacedCall, ToolCall
from toolformer.lm.base import Prompt
from toolformer.sidecar import PromptStyle
from toolformer.tools.base import Exemplar, Tool


class Prompts:
    """How the tools of a run are asked for; what is the same for every text is written once."""

    def __init__(self, tools: Sequence[Tool], style: PromptStyle, grammar: CallGrammar) -> None:
        self.style = style
        self._shared = {
            tool.name: build_prompt(style, tool, "", grammar=grammar).shared for tool in tools
        }

    @property
    def are_empty(self) -> bool:
        """Whether the model is asked nothing, because it was tuned on calls.

        It then gives the open marker a share of the probability at every place, which is taken out
        of its losses.
        """
        return self.style is PromptStyle.NONE

    def shared(self, tool: Tool) -> str:
        """Returns what every prompt for a tool begins with."""
        return self._shared[tool.name]

    def of(self, tool: Tool, text: str) -> Prompt:
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
