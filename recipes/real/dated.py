"""Dated sentences for the calendar: some with their calls, to be shown; others to be annotated.

The kinds are those of the evaluation's `dates`, the wordings are not; and no wording that is shown
is annotated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from recipes.reproduce.statements import DATES
from toolformer.calls import PlacedCall, ToolCall
from toolformer.evaluate.tasks.dates import draw_date_question
from toolformer.tools.exemplar import NOTATION

SHOWN = 2  # wordings of each kind that are shown
_ANSWER = "{answer}"
# What a calendar is asked for in a sentence of each kind.
_CALLS = {
    "today": "today",
    "weekday": "weekday of {date}",
    "after": "{date} + {span}",
    "before": "{date} - {span}",
    "ahead": "today + {span}",
    "ago": "today - {span}",
    "between": "days from {date} to {later}",
}


@dataclass(frozen=True, slots=True)
class DatedText:
    """A sentence, the day it was written, and the call that would have told the end of it."""

    text: str
    today: date
    placed: PlacedCall

    @property
    def shown(self) -> str:
        """The sentence with its call, as an author of exemplars writes it."""
        return NOTATION.render(self.text, [self.placed])


def shown_sentences(*, seed: int) -> Iterator[DatedText]:
    """Yields one sentence in each wording that is shown.

    >>> next(shown_sentences(seed=0)).shown
    'Today is [Calendar(today)] Wednesday, November 25, 1981.'
    """
    wordings = [(kind, each) for kind, found in DATES.items() for each in found[:SHOWN]]
    return _sentences(wordings, len(wordings), draw=f"real/shown/{seed}")


def annotated_sentences(count: int, *, seed: int) -> Iterator[DatedText]:
    """Yields sentences in the other wordings, the kinds in turn."""
    left = {kind: found[SHOWN:] for kind, found in DATES.items()}
    turns = max(map(len, left.values()))
    wordings = [
        (kind, found[turn % len(found)]) for turn in range(turns) for kind, found in left.items()
    ]
    return _sentences(wordings, count, draw=f"real/annotated/{seed}")


def _sentences(
    wordings: Sequence[tuple[str, str]], count: int, *, draw: str
) -> Iterator[DatedText]:
    for number in range(count):
        kind, wording = wordings[number % len(wordings)]
        question = draw_date_question(kind, Random(f"{draw}/{number}"))
        before, after = (
            part.format_map(question.fields) for part in wording.split(_ANSWER, maxsplit=1)
        )
        text = f"{before}{question.answers[0]}{after}"
        call = ToolCall("Calendar", _CALLS[kind].format_map(question.fields))
        placed = PlacedCall(len(before.rstrip()), call)
        yield DatedText(text[0].upper() + text[1:], question.today, placed)
