"""The prompts of a run's tools; what is the same for every text is written once."""

from collections.abc import Sequence

from toolformer.calls import CallGrammar
from toolformer.prompt import Prompt, PromptStyle, build_prompt
from toolformer.tools.base import Tool


class Prompts:
    """How the tools are asked for in a text."""

    def __init__(self, tools: Sequence[Tool], style: PromptStyle, grammar: CallGrammar) -> None:
        self.style = style
        self._grammar = grammar
        self._shared = {tool.name: self._build(tool, "", exemplars=True).shared for tool in tools}

    @property
    def are_empty(self) -> bool:
        """Says whether the model is asked nothing, because it was tuned on calls.

        It then gives the open marker a share of the probability at every place, which is taken out
        of its losses.
        """
        return self.style is PromptStyle.NONE

    def shared(self, tool: Tool) -> str:
        """Returns what every prompt for a tool begins with."""
        return self._shared[tool.name]

    def of(self, tool: Tool, text: str) -> Prompt:
        """Returns the prompt that asks for calls of a tool in a text."""
        return Prompt(self._shared[tool.name], self._build(tool, text, exemplars=False).own)

    def _build(self, tool: Tool, text: str, *, exemplars: bool) -> Prompt:
        return build_prompt(
            self.style,
            text,
            tool=tool.name,
            signature=tool.signature,
            description=tool.description,
            exemplars=tool.exemplars if exemplars else (),
            grammar=self._grammar,
        )
