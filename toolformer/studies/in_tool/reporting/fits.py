"""From recall to what it takes: fewest parameters for a number of facts, a line, a crossing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean

from toolformer.studies.in_tool.data.questions import Mode
from toolformer.studies.in_tool.experiment.results import Row
from toolformer.studies.in_tool.reporting.published import RECALL


@dataclass(frozen=True, slots=True)
class Fewest:
    """The fewest parameters with which models reach the recall, over seeds."""

    by_seed: tuple[float, ...]  # of the seeds that reach it
    seeds: int  # in all

    @property
    def mean(self) -> float | None:
        """Over the seeds; None where one of them does not reach it."""
        return mean(self.by_seed) if self.by_seed and len(self.by_seed) == self.seeds else None


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line: parameters = `base` + `slope` · facts."""

    base: float
    slope: float

    def at(self, facts: float) -> float:
        """Returns the parameters of a number of facts."""
        return self.base + self.slope * facts


def fewest_parameters(
    rows: Iterable[Row], *, wanted: float = RECALL
) -> dict[tuple[Mode, int, float], Fewest]:
    """Returns by mode, facts and alpha how many parameters it takes to reach a recall."""
    groups: dict[tuple[Mode, int, float], dict[int, list[Row]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for row in rows:
        groups[row.mode, row.facts, row.alpha][row.seed].append(row)
    found = {}
    order = list(Mode)
    for key, by_seed in sorted(groups.items(), key=lambda it: (order.index(it[0][0]), *it[0][1:])):
        reached = [
            first_reaching([(each.parameters, each.recall) for each in models], wanted=wanted)
            for _, models in sorted(by_seed.items())
        ]
        found[key] = Fewest(tuple(each for each in reached if each is not None), len(reached))
    return found


def first_reaching(points: Iterable[tuple[float, float]], *, wanted: float) -> float | None:
    """Returns where recall first reaches a value; None where it never does.

    Between a model that does not and the next larger one that does, recall is taken for a straight
    line. Of a smallest model that does already, its own size is returned: less may do.

    >>> first_reaching([(100, 0.25), (200, 0.5), (300, 1.0)], wanted=0.75)
    250.0
    >>> first_reaching([(100, 0.5)], wanted=0.75)
    """
    before: tuple[float, float] | None = None
    for size, recall in sorted(points):
        if recall >= wanted:
            if before is None:
                return size
            return before[0] + (size - before[0]) * (wanted - before[1]) / (recall - before[1])
        before = size, recall
    return None


def fitted_line(points: Sequence[tuple[float, float]]) -> Line | None:
    """Returns the line of least squares through (facts, parameters); None of fewer than two.

    >>> fitted_line([(0, 100), (100, 900), (200, 1700)])
    Line(base=100.0, slope=8.0)
    """
    if len({facts for facts, _ in points}) < 2:
        return None
    middle, height = mean(facts for facts, _ in points), mean(size for _, size in points)
    spread = sum((facts - middle) ** 2 for facts, _ in points)
    slope = sum((facts - middle) * (size - height) for facts, size in points) / spread
    return Line(height - slope * middle, slope)


def line_of(fewest: Mapping[tuple[Mode, int, float], Fewest], mode: Mode) -> Line | None:
    """Returns the line through the means of a mode, of facts that no family decides."""
    return fitted_line(
        [
            (float(facts), each.mean)
            for (of, facts, alpha), each in fewest.items()
            if of is mode and alpha == 1 and each.mean is not None
        ]
    )


def crossing(fewest: Mapping[tuple[Mode, int, float], Fewest]) -> float | None:
    """Returns from how many facts on the tool needs fewer parameters than weights do.

    That is where the difference of the two first changes its sign, on straight lines between
    neighbouring numbers of facts; None where it does not.
    """
    differences = []
    for (mode, facts, alpha), each in fewest.items():
        other = fewest.get((Mode.TOOL, facts, alpha))
        if mode is Mode.WEIGHT and alpha == 1 and other and each.mean and other.mean:
            differences.append((facts, each.mean - other.mean))
    for (left, before), (right, after) in pairwise(differences):
        if before <= 0 < after:
            return left + (right - left) * -before / (after - before)
    return None
