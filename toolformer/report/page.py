"""A report as one page: everything in it, nothing asked of a network, scripts known by their hash.

What a text, a name or a message says is escaped wherever it stands, and its hidden characters are
written out; the texts themselves come as blocks (`blocks.py`).
"""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from toolformer._version import __version__
from toolformer.annotate.command import annotate_command
from toolformer.records import Verdict
from toolformer.report.evaluation import Evaluation
from toolformer.report.figures import SERIES
from toolformer.report.flow import Flow, flow_of
from toolformer.report.overview import Fact, facts, method_name, places
from toolformer.report.plots import plot_gains, plot_sweep
from toolformer.report.view import RunView
from toolformer.report.visible import visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

GENERATOR = "toolformer report"
_SCRIPTS = ("page.js", "texts.js")
_MOST_SHAPES = 100  # of a tool's errors; the rest are counted together

# What the verdicts mean, beside a call and in the legend of the flow.
MEANINGS: Mapping[Verdict, str] = {
    Verdict.KEPT: "its result makes what follows likelier by the threshold or more",
    Verdict.LOW_GAIN: "its result does not make the text likely enough",
    Verdict.UNHELPFUL: "its result is used, and the text is likelier without the call",
    Verdict.OUTBID: "a better call is at its place, or too near",
    Verdict.PEEKS: "its arguments give away what follows",
    Verdict.TRIVIAL: "its output is its argument, or stands in front of it already",
    Verdict.UNREADABLE: "what was sampled is not a call",
    Verdict.TOOL_ERROR: "the tool refused it, or failed",
    Verdict.UNAVAILABLE: "what the tool relies on could not be reached",
    Verdict.NOT_RENDERABLE: "its output cannot be written into a text",
    Verdict.PRUNED: "its place cannot gain enough, whatever the call",
}


@dataclass(frozen=True, slots=True)
class _Shape:
    """Errors of one shape, in each run."""

    tool: str
    shape: str
    example: str
    counts: tuple[int, ...]


def render(views: Sequence[RunView], evaluations: Sequence[Evaluation], *, title: str) -> bytes:
    """Returns a page about some runs and evaluations."""
    tools = list(dict.fromkeys(name for view in views for name in view.thresholds))
    style = _asset("page.css")
    script = "\n".join(map(_asset, _SCRIPTS))
    page: str = _environment().get_template("page.html.jinja").render(
        title=title,
        version=__version__,
        generator=GENERATOR,
        policy=_policy(style=style, script=script),
        style=_trusted(style),
        script=_trusted(script),
        views=views,
        evaluations=evaluations,
        has_placebos=any(gains.placebos for view in views for gains in view.gains.values()),
        tools=tools,
        facts=_side_by_side([facts(view) for view in views]),
        commands=[annotate_command(view.manifest, out=view.name) for view in views],
        flows=[_flow(view) for view in views],
        gains=[[_gains(view, tool, f"g{n}-{k}") for n, view in enumerate(views)]
               for k, tool in enumerate(tools)],
        sweeps=[_sweep(views, tool, f"t{number}") for number, tool in enumerate(tools)],
        shapes=_shapes(views, tools),
        meanings=MEANINGS,
        data=_trusted(_data(views)),
    )  # fmt: skip
    return page.encode("utf-8", "replace")


def _data(views: Sequence[RunView]) -> str:
    """Returns what the script is told of the runs, as JSON that ends no element."""
    told = {
        "verdicts": [{"name": verdict.value, "meaning": MEANINGS[verdict]} for verdict in Verdict],
        "runs": [
            {
                "name": visible(view.name),
                "tools": [visible(name) for name in view.thresholds],
                "isOne": [each.are_equal for each in view.thresholds.values()],
                "shown": view.texts.shown,
                "total": view.texts.total,
            }
            for view in views
        ],
    }
    return json.dumps(told).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _policy(*, style: str, script: str) -> str:
    """Returns what a browser may load and run of a page: its one style and its one script."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        finalize=_shown,
        loader=PackageLoader("toolformer.report", "page"),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["comma"] = lambda number: f"{number:,}"
    environment.filters["percent"] = lambda share: "–" if share is None else f"{100 * share:.1f} %"
    environment.filters["words"] = lambda name: name.replace("_", " ")
    environment.filters["places"] = places
    environment.filters["method"] = method_name
    environment.globals["SERIES"] = SERIES
    return environment


def _shown(value: Any) -> Any:
    """Returns what an expression of a template writes: hidden characters are seen, None is not."""
    if value is None:
        return ""
    return visible(value) if type(value) is str else value


def _trusted(text: str) -> "Markup":
    from markupsafe import Markup

    return Markup(text)  # noqa: S704  our own files, and JSON that ends no element


@cache
def _asset(name: str) -> str:
    return files("toolformer.report").joinpath("page", name).read_text(encoding="utf-8")


def _side_by_side(runs: Sequence[Sequence[Fact]]) -> list[tuple[str, list[str]]]:
    """Returns the facts that some run has, each with its value in every run."""
    rows = [(each[0].name, [fact.value for fact in each]) for each in zip(*runs, strict=True)]
    return [row for row in rows if any(row[1])]


def _flow(view: RunView) -> Flow | None:
    stats = view.stats.tools
    return flow_of({name: stats[name].verdicts for name in view.thresholds if name in stats})


def _gains(view: RunView, tool: str, name: str) -> "Markup | None":
    gains = view.gains.get(tool)
    if gains is None or not gains.calls:
        return None
    title = f"{visible(tool)} in {visible(view.name)}: how many calls gain how many nats"
    return plot_gains(gains, name=name, title=title)


def _sweep(views: Sequence[RunView], tool: str, name: str) -> "Markup | None":
    rows = [view.swept.get(tool, ()) for view in views]
    if not any(row.passed.calls for each in rows for row in each):
        return None
    return plot_sweep(rows, name=name, title=f"{visible(tool)}: kept calls by threshold")


def _shapes(views: Sequence[RunView], tools: Sequence[str]) -> list[_Shape]:
    """Returns the errors of each tool by shape, the commonest of all runs first."""
    found = []
    for tool in tools:
        counts: dict[str, list[int]] = {}
        examples: dict[str, str] = {}
        for number, view in enumerate(views):
            for each in view.errors.get(tool, ()):
                counts.setdefault(each.shape, [0] * len(views))[number] = each.count
                examples.setdefault(each.shape, each.example)
        ranked = sorted(counts, key=lambda shape: (-sum(counts[shape]), shape))
        found += [
            _Shape(tool, shape, examples[shape], tuple(counts[shape]))
            for shape in ranked[:_MOST_SHAPES]
        ]
        if rest := [counts[shape] for shape in ranked[_MOST_SHAPES:]]:
            summed = tuple(map(sum, zip(*rest, strict=True)))
            found.append(_Shape(tool, f"{len(rest):,} further shapes", "", summed))
    return found
