"""The figures of runs: what calls gain, and what is kept at which threshold."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from toolformer.report.figures import COLOURS, as_svg, colour, new_figure
from toolformer.report.gains import BIN, Gains
from toolformer.report.view import SweptRow

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.ticker import MaxNLocator

_SIZE = 360, 200  # pixels
_MOST_BARS = 44
_EDGES = 0.005  # share of the calls that may lie beyond either edge of a histogram


def plot_gains(gains: Gains, *, name: str, title: str) -> "Markup":
    """Returns a histogram: kept calls on those not kept, placebos as a line, and the threshold.

    What lies beyond the edges is counted in the last bars. The placebos are scaled to as many as
    there are calls.
    """
    calls = gains.kept + gains.others
    first, last = _edges([calls, gains.placebos], gains.threshold)
    by = _bins_in_a_bar(last - first + 1)
    first, last = first // by, last // by
    width = by * BIN
    figure, axes = new_figure(*_SIZE)
    lefts = [number * width for number in range(first, last + 1)]
    kept, others = (_bars(each, first, last, by=by) for each in (gains.kept, gains.others))
    axes.bar(lefts, others, width, align="edge", color=COLOURS["other"], linewidth=0)
    axes.bar(lefts, kept, width, bottom=others, align="edge", color=COLOURS["kept"], linewidth=0)
    if gains.placebos:
        scale = gains.calls / gains.placebos.total()
        heights = [scale * each for each in _bars(gains.placebos, first, last, by=by)]
        edges = [*lefts, (last + 1) * width]
        axes.stairs(heights, edges, color=COLOURS["placebo"], linewidth=1.4)
    axes.axvline(gains.threshold, color=COLOURS["ink"], linewidth=1, linestyle=(0, (4, 3)))
    axes.set_xlim(first * width, (last + 1) * width)
    axes.set_xlabel("nats used of the output" if gains.is_used else "nats gained")
    axes.set_ylabel("calls")
    axes.yaxis.set_major_locator(_whole_numbers())
    return as_svg(figure, name=name, title=title)


def plot_sweep(runs: Sequence[Sequence[SweptRow]], *, name: str, title: str) -> "Markup":
    """Returns how many calls are kept at each threshold of a tool, and how many of them are false.

    Args:
        runs: the rows of the tool in each run; of several runs each has its colour.
        name: of the figure.
        title: for readers who do not see it.
    """
    figure, axes = new_figure(*_SIZE)
    for number, rows in enumerate(runs):
        if not rows:
            continue
        line = COLOURS["kept"] if len(runs) == 1 else colour(number)
        used = [row.used for row in rows]
        kept = [row.passed.kept for row in rows]
        axes.plot(used, kept, color=line, linewidth=1.8, marker="o", markersize=3)
        known = [row for row in rows if row.passed.expected_false is not None]
        false = [row.passed.expected_false or 0.0 for row in known]
        if known and len(runs) == 1:
            axes.fill_between([row.used for row in known], false, color=COLOURS["false"])
        elif known:
            axes.plot([row.used for row in known], false, color=line, linewidth=1.2, linestyle=":")
        for row in rows:
            if row.is_settled:
                axes.plot(
                    [row.used], [row.passed.kept], marker="o", markersize=8, color="none",
                    markeredgecolor=line, markerfacecolor="none", markeredgewidth=1.4,
                )  # fmt: skip
    axes.set_ylim(bottom=0)
    axes.set_xlabel("threshold, nats")
    axes.set_ylabel("kept calls")
    axes.yaxis.set_major_locator(_whole_numbers())
    return as_svg(figure, name=name, title=title)


def _edges(counted: Sequence[Counter[int]], threshold: float) -> tuple[int, int]:
    """Returns the first and last bin of a histogram; they hold zero and the threshold."""
    ends = [0, round(threshold / BIN) if abs(threshold) < 100 else 0]
    for bins in counted:
        spare = _EDGES * bins.total()
        for reverse in (False, True):
            beyond = 0
            for number in sorted(bins, reverse=reverse):
                beyond += bins[number]
                if beyond > spare:
                    ends.append(number)
                    break
    return max(min(ends) - 2, -200), min(max(ends) + 2, 400)


def _bins_in_a_bar(bins: int) -> int:
    """Returns how many bins make a bar, so that bars are wide enough to be seen.

    >>> _bins_in_a_bar(30), _bins_in_a_bar(120), _bins_in_a_bar(600)
    (1, 4, 20)
    """
    return next((by for by in (1, 2, 4, 5, 10) if bins <= by * _MOST_BARS), 20)


def _bars(bins: Counter[int], first: int, last: int, *, by: int) -> list[int]:
    """Returns the heights of the bars from the first to the last, which hold what is beyond.

    >>> _bars(Counter({-9: 1, 0: 2, 1: 4, 2: 8, 99: 16}), 0, 2, by=2)
    [7, 8, 16]
    """
    heights = [0] * (last - first + 1)
    for number, count in bins.items():
        heights[min(max(number // by, first), last) - first] += count
    return heights


def _whole_numbers() -> "MaxNLocator":
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=4, integer=True)
