"""One annotated text, as the model is shown it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from toolformer.calls import CallGrammar, PlacedCall
from toolformer.tools.base import Tool


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A text and the calls in it, each with its output."""

    text: str
    calls: tuple[PlacedCall, ...]  # by position
    today: date | None = None  # the text's own, by which the outputs were computed

    def of(self, tool: str) -> "Demonstration":
        """Returns the text with the calls of one tool alone."""
        return replace(self, calls=tuple(each for each in self.calls if each.call.tool == tool))

    def spelled(self, grammar: CallGrammar, tools: Mapping[str, Tool]) -> "Demonstration":
        """Returns the text with its calls' arguments as a grammar writes them.

        Args:
            grammar: the model's.
            tools: those of the calls, by name; a Toolbox is such a mapping.

        Raises:
            ToolError: the arguments of a call do not fit its tool.
        """
        return replace(
            self,
            calls=tuple(
                replace(
                    placed,
                    call=replace(
                        placed.call,
                        arguments=grammar.spell(
                            placed.call.arguments, tools[placed.call.tool].bind
                        ),
                    ),
                )
                for placed in self.calls
            ),
        )

    @property
    def asked(self) -> "Demonstration":
        """The text with its calls, without their outputs."""
        return replace(self, calls=tuple(replace(each, output=None) for each in self.calls))

    def gives_away(self, document: str) -> bool:
        """Returns whether it says what a document says: is it, a part of it, or has it as a part.

        A model that was shown it would be asked for what it has just read.
        """
        own, document = self.text.strip(), document.strip()
        return own in document or document in own

    def render(self, grammar: CallGrammar) -> str:
        """Returns the text with its calls written into it."""
        return grammar.render(self.text, self.calls)
