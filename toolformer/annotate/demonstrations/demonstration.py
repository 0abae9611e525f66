"""One annotated text, as the model is shown it."""

from dataclasses import dataclass

from toolformer.calls import CallGrammar, PlacedCall


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A text and the calls in it, each with its output."""

    text: str
    calls: tuple[PlacedCall, ...]  # by position

    def of(self, tool: str) -> "Demonstration":
        """Returns the text with the calls of one tool alone."""
        return Demonstration(
            self.text, tuple(each for each in self.calls if each.call.tool == tool)
        )

    def render(self, grammar: CallGrammar) -> str:
        """Returns the text with its calls written into it."""
        return grammar.render(self.text, self.calls)
