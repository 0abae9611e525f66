"""The settings of an answer, and the rules its builder follows."""

from dataclasses import dataclass

from pydantic import Field, field_validator

from toolformer.calls import CallGrammar
from toolformer.config import Config


class InferConfig(Config):
    """Everything that decides an answer, apart from model, prompt and tools."""

    # k: a call starts when the open marker is among the k likeliest tokens; 0: never by rank
    top_k_start: int = Field(default=1, ge=0)
    max_calls: int = Field(default=8, ge=0)  # per prompt, failed ones included
    # Tokens the model chooses itself, those of failed calls included; what is fed does not count.
    max_new_tokens: int = Field(default=128, ge=1)
    max_call_tokens: int = Field(default=64, ge=1)  # for a call's arguments, their ")" included
    temperature: float = Field(default=0.0, ge=0)  # 0 is greedy
    seed: int = 0
    stop: tuple[str, ...] = ()  # text at which an answer ends; it is left out
    bar_markers: bool = False  # calls disabled: the open marker is impossible everywhere
    max_streams: int = Field(default=32, ge=1)  # prompts decoded side by side

    @field_validator("stop")
    @classmethod
    def _check_stop(cls, stop: tuple[str, ...]) -> tuple[str, ...]:
        if "" in stop:
            raise ValueError("an empty text would end every answer before it begins")
        return stop


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one answer: its settings, and its tools as the grammar writes them.

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
