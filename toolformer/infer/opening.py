"""Where an answer takes over from its prompt.

What could belong to a call moves from the prompt's end into the answer: a call that waits for its
output or is still being written, the beginning of a lead, and white space, which a model's next
token often holds. So the model sees it spelled as it would have spelled it, and a call that fails
can be taken out whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from toolformer.calls import CallGrammar, closing_parenthesis
from toolformer.infer.leads import find_last, forming


@dataclass(frozen=True, slots=True)
class Opening:
    """A prompt, cut where its answer begins."""

    prompt: str
    kept: str  # what the model is given as its prompt
    lead: str  # of a call that has begun in the prompt; "" if there is none
    rest: str  # what follows the lead, or without one the beginning of a lead
    begins: str  # what the answer is to begin with: lead and rest, and white space after them

    @property
    def taken(self) -> int:
        """How many characters at the prompt's end stand in the answer instead."""
        return len(self.prompt) - len(self.kept)


def open_answer(prompt: str, *, leads: Sequence[str], grammar: CallGrammar) -> Opening:
    """Cuts a prompt.

    Args:
        prompt: any text.
        leads: of the calls that are looked for.
        grammar: the calls'.

    >>> grammar = CallGrammar()
    >>> opening = open_answer("It is [Sum(2 + ", leads=[grammar.lead("Sum")], grammar=grammar)
    >>> opening.kept, opening.rest, opening.begins
    ('It is', '2 +', ' [Sum(2 + ')
    """
    stripped = prompt.rstrip()
    lead = find_last(stripped, leads)
    if lead is not None and _is_open(stripped[lead.end :], prompt[lead.end :], grammar):
        rest = stripped[lead.end :]
        is_written = closing_parenthesis(rest) is not None
        begins = stripped[lead.start :] if is_written else prompt[lead.start :]
        return Opening(prompt, prompt[: lead.start], lead.text, rest, begins)
    cut = forming(prompt, leads) if stripped == prompt else len(stripped)
    return Opening(prompt, prompt[:cut], "", stripped[cut:], prompt[cut:])


def _is_open(rest: str, unstripped: str, grammar: CallGrammar) -> bool:
    """Says whether what follows a lead ends a text as a call without output does."""
    if "\n" in unstripped or "\r" in unstripped or grammar.holds_lead(rest):
        return False
    return closing_parenthesis(rest) in (None, len(rest) - 1)
