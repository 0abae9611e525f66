"""How many facts a run's look-ups tell, and how right its kept calls are: pure functions.

A text states one fact. Its right call names the subject and the attribute; a call tells the fact
when the object is its output, or one of the values in it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import report
from benchmarks.in_context.judging.intervals import Share, by_text, wilson
from benchmarks.stated import StatedFact, fate, tells
from recipes.data.sources import Fact
from recipes.data.templates import template_sentences
from recipes.splits import EVALUATION_RELATIONS, fold
from toolformer.records import AnnotatedDocument, Candidate, Document, Verdict

REPORTED_FOLD = 2  # of T-REx: annotated and measured; recipes are chosen on folds 1 and 3


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the fact of one text."""

    is_proposed: bool  # the right call was written, at or before the object
    is_proposed_there: bool  # at the object's own place
    fate: str  # "kept", or where it was lost
    kept: int  # calls
    right: int  # of these: they stand at or before the object and tell it


def sentences(shared: Path, *, count: int, of_fold: int = REPORTED_FOLD) -> dict[str, StatedFact]:
    """Returns template sentences about facts of a fold by their text."""
    made = template_sentences(shared, count=count, seen=lambda fact: _is_of(fact, of_fold))
    return {
        each.text: StatedFact(each.fact, each.template.object_place(each.fact)) for each in made
    }


def as_documents(stated: Mapping[str, StatedFact]) -> list[Document]:
    """Returns the sentences as texts."""
    return [Document(f"template/{number}", text) for number, text in enumerate(stated)]


def is_right(candidate: Candidate, fact: Fact) -> bool:
    """Returns whether a call asks for the fact: its subject, and its attribute.

    >>> call = Candidate(3, "Database", "Peru,  capital", 0.1, 1)
    >>> is_right(call, Fact("Peru", "P36", "Lima")), is_right(call, Fact("Peru", "P30", "Lima"))
    (True, False)
    """
    entity, _, attribute = (candidate.arguments or "").rpartition(",")
    asked = entity.strip().casefold(), attribute.strip().casefold()
    return asked == (fact.subject.casefold(), fact.attribute.casefold())


def told(annotated: AnnotatedDocument, stated: StatedFact) -> Told:
    """Returns what became of the fact of a text."""
    text = annotated.document.text
    before = [each for each in annotated.candidates if each.position <= stated.place]
    right = [each for each in before if is_right(each, stated.fact)]
    kept = [each for each in annotated.candidates if each.verdict is Verdict.KEPT]
    return Told(
        is_proposed=bool(right),
        is_proposed_there=any(not text[each.position : stated.place].strip() for each in right),
        fate=fate(annotated, stated),
        kept=len(kept),
        right=sum(
            each.position <= stated.place and tells(each.output, stated.fact.object)
            for each in kept
        ),
    )


def told_all(
    documents: Iterable[AnnotatedDocument], stated: Mapping[str, StatedFact]
) -> list[Told]:
    """Returns what became of the facts, text by text."""
    return [told(each, stated[each.document.text]) for each in documents]


def precision(found: Sequence[Told], *, seed: int = 0) -> Share:
    """Returns the share of kept calls that tell the fact."""
    return by_text([each.right for each in found], [each.kept for each in found], seed=seed)


def told_table(ways: Mapping[str, Sequence[Told]], *, seed: int = 0) -> str:
    """Returns how many right calls were proposed, facts told, and kept calls right in each way."""
    header = ["", "facts", "right call proposed", "at the object", "facts told by a kept call"]
    return report.table(
        [*header, "kept calls", "that tell the fact"],
        (
            [
                name,
                len(found),
                str(wilson(sum(each.is_proposed for each in found), len(found))),
                str(wilson(sum(each.is_proposed_there for each in found), len(found))),
                str(wilson(sum(each.fate == Verdict.KEPT for each in found), len(found))),
                sum(each.kept for each in found),
                str(precision(found, seed=seed)),
            ]
            for name, found in ways.items()
        ),
    )


def fates_table(ways: Mapping[str, Sequence[Told]]) -> str:
    """Returns where the facts went in each way."""
    counted = {name: Counter(each.fate for each in found) for name, found in ways.items()}
    fates = sorted(
        set().union(*counted.values()), key=lambda fate: -sum(c[fate] for c in counted.values())
    )
    return report.table(
        ["facts", *counted], ([each, *(c[each] for c in counted.values())] for each in fates)
    )


def _is_of(fact: Fact, wanted: int) -> bool:
    return fold(fact.subject) == wanted and fact.relation not in EVALUATION_RELATIONS
