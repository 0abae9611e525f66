"""The figures of a sweep, as SVG files: recall against parameters, parameters against facts."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

from toolformer.files import write_whole
from toolformer.studies.in_tool.data.questions import Mode
from toolformer.studies.in_tool.experiment.results import Row
from toolformer.studies.in_tool.reporting import published
from toolformer.studies.in_tool.reporting.fits import fewest_parameters, line_of
from toolformer.studies.svg import svg_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE = 6.4, 4.0  # inches
_STYLES = {Mode.WEIGHT: "-", Mode.TOOL: "--"}
_COLOURS = {Mode.WEIGHT: "tab:blue", Mode.TOOL: "tab:orange"}


def plot(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Writes the figures of a sweep and returns their files; equal rows give equal bytes.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    own = [row for row in rows if row.alpha == 1]
    written = []
    for name, draw in (("recall", _recall), ("parameters", _parameters)):
        width, height = _SIZE
        content = svg_of(partial(draw, rows=own), width=width, height=height)
        path = folder / f"{name}.svg"
        write_whole(path, content)
        written.append(path)
    return written


def _recall(figure: "Figure", rows: Sequence[Row]) -> None:
    """Draws a line for each mode and number of facts."""
    import matplotlib as mpl

    axes = figure.add_subplot()
    points: dict[tuple[Mode, int], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        points[row.mode, row.facts][row.parameters].append(row.recall)
    facts = sorted({row.facts for row in rows})
    colours = mpl.colormaps["viridis"]
    for (mode, number), by_size in sorted(points.items()):
        sizes = sorted(by_size)
        axes.plot(
            sizes,
            [mean(by_size[each]) for each in sizes],
            color=colours(facts.index(number) / max(1, len(facts) - 1) * 0.9),
            linestyle=_STYLES[mode],
            marker="o",
            markersize=3,
            label=f"{mode}, {number:,} facts",
        )
    axes.axhline(published.RECALL, color="grey", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlabel("parameters")
    axes.set_ylabel("recall")
    axes.set_ylim(-0.02, 1.02)
    if points:
        axes.legend(fontsize="x-small")


def _parameters(figure: "Figure", rows: Sequence[Row]) -> None:
    """Draws the fewest parameters of each mode, the line of weights, and the published points."""
    axes = figure.add_subplot()
    fewest = fewest_parameters(rows)
    for mode in Mode:
        known = [
            (facts, each.mean)
            for (of, facts, _), each in fewest.items()
            if of is mode and each.mean is not None
        ]
        told = [
            (facts, size) for (of, facts), size in published.FEWEST_PARAMETERS.items() if of is mode
        ]
        for points, marker, label in ((known, "o", "ours"), (told, "x", "published")):
            if points:
                axes.plot(
                    *zip(*points, strict=True),
                    color=_COLOURS[mode],
                    marker=marker,
                    linestyle=_STYLES[mode] if marker == "o" else "none",
                    label=f"{mode}, {label}",
                )
    line = line_of(fewest, Mode.WEIGHT)
    if line is not None:
        ends = [min(row.facts for row in rows), max(row.facts for row in rows)]
        label = f"{line.slope:.2f} parameters a fact"
        axes.plot(ends, [line.at(each) for each in ends], color="grey", linewidth=1, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("facts")
    axes.set_ylabel(f"parameters for a recall of {published.RECALL}")
    axes.legend(fontsize="x-small")
