"""Exemplars for the calendar: dated sentences with the calls that would have told their ends.

The sentences are of the kinds and wordings of those that are annotated (`statements.dated`), about
other days. As exemplars taken from somebody's own corpus they have about half of its wordings. The
evaluation's `dates` asks for the same kinds in none of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from recipes.reproduce.statements import DATES
from toolformer.calls import PlacedCall, ToolCall
from toolformer.evaluate.tasks.dates import draw_date_question
from toolformer.tools.exemplar import NOTATION

SHOWN = 5  # wordings of each kind, of 9 to 12
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
class DatedExemplar:
    """A sentence with its call written into it, and the day it was written."""

    text: str
    today: date


def dated_exemplars(*, seed: int) -> Iterator[DatedExemplar]:
    """Yields a sentence in each of the first wordings of every kind.

    >>> next(dated_exemplars(seed=0)).text
    'Today is [Calendar(today)] Saturday, September 9, 2006.'
    """
    for kind, wordings in DATES.items():
        for number, wording in enumerate(wordings[:SHOWN]):
            question = draw_date_question(kind, Random(f"real/shown/{seed}/{kind}/{number}"))
            before, after = (
                part.format_map(question.fields) for part in wording.split("{answer}", maxsplit=1)
            )
            text = f"{before}{question.answers[0]}{after}"
            call = ToolCall("Calendar", _CALLS[kind].format_map(question.fields))
            placed = PlacedCall(len(before.rstrip()), call)
            yield DatedExemplar(
                NOTATION.render(text[0].upper() + text[1:], [placed]), question.today
            )
