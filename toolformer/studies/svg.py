"""A figure of matplotlib as an SVG file: equal figures give equal bytes."""

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from toolformer.errors import check_installed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SETTINGS: Any = {"svg.hashsalt": "toolformer", "text.parse_math": False, "font.size": 9}
_NOTHING = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def svg_of(draw: Callable[["Figure"], None], *, width: float, height: float) -> bytes:
    """Returns the file of a figure.

    Args:
        draw: puts axes and what is in them into an empty figure.
        width: of the figure, in inches.
        height: of the figure, in inches.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    check_installed("matplotlib", extra="report", what="A plot")
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        written = BytesIO()
        figure.savefig(written, format="svg", metadata=_NOTHING)
    return written.getvalue()
