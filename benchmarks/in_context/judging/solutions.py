"""GSM8K solutions without their marks, and how much of the marks a run has recovered.

A mark is recovered by a kept call at its place with its value and its operands (`recovery.py`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import report
from benchmarks.gsm8k import as_found, compare
from benchmarks.in_context.judging.intervals import Share, by_text
from benchmarks.recovery import is_precise
from recipes.data.sources import read_gsm8k
from recipes.gsm8k import Solution, read_solution
from recipes.splits import is_held_out_gsm8k
from toolformer.records import AnnotatedDocument, Document, Verdict

DEVELOPMENT = range(400, 800)  # records that thresholds and recipes may be chosen on


@dataclass(frozen=True, slots=True)
class Recovered:
    """What calls made of the marks of one text."""

    marks: int
    recovered: int
    kept: int
    precise: int  # kept calls whose output is the number that follows
    mark_fates: Counter[str]
    call_fates: Counter[str]  # of the sampled calls, by verdict


def held_out(shared: Path, *, count: int) -> dict[str, Solution]:
    """Returns the first of the held-out solutions by id."""
    problems = read_gsm8k(shared)
    kept_out = [each for each in problems if is_held_out_gsm8k(each.index, total=len(problems))]
    return {f"gsm8k/train/{each.index}": read_solution(each.answer) for each in kept_out[:count]}


def development(shared: Path, *, count: int) -> dict[str, Solution]:
    """Returns the first of the solutions that choices are made on, by id."""
    problems = read_gsm8k(shared)[DEVELOPMENT.start : DEVELOPMENT.stop]
    return {f"gsm8k/train/{each.index}": read_solution(each.answer) for each in problems[:count]}


def as_documents(solutions: Mapping[str, Solution]) -> list[Document]:
    """Returns the solutions as texts without marks."""
    return [Document(name, solution.text) for name, solution in solutions.items()]


def recovered(annotated: AnnotatedDocument, solution: Solution) -> Recovered:
    """Returns what the calls of a text made of its marks."""
    text = annotated.document.text
    compared = list(compare(annotated, solution))
    kept = [each for each in annotated.candidates if each.verdict is Verdict.KEPT]
    return Recovered(
        marks=len(compared),
        recovered=sum(each.fate == Verdict.KEPT for each in compared),
        kept=len(kept),
        precise=sum(is_precise(as_found(each), text=text) for each in kept),
        mark_fates=Counter(each.fate for each in compared),
        call_fates=Counter(
            each.verdict.value
            for each in annotated.candidates
            if each.verdict is not None and each.arguments is not None
        ),
    )


def recovered_all(
    documents: Iterable[AnnotatedDocument], solutions: Mapping[str, Solution]
) -> list[Recovered]:
    """Returns what the calls made of the marks, text by text."""
    return [recovered(each, solutions[each.document.id]) for each in documents]


def recall(found: Sequence[Recovered], *, seed: int = 0) -> Share:
    """Returns the share of marks that were recovered."""
    return by_text([each.recovered for each in found], [each.marks for each in found], seed=seed)


def precision(found: Sequence[Recovered], *, seed: int = 0) -> Share:
    """Returns the share of kept calls whose output is the number that follows."""
    return by_text([each.precise for each in found], [each.kept for each in found], seed=seed)


def recovery_table(ways: Mapping[str, Sequence[Recovered]], *, seed: int = 0) -> str:
    """Returns how many marks each way recovered, and how right its kept calls are."""
    return report.table(
        ["", "marks", "marks recovered", "kept calls", "output is the number that follows"],
        (
            [
                name,
                sum(each.marks for each in found),
                str(recall(found, seed=seed)),
                sum(each.kept for each in found),
                str(precision(found, seed=seed)),
            ]
            for name, found in ways.items()
        ),
    )


def fates_table(ways: Mapping[str, Sequence[Recovered]], *, of_calls: bool = False) -> str:
    """Returns where the marks went in each way, or the calls that the model wrote."""
    counted = {
        name: sum(
            (each.call_fates if of_calls else each.mark_fates for each in found), Counter[str]()
        )
        for name, found in ways.items()
    }
    fates = sorted(
        set().union(*counted.values()), key=lambda fate: -sum(c[fate] for c in counted.values())
    )
    return report.table(
        ["calls" if of_calls else "marks", *counted],
        ([fate, *(each[fate] for each in counted.values())] for fate in fates),
    )
