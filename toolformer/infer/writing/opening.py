"""Where an answer takes over from its prompt.

What could belong to a call moves from the prompt's end into the answer: a call that waits for its
output or is still being written, the beginning of a lead, and white space, which a model's next
token often holds. So the model sees it spelled as it would have spelled it, and a call that fails
can be taken out whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from toolformer.calls import CallGrammar
from toolformer.infer.writing.leads import find_last, forming


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
        """How many characters at the prompt's end belong to the answer instead."""
        return len(self.prompt) - len(self.kept)


def open_answer(prompt: str, *, leads: Sequence[str], grammar: CallGrammar) -> Opening:
    """Cuts a prompt.

    Args:
        prompt: any text.
        leads: of the calls that are looked for.
        grammar: the calls'.

    >>> from toolformer.calls import InlineGrammar
    >>> grammar = InlineGrammar()
    >>> opening = open_answer("It is [Sum(2 + ", leads=[grammar.lead("Sum")], grammar=grammar)
    >>> opening.kept, opening.rest, opening.begins
    ('It is', '2 +', ' [Sum(2 + ')
    """
    stripped = prompt.rstrip()
    lead = find_last(stripped, leads)
    if lead is not None:
        end = grammar.end_of_arguments(prompt[lead.end :])
        if end is None or (end.is_closed and _waits(prompt[lead.end + end.stop :])):
            begins = prompt[lead.start :] if end is None else stripped[lead.start :]
            return Opening(prompt, prompt[: lead.start], lead.text, stripped[lead.end :], begins)
    cut = min(forming(prompt, leads), len(stripped))
    return Opening(prompt, prompt[:cut], "", stripped[cut:], prompt[cut:])


def _waits(after: str) -> bool:
    """Returns whether a call waits for its output: its line continues with nothing but spaces."""
    return not after.strip() and not {"\n", "\r"} & set(after)
