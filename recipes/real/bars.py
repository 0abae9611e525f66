"""What the tuned models must show, beside what they did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks import report
from toolformer.evaluate.counts import ACCURACY
from toolformer.evaluate.results import Results

CONTROL, BASE, DISABLED = "control", "base", "tuned, calls disabled"
NOT_MEASURED = "–"

# What an arm has in the results, in points or percent; None where it was not measured.
Measure = Callable[[Results, str], float | None]


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing to be shown: how it is measured, and what it should be."""

    name: str
    measure: Measure
    wanted: float
    goal: float | None = None
    at_most: bool = False

    def is_met(self, measured: float | None) -> bool:
        """Returns whether a number is on the right side."""
        if measured is None:
            return False
        return measured <= self.wanted if self.at_most else measured >= self.wanted

    @property
    def sign(self) -> str:
        """The side on which numbers should be."""
        return "≤" if self.at_most else "≥"


def above(task: str, other: str) -> Measure:
    """Measures by how many points an arm is righter than another on a task."""

    def measure(results: Results, arm: str) -> float | None:
        own, others = (_share(results, task, each, ACCURACY.name) for each in (arm, other))
        return None if own is None or others is None else own - others

    return measure


def share(task: str, metric: str, *, k: int | None = None) -> Measure:
    """Measures a metric of a task that is a share, in percent."""
    return lambda results, arm: _share(results, task, arm, metric, k=k)


def perplexity_above(task: str, other: str) -> Measure:
    """Measures by how many percent a model's perplexity is above another's, its calls disabled."""

    def measure(results: Results, arm: str) -> float | None:
        disabled = results.cell(task, f"{arm}, calls disabled") or results.cell(task, arm)
        cells = [disabled, results.cell(task, other)]
        own, others = (
            None if cell is None or cell.scores is None else cell.scores.perplexity
            for cell in cells
        )
        return None if own is None or others is None else 100 * (own / others - 1)

    return measure


def _share(
    results: Results, task: str, arm: str, metric: str, *, k: int | None = None
) -> float | None:
    cell = results.cell(task, arm, k)
    line = next((each for each in results.tasks if each.name == task), None)
    if cell is None or line is None:
        return None
    number = results.numbers(line, cell).get(metric)
    return None if number is None else 100 * number.value


BARS = (
    Bar("`steps`: live − control, points", above("steps", CONTROL), 15, 30),
    Bar("`steps`: live − base, points", above("steps", BASE), 10, 25),
    Bar(
        "`steps`, numbers of 4 to 6 digits: live − control, points",
        above("steps with 4 to 6 digits", CONTROL),
        40,
        70,
    ),
    Bar("T-REx: live − control, points", above("T-REx", CONTROL), 25, 45),
    Bar(
        "T-REx edited: follows the edit, of what it told before, %",
        share("T-REx edited", "follows the edit, of what it told before"),
        95,
    ),
    Bar(
        "T-REx deleted: forgets what was deleted, of what it told before, %",
        share("T-REx deleted", "forgets what was deleted, of what it told before"),
        95,
    ),
    Bar("dates: live − control, points", above("dates", CONTROL), 40, 70),
    Bar(
        "perplexity WikiText-2, calls disabled, above control, %",
        perplexity_above("perplexity WikiText-2", CONTROL),
        1,
        at_most=True,
    ),
    Bar(
        "perplexity Wikipedia, calls disabled, above control, %",
        perplexity_above("perplexity Wikipedia", CONTROL),
        1,
        at_most=True,
    ),
    Bar(
        "C4, texts that need no call: with one at k = 1, %",
        share("restraint C4", "inputs with a call", k=1),
        3,
        at_most=True,
    ),
    Bar(
        "Wikipedia, texts that need no call: with one at k = 1, %",
        share("restraint Wikipedia", "inputs with a call", k=1),
        3,
        at_most=True,
    ),
)


def bars_table(results: Results | None, arms: Sequence[str]) -> str:
    """Returns every bar as Markdown, a column an arm; what was not measured is a dash.

    Args:
        results: None for nothing measured at all.
        arms: the tuned models with live calls, by the names of their columns.
    """
    rows = []
    for bar in BARS:
        measured = [None if results is None else bar.measure(results, arm) for arm in arms]
        cells = [_written(bar, each) for each in measured]
        goal = NOT_MEASURED if bar.goal is None else f"{bar.goal:g}"
        rows.append([bar.name, *cells, f"{bar.sign} {bar.wanted:g}", goal])
    return report.table(["", *arms, "bar", "goal"], rows)


def _written(bar: Bar, measured: float | None) -> str:
    if measured is None:
        return NOT_MEASURED
    return f"{measured:.1f}" if bar.is_met(measured) else f"{measured:.1f} (**not met**)"
