"""Curves over the steps of a training as a picture in a file of its own. Knows no study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from toolformer.studies.svg import svg_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PANEL = 4.2, 2.8  # inches
_COLOURS = ("#9aa5b1", "#7fb3d5", "#2e86c1", "#1a5276", "#0b2545", "#d35400", "#117a65", "#7d3c98")


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes.

    Attributes:
        title: Above it.
        label: Of the upright axis.
        lines: By name, points (x, y) from left to right.
        is_logarithmic: Whether the upright axis is.
    """

    title: str
    label: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    is_logarithmic: bool = False


def draw_lines(rows: Sequence[Sequence[Panel]], *, x_label: str) -> bytes:
    """Returns panels in rows as an SVG file; lines of one name have one colour.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    width, height = _PANEL
    draw = partial(_draw, rows=rows, x_label=x_label)
    return svg_of(draw, width=width * max(map(len, rows)), height=height * len(rows))


def _draw(figure: "Figure", *, rows: Sequence[Sequence[Panel]], x_label: str) -> None:
    names = list(dict.fromkeys(name for row in rows for panel in row for name in panel.lines))
    grid = figure.subplots(len(rows), max(map(len, rows)), squeeze=False)
    for row, axes_of_row in zip(rows, grid, strict=True):
        for axes in axes_of_row[len(row) :]:
            axes.set_axis_off()
        for panel, axes in zip(row, axes_of_row, strict=False):
            for name, points in panel.lines.items():
                colour = _COLOURS[names.index(name) % len(_COLOURS)]
                xs, ys = zip(*points, strict=True)
                axes.plot(xs, ys, label=name, color=colour, marker="o", markersize=2.5)
            axes.set(title=panel.title, ylabel=panel.label, xlabel=x_label)
            if panel.is_logarithmic:
                axes.set_yscale("log")
            axes.grid(visible=True, axis="y", linewidth=0.4)
    if names:
        grid[0][0].legend(frameon=False, fontsize=8)
