"""What a reproduction must show, beside what it did; and how that differs from seed to seed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks import report
from toolformer.evaluate.arm import PRIOR
from toolformer.evaluate.counts import Counts
from toolformer.evaluate.results import Results

TUNED, CONTROL, DISABLED = "tuned", "control", "tuned, calls disabled"
FACTS, EDITED = "T-REx", "T-REx edited"


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing to be shown: its number, in percent or points, and what it should be."""

    name: str
    measured: float | None  # None where it was not measured
    wanted: float
    at_most: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the number is on the right side."""
        if self.measured is None:
            return False
        return self.measured <= self.wanted if self.at_most else self.measured >= self.wanted


def bars(results: Results) -> str:
    """Returns the table of bars as Markdown."""
    rows = [
        [
            bar.name,
            "–" if bar.measured is None else f"{bar.measured:.1f}",
            f"{'≤' if bar.at_most else '≥'} {bar.wanted:g}",
            "met" if bar.is_met else "**not met**",
        ]
        for bar in all_bars(results)
        if bar.measured is not None
    ]
    return report.table(["", "measured", "bar", ""], rows)


def all_bars(results: Results) -> list[Bar]:
    """Returns every bar of the reproduction, in points of accuracy or in percent."""
    found = []
    for task, points in ((FACTS, 40.0), ("dates", 50.0), ("arithmetic", 50.0)):
        for column in (CONTROL, PRIOR):
            name = f"{task}: tuned above {column}, points"
            found.append(Bar(name, _above(results, task, column), points))
    for column in (CONTROL, PRIOR):
        name = f"{FACTS}, hard: tuned above {column}, points"
        found.append(Bar(name, _above(results, FACTS, column, tag="hard"), 40.0))
    for task in ("perplexity WikiText-2", "perplexity Wikipedia"):
        name = f"{task}: tuned, calls disabled, above control, %"
        found.append(Bar(name, _perplexity_above(results, task), 2.0, at_most=True))
    for task in ("restraint C4", "restraint Wikipedia"):
        counts = _counts(results, task, TUNED, k=1)
        started = None if counts is None else 100 * counts.started / counts.inputs
        found.append(Bar(f"{task}: inputs with a call at k = 1, %", started, 5.0, at_most=True))
    edited = _counts(results, EDITED, TUNED)
    follows = None if edited is None else 100 * edited.right_called / max(1, edited.called)
    found.append(Bar(f"{EDITED}: right of those that called, %", follows, 95.0))
    return found


def by_seed(results: Sequence[Results]) -> str:
    """Returns the accuracies of the tuned model and the bars' numbers, a column a seed."""
    lines: list[tuple[str, Callable[[Results], float | None]]] = [
        (f"{task}: tuned, %", lambda each, task=task: _percent(each, task, TUNED))  # type: ignore[misc]
        for task in (FACTS, "dates", "arithmetic")
    ]
    rows = [[name, *(_written(value(each)) for each in results)] for name, value in lines]
    for number, bar in enumerate(all_bars(results[0])):
        rows.append([bar.name, *(_written(all_bars(each)[number].measured) for each in results)])
    return report.table(["", *(f"seed {seed}" for seed in range(len(results)))], rows)


def _written(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _above(results: Results, task: str, column: str, *, tag: str | None = None) -> float | None:
    tuned, other = (_percent(results, task, each, tag=tag) for each in (TUNED, column))
    return None if tuned is None or other is None else tuned - other


def _percent(results: Results, task: str, column: str, *, tag: str | None = None) -> float | None:
    counts = _counts(results, task, column, tag=tag)
    return None if counts is None or not counts.inputs else 100 * counts.accuracy


def _counts(
    results: Results, task: str, column: str, *, tag: str | None = None, k: int | None = None
) -> Counts | None:
    cell = results.cell(task, column, k)
    if cell is None:
        return None
    return cell.counts if tag is None else cell.by_tag.get(tag)


def _perplexity_above(results: Results, task: str) -> float | None:
    cells = [results.cell(task, column) for column in (DISABLED, CONTROL)]
    scores = [None if cell is None else cell.scores for cell in cells]
    if scores[0] is None or scores[1] is None:
        return None
    return 100 * (scores[0].perplexity / scores[1].perplexity - 1)
