"""When a look-up gives the object that a text goes on to state: pure functions over candidates.

Several values joined by ", " count when the object is among them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.outcomes import furthest
from recipes.data.sources import Fact
from toolformer.records import AnnotatedDocument, Candidate, Verdict


@dataclass(frozen=True, slots=True)
class StatedFact:
    """A fact in a text, and the character offset its object stands at."""

    fact: Fact
    place: int


def tells(output: str | None, wanted: str) -> bool:
    """Says whether an output is the object, or holds it among its values.

    >>> tells("Italy, Switzerland", "Switzerland"), tells("Northern Ireland", "Ireland")
    (True, False)
    """
    if output is None:
        return False
    values = [value.strip().casefold() for value in output.split(",")]
    return wanted.casefold() in (output.strip().casefold(), *values)


def fate(annotated: AnnotatedDocument, stated: StatedFact) -> str:
    """Says what became of a fact, by the call that came furthest.

    "kept" when a call that tells the object was kept at or before the object; else the verdict of
    one that tells it; else what stood at the object's place.
    """
    before = [each for each in annotated.candidates if each.position <= stated.place]
    telling = [each for each in before if tells(each.output, stated.fact.object)]
    verdict = furthest(telling)
    if verdict is not None:
        return verdict.value
    there = at_object(annotated, stated)
    if not there:
        return "no place at the object"
    if all(each.verdict is Verdict.PRUNED for each in there):
        return Verdict.PRUNED.value
    if all(each.verdict is Verdict.TOOL_ERROR for each in there if each.arguments is not None):
        return "unknown to the database"
    return "another answer"


def at_object(annotated: AnnotatedDocument, stated: StatedFact) -> Sequence[Candidate]:
    """Returns the candidates right before the object: only a space, a quote or "the" between."""
    text = annotated.document.text
    between = ((each, text[each.position : stated.place]) for each in annotated.candidates)
    return [
        each
        for each, words in between
        if each.position <= stated.place and words.strip(' "“').casefold() in ("", "the", "a", "an")
    ]
