"""How a model is asked for calls, written from a tool's exemplars by the grammar.

Knows no tool: what it needs of one comes as plain values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from toolformer.calls import CallGrammar, PlacedCall, ToolCall


class PromptStyle(StrEnum):
    """How much a model has to be told."""

    FEW_SHOT = "few-shot"  # any pretrained model
    BRIEF = "brief"  # a model that was taught to follow the tool's signature alone
    NONE = "none"  # a model that was tuned on calls


class Demonstration(Protocol):
    """A text with a call in it: `before`, the call, `after`."""

    @property
    def before(self) -> str:
        """The text up to the call."""

    @property
    def arguments(self) -> str:
        """The call's arguments."""

    @property
    def after(self) -> str:
        """The text from the call on."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What stands before the copy of a text; the copy follows directly."""

    shared: str  # the same for every text of a tool, so that it is computed once
    own: str  # holds this text


def build_prompt(
    style: PromptStyle,
    text: str,
    *,
    tool: str,
    signature: str,
    description: str,
    exemplars: Sequence[Demonstration],
    grammar: CallGrammar,
) -> Prompt:
    r"""Returns the prompt under which a model copies a text and adds calls of one tool.

    >>> build_prompt(
    ...     PromptStyle.BRIEF, "It is 5.", tool="Calculator", signature="Calculator(expression)",
    ...     description="", exemplars=[], grammar=CallGrammar(),
    ... )
    Prompt(shared='Tool: Calculator(expression)\n', own='Input:\nIt is 5.\nOutput:\n')
    """
    if style is PromptStyle.NONE:
        return Prompt(shared="", own="")
    own = f"Input:\n{text}\nOutput:\n"
    if style is PromptStyle.BRIEF:
        return Prompt(shared=f"Tool: {signature}\n", own=own)
    parameters = signature.removeprefix(f"{tool}(").removesuffix(")")
    shape = grammar.format(ToolCall(tool, parameters)).strip()
    instruction = (
        f"Your task is to add calls of the tool {tool} to a piece of text. "
        f"{description.strip()} The calls should help you get information required to complete "
        f'the text. You call the tool by writing "{shape}". Here are some examples:\n\n'
    )
    return Prompt(
        shared=instruction + "".join(_shot(tool, each, grammar) for each in exemplars), own=own
    )


def _shot(tool: str, exemplar: Demonstration, grammar: CallGrammar) -> str:
    text = exemplar.before + exemplar.after
    call = PlacedCall(len(exemplar.before), ToolCall(tool, exemplar.arguments))
    return f"Input:\n{text}\nOutput:\n{grammar.render(text, [call])}\n\n"
