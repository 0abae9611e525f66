"""A figure of matplotlib as SVG that stands in a page: its colours are the page's, light and dark.

Each colour is drawn as a value that stands for a name, and becomes a class that `page.css` gives a
colour. No element keeps a `style`, which the page's policy forbids.
"""

import re
import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from toolformer.errors import check_installed

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SERIES = 8  # so many colours for tools, runs and arms; further ones begin anew

_NAMES = ("ink", "faint", "grid", "kept", "other", "placebo", "false", "mark")
# What stands for a colour in matplotlib, and the name of the class that it becomes.
COLOURS = {
    name: f"#0101{number:02x}"
    for number, name in enumerate([*_NAMES, *(f"s{each}" for each in range(SERIES))], start=1)
}
_NAME_OF = {value: name for name, value in COLOURS.items()}

_SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"
_NOT_SHOWN = {f"{{{_SVG}}}{name}" for name in ("metadata", "style")}
_REFERENCE = re.compile(r"url\(#([\w-]+)\)")
_LEFT_OUT = {"stroke-linejoin", "stroke-linecap", "font-family"}
_SETTINGS: Any = {  # matplotlib names each setting in its type
    "svg.fonttype": "none",
    "svg.hashsalt": "toolformer",
    "text.parse_math": False,
    "path.simplify": True,
    "font.size": 11,
    "axes.edgecolor": COLOURS["faint"],
    "axes.labelcolor": COLOURS["faint"],
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.linewidth": 0.8,
    "grid.color": COLOURS["grid"],
    "grid.linewidth": 0.8,
    "xtick.color": COLOURS["faint"],
    "ytick.color": COLOURS["faint"],
    "ytick.left": False,
    "xtick.major.size": 3,
    "text.color": COLOURS["ink"],
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
}


def check_extra() -> None:
    """Refuses to begin where what draws a report is not installed.

    Raises:
        ConfigError: names the extra.
    """
    check_installed("jinja2", "matplotlib", extra="report", what="A report")


def colour(number: int) -> str:
    """Returns what stands for the colour of the tool, run or arm of a number."""
    return COLOURS[f"s{number % SERIES}"]


def new_figure(width: float, height: float) -> "tuple[Figure, Axes]":
    """Returns a figure of some pixels with one pair of axes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(width / 72, height / 72), layout="constrained")
        return figure, figure.add_subplot()


def as_svg(figure: "Figure", *, name: str, title: str) -> "Markup":
    """Returns a figure as an element of a page.

    Args:
        figure: drawn in `COLOURS`.
        name: of letters, digits and hyphens, no other figure's of the page: its ids begin so.
        title: what a reader is told who does not see it.
    """
    import matplotlib as mpl
    from markupsafe import Markup

    written = BytesIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a glyph that the font for measuring does not have
        figure.savefig(written, format="svg", metadata=nothing)
    root = ElementTree.fromstring(written.getvalue())  # noqa: S314  our own
    for element in root.iter():
        _restyle(element, name)
    for parent in list(root.iter()):
        for each in [each for each in parent if each.tag in _NOT_SHOWN]:
            parent.remove(each)
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    width = root.get("viewBox", "").split()[2]
    root.attrib |= {"role": "img", "aria-label": title, "class": "figure", "data-width": width}
    ElementTree.register_namespace("", _SVG)
    # Nothing that matplotlib wrote is trusted to be no markup: it is parsed, and written again.
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704


def _restyle(element: ElementTree.Element, name: str) -> None:
    """Turns the style of an element into attributes and classes, and makes its ids its figure's."""
    classes = []
    for each in element.attrib.pop("style", "").split(";"):
        key, _, value = (part.strip() for part in each.partition(":"))
        if key == "font":
            element.set("font-size", value.split("px")[0].split()[-1])
        elif value in _NAME_OF:
            classes.append(f"{key}-{_NAME_OF[value]}")
        elif key and key not in _LEFT_OUT:
            element.set(key, value)
    if classes:
        element.set("class", " ".join(classes))
    if link := element.attrib.pop(_LINK, None):
        element.set("href", f"#{name}-{link.removeprefix('#')}")
    if "id" in element.attrib:
        element.set("id", f"{name}-{element.get('id')}")
    for key, value in element.attrib.items():
        element.set(key, _REFERENCE.sub(rf"url(#{name}-\1)", value))
