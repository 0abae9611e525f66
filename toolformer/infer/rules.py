"""What holds for every answer: the settings, the grammar, and which calls may be written."""

from dataclasses import dataclass

from toolformer.calls import CallGrammar
from toolformer.infer.config import InferConfig


@dataclass(frozen=True, slots=True)
class Rules:
    """Told to each answer's writer.

    >>> grammar = CallGrammar()
    >>> rules = Rules(InferConfig(), grammar, callable=(grammar.lead("Sum"),), barred=())
    >>> rules.tool(rules.leads[0])
    'Sum'
    """

    config: InferConfig
    grammar: CallGrammar
    callable: tuple[str, ...]  # leads of the tools that may be called
    barred: tuple[str, ...]  # leads of the tools that exist but may not

    @property
    def leads(self) -> tuple[str, ...]:
        """The leads of all tools."""
        return self.callable + self.barred

    def tool(self, lead: str) -> str:
        """Returns the name in a lead."""
        return lead.removeprefix(self.grammar.open).removesuffix("(")
