"""The settings of an answer, and the rules its builder follows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import Field, field_validator

from toolformer.calls import CallGrammar, Spell, ToolCall
from toolformer.config import Config

# By grammar and the text in front of a call, what its arguments may say.
Spelling = Callable[[CallGrammar, str], Spell | None]
# Accepts a call that is left to whoever asked, or raises ToolError.
HandBack = Callable[[ToolCall], object]


class InferConfig(Config):
    """Everything that decides an answer, apart from model, prompt and tools."""

    top_k_start: int = Field(default=1, ge=0)
    """k: a call starts when its marker is among the k likeliest tokens; 0: never."""
    max_calls: int = Field(default=8, ge=0)
    """Calls per prompt, failed ones included."""
    max_new_tokens: int = Field(default=128, ge=1)
    """Tokens that the model writes, those of failed calls included; tools' outputs do not count."""
    max_call_tokens: int = Field(default=64, ge=1)
    """Tokens of a call's arguments, with what closes them."""
    temperature: float = Field(default=0.0, ge=0)
    """Temperature of sampling; 0 is greedy."""
    seed: int = 0
    """Random seed for sampling."""
    stop: tuple[str, ...] = ()
    r"""Text at which an answer ends, itself left out; \n is a line end."""
    bar_markers: bool = False
    """Disable calls: the open marker is impossible everywhere."""
    max_streams: int = Field(default=32, ge=1)
    """Prompts decoded side by side."""

    @field_validator("stop")
    @classmethod
    def _check_stop(cls, stop: tuple[str, ...]) -> tuple[str, ...]:
        if "" in stop:
            raise ValueError("an empty text would end every answer before it begins")
        return stop


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one answer: its settings, and its tools as the grammar writes them."""

    config: InferConfig
    grammar: CallGrammar
    callable: tuple[str, ...]  # leads of the tools that may be called
    barred: tuple[str, ...]  # leads of the tools that exist but may not
    spellings: Mapping[str, Spelling] = field(default_factory=dict)  # by lead
    hand_back: HandBack | None = None

    @property
    def leads(self) -> tuple[str, ...]:
        """The leads of all tools."""
        return self.callable + self.barred
