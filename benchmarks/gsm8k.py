"""Self-annotation against human marks: `python -m benchmarks.gsm8k --model nano`.

The solution texts of GSM8K's held-out records, their calculator marks taken out, are annotated with
the calculator alone. What comes back is compared with the marks; the matching is `recovery.py`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import report
from benchmarks.measure import measure, parser, read_options, settings_of
from benchmarks.outcomes import furthest
from benchmarks.recovery import (
    FoundCall,
    is_at,
    is_precise,
    is_same_calculation,
    recovers,
    rule_calls,
)
from recipes.data.sources import read_gsm8k
from recipes.gsm8k import Mark, Solution, read_solution
from recipes.splits import is_held_out_gsm8k
from toolformer.records import AnnotatedDocument, Candidate, Document, Verdict
from toolformer.runs import read_selected
from toolformer.tools.registry import load_tool

NOT_PROPOSED = "no place there"
WRONG = "wrong arguments"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One mark and what became of it."""

    mark: Mark
    found_by_rule: bool
    fate: str  # "kept", or where it was lost
    gain: float | None  # nats, of the best right call there


def read_solutions(shared: Path) -> dict[str, Solution]:
    """Returns the held-out solutions by id."""
    problems = read_gsm8k(shared)
    return {
        f"gsm8k/train/{problem.index}": read_solution(problem.answer)
        for problem in problems
        if is_held_out_gsm8k(problem.index, total=len(problems))
    }


def compare(annotated: AnnotatedDocument, solution: Solution) -> Iterator[Comparison]:
    """Yields what became of each mark of a solution."""
    text = solution.text
    rule = list(rule_calls(text))
    for mark in solution.marks:
        there = [each for each in annotated.candidates if is_at(each.position, mark, text=text)]
        right = [each for each in there if is_same_calculation(as_found(each), mark)]
        gains = [each.gain for each in right if each.gain is not None]
        yield Comparison(
            mark=mark,
            found_by_rule=any(recovers(call, mark, text=text) for call in rule),
            fate=_fate(there, right),
            gain=max(gains, default=None),
        )


def as_found(candidate: Candidate) -> FoundCall:
    """Returns a candidate as the rule's calls are written."""
    return FoundCall(candidate.position, candidate.arguments or "", candidate.output or "")


def _fate(there: Sequence[Candidate], right: Sequence[Candidate]) -> str:
    """Says how far the mark's calculation came, by the call that came furthest."""
    verdict = furthest(right)
    if verdict is not None:
        return verdict.value
    if any(each.verdict is Verdict.KEPT for each in there):
        return "another call was kept"
    if any(each.verdict is not Verdict.PRUNED for each in there):
        return WRONG
    return Verdict.PRUNED.value if there else NOT_PROPOSED


def main() -> None:
    """Runs the benchmark."""
    options = read_options(parser("GSM8K recovery: own calls against human marks.").parse_args())
    solutions = read_solutions(options.shared)
    documents = [Document(name, solution.text) for name, solution in solutions.items()]
    measured = measure(documents, [load_tool("calculator")], options)
    annotated = list(read_selected(measured.run))
    compared = [mark for each in annotated for mark in compare(each, solutions[each.document.id])]
    peeking = list(read_selected(measured.run, allow_peeking=True))
    parts = [
        _recovery(compared, annotated),
        _precision(annotated, peeking),
        "Where the marks went:",
        _losses(compared),
        "Gain of the right call, best of its place, in nats:",
        _gains(compared),
        "Cost:",
        measured.cost(),
    ]
    text = report.section(
        "GSM8K recovery",
        parts,
        module="benchmarks.gsm8k",
        settings={"texts": len(annotated), **settings_of(measured.run)},
    )
    report.publish(text, name="gsm8k", path=options.write)


def _recovery(compared: Sequence[Comparison], annotated: Sequence[AnnotatedDocument]) -> str:
    by_rule = [each for each in compared if each.found_by_rule]
    others = [each for each in compared if not each.found_by_rule]
    calls = [(call, a.document.text) for a in annotated for call in rule_calls(a.document.text)]
    precise = sum(is_precise(call, text=text) for call, text in calls)
    rows: list[list[report.Cell]] = [
        [
            "rule: the expression left of “=”, all marks",
            len(compared),
            len(by_rule),
            report.percent(len(by_rule), len(compared)),
            f"precision {report.percent(precise, len(calls))}",
        ]
    ]
    for name, marks, bar in (
        ("ours, marks the rule finds", by_rule, "≥ 60 %, goal 90 %"),
        ("ours, the other marks", others, "goal 30 %"),
    ):
        kept = sum(each.fate == Verdict.KEPT for each in marks)
        rows.append([name, len(marks), kept, report.percent(kept, len(marks)), bar])
    return report.table(["", "marks", "recovered", "recall", "bar"], rows)


def _precision(annotated: Sequence[AnnotatedDocument], peeking: Sequence[AnnotatedDocument]) -> str:
    kept = [
        (as_found(each), a.document.text)
        for a in annotated
        for each in a.candidates
        if each.verdict is Verdict.KEPT
    ]
    precise = sum(is_precise(call, text=text) for call, text in kept)
    peeks = [
        (as_found(loud), a.document.text)
        for a, b in zip(annotated, peeking, strict=True)
        for quiet, loud in zip(a.candidates, b.candidates, strict=True)
        if quiet.verdict is Verdict.PEEKS and loud.verdict is Verdict.KEPT
    ]
    precise_peeks = sum(is_precise(call, text=text) for call, text in peeks)
    return report.table(
        ["calls", "count", "output is the number that follows", "share", "bar"],
        [
            ["kept", len(kept), precise, report.percent(precise, len(kept)), "≥ 95 %"],
            [
                "would be kept, but peek",
                len(peeks),
                precise_peeks,
                report.percent(precise_peeks, len(peeks)),
                "counted apart",
            ],
        ],
    )


def _losses(compared: Sequence[Comparison]) -> str:
    by_rule = Counter(each.fate for each in compared if each.found_by_rule)
    others = Counter(each.fate for each in compared if not each.found_by_rule)
    fates = sorted({*by_rule, *others}, key=lambda fate: -by_rule[fate] - others[fate])
    return report.table(
        ["fate", "marks the rule finds", "the others"],
        ([fate, by_rule[fate], others[fate]] for fate in fates),
    )


def _gains(compared: Sequence[Comparison]) -> str:
    gains = sorted(each.gain for each in compared if each.gain is not None)
    if not gains:
        return "no right call was scored in full"
    shares = (5, 10, 25, 50, 75, 90, 95)
    picked = [gains[min(len(gains) - 1, share * len(gains) // 100)] for share in shares]
    header = ["calls", *(f"{share} %" for share in shares)]
    return report.table(header, [[len(gains), *picked]])


if __name__ == "__main__":
    main()
