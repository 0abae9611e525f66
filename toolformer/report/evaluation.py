"""An evaluation as a report shows it: its tables as they are, and figures of the main ones."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolformer.errors import RunError, clipped
from toolformer.evaluate.arm import Calls
from toolformer.evaluate.counts import STARTED
from toolformer.evaluate.metric import reduce_all
from toolformer.evaluate.results import ArmLine, Results, TaskLine, read_results
from toolformer.evaluate.tables import TableText, tables
from toolformer.report.figures import COLOURS, as_svg, colour, new_figure
from toolformer.report.visible import visible

if TYPE_CHECKING:
    from markupsafe import Markup

_ROW = 18  # pixels


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure with its heading, and which colour is what."""

    title: str
    svg: "Markup"
    legend: tuple[str, ...] = ()  # by the number of the colour


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a report says of an evaluation."""

    name: str
    tables: tuple[TableText, ...]
    plots: tuple[Plot, ...]


def view_evaluation(directory: Path, *, number: int) -> Evaluation:
    """Returns what a report says of the evaluation in a directory.

    Raises:
        RunError: there is none, or its results cannot be read.
    """
    results = read_results(directory)
    if results is None:
        raise RunError(
            f"'{directory}' holds no results of an evaluation: name what `toolformer evaluate` "
            "wrote with --out."
        )
    plots = [*_shares(results, f"e{number}"), *_sweeps(results, f"e{number}")]
    return Evaluation(directory.resolve().name, tuple(tables(results)), tuple(plots))


def _shares(results: Results, name: str) -> Iterator[Plot]:
    """Yields one figure of the first proportion of each task, with intervals, arm by arm."""
    rows = [
        (task, metric, points)
        for task in results.tasks
        for metric in results.metrics(task)[:1]
        if (points := _points(results, task, metric))
    ]
    if not rows:
        return
    arms = [arm for arm in results.arms if any(arm.name in points for _, _, points in rows)]
    lines = sum(len(points) + 1 for _, _, points in rows)
    figure, axes = new_figure(360, 50 + _ROW * lines)
    at, ticks, labels = 0, [], []
    for task, metric, points in rows:
        ticks.append(at + (len(points) - 1) / 2)
        labels.append(f"{visible(clipped(task.name, 24))}\n{visible(clipped(metric, 24))}")
        for number, arm in enumerate(arms):
            if arm.name not in points:
                continue
            value, low, high = points[arm.name]
            shown = [100 * value], [at]
            axes.plot([100 * low, 100 * high], [at, at], color=colour(number), linewidth=1.6)
            axes.plot(*shown, marker="o", markersize=5.5, color=colour(number), linewidth=0)
            at += 1
        at += 1
    axes.set_yticks(ticks, labels)
    axes.set_ylim(at - 1, -1)
    axes.set_xlim(0, 100)
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x", color=COLOURS["grid"], linewidth=0.8)
    axes.set_xlabel("%, with its 95 % interval")
    svg = as_svg(figure, name=f"{name}-shares", title="Each task's main number, arm by arm")
    yield Plot("Arms side by side", svg, tuple(arm.name for arm in arms))


def _points(results: Results, task: TaskLine, metric: str) -> dict[str, tuple[float, float, float]]:
    """Returns value, low and high of a metric by arm, where it is a proportion."""
    found = {}
    for arm in results.arms:
        cell = results.cell(task.name, arm.name)
        number = None if cell is None else results.numbers(task, cell).get(metric)
        if number is not None and number.interval is not None:
            found[arm.name] = (number.value, *number.interval)
    return found


def _sweeps(results: Results, name: str) -> Iterator[Plot]:
    """Yields a figure for each arm that a task was tried with at several k: all its proportions."""
    for index, task in enumerate(results.tasks):
        for arm in results.arms:
            points = _points_by_k(results, task, arm)
            ks = sorted({k for by_k in points.values() for k in by_k})
            if arm.calls is not Calls.LIVE or len(ks) < 2:
                continue
            figure, axes = new_figure(360, 220)
            for number, by_k in enumerate(points.values()):
                places = [ks.index(k) for k in by_k]
                values, lows, highs = zip(*by_k.values(), strict=True)
                line = colour(number)
                axes.fill_between(
                    places, _percent(lows), _percent(highs), color=line, alpha=0.15, linewidth=0
                )
                axes.plot(
                    places, _percent(values), color=line, linewidth=1.8, marker="o", markersize=4
                )
            axes.set_xticks(range(len(ks)), [str(k) for k in ks])
            axes.set_xlabel("k")
            axes.set_ylabel("%")
            axes.set_ylim(0, 100)
            title = f"{task.name}: {arm.name}, by k"
            places_name = f"{name}-k{index}-{results.arms.index(arm)}"
            svg = as_svg(figure, name=places_name, title=visible(title))
            yield Plot(title, svg, tuple(points))


def _points_by_k(
    results: Results, task: TaskLine, arm: ArmLine
) -> dict[str, dict[int, tuple[float, float, float]]]:
    """Returns value, low and high of each proportion, by metric and k; k = 0: calls disabled."""
    disabled = [
        results.cell(task.name, each.name)
        for each in results.arms
        if each.model == arm.model and each.calls is Calls.DISABLED
    ]
    found: dict[str, dict[int, tuple[float, float, float]]] = {}
    for cell in [*disabled, *results.sweep(task.name, arm.name)]:
        if cell is None:
            continue
        numbers = dict(results.numbers(task, cell))
        if cell.counts is not None:
            numbers |= reduce_all([STARTED], [asdict(cell.counts)])
        for metric, number in numbers.items():
            if number.interval is not None:
                found.setdefault(metric, {})[cell.k or 0] = (number.value, *number.interval)
    return found


def _percent(shares: Sequence[float]) -> list[float]:
    return [100 * each for each in shares]
