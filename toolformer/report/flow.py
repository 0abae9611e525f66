"""What became of proposed calls, as a flow: bands from stage to stage, and out of it by verdict.

Numbers in, rectangles and curves out, in units of the drawing. Knows no HTML and no colour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from toolformer.records import Verdict

# The stages that a call passes, each with what it may end by before the next one.
STAGES: tuple[tuple[str, tuple[Verdict, ...]], ...] = (
    ("proposed", ()),
    ("a call", (Verdict.UNREADABLE,)),
    ("answered", (Verdict.TOOL_ERROR, Verdict.UNAVAILABLE)),
    ("of use", (Verdict.NOT_RENDERABLE, Verdict.TRIVIAL, Verdict.PEEKS)),
    ("gains enough", (Verdict.LOW_GAIN, Verdict.UNHELPFUL)),
    ("kept", (Verdict.OUTBID,)),
)
WIDTH = 960.0
_TRUNK = 200.0  # height of what was proposed
_TOP = 44.0  # above it, for the names of the stages
_NODE = 7.0  # width
_GAP = 34.0  # between a node and the one below it, for its label
_RIGHT = 104.0  # beside the last stage, for its labels
_LEAST = 0.6  # height of a band that is there


@dataclass(frozen=True, slots=True)
class Node:
    """Where calls are, or where they end: a rectangle and its label."""

    x: float
    y: float
    height: float
    name: str
    count: int
    is_end: bool  # a verdict, and not a stage
    by_tool: tuple["Part", ...]


@dataclass(frozen=True, slots=True)
class Part:
    """The calls of one tool in a node."""

    tool: int  # its number
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Band:
    """Calls of one tool on their way from one node to another: a path as SVG has it."""

    path: str
    tool: int
    title: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A drawing of what became of the calls."""

    nodes: tuple[Node, ...]
    bands: tuple[Band, ...]
    height: float
    total: int


def flow_of(verdicts: Mapping[str, Mapping[str, int]]) -> Flow | None:
    """Returns the flow of calls of some tools, None where none was proposed.

    Args:
        verdicts: counts by verdict, by tool, in the order in which their bands lie.
    """
    tools = list(verdicts)
    ends = {verdict: [verdicts[tool].get(verdict, 0) for tool in tools] for verdict in Verdict}
    left = [
        sum(ends[verdict][number] for verdict in Verdict if verdict is not Verdict.PRUNED)
        for number in range(len(tools))
    ]
    total = sum(left)
    if not total:
        return None
    scale = _TRUNK / total
    stages = [
        (name, [verdict for verdict in by if any(ends[verdict])])
        for name, by in STAGES
        if name in ("proposed", "kept") or any(any(ends[verdict]) for verdict in by)
    ]
    step = (WIDTH - _RIGHT - _NODE) / (len(stages) - 1)
    columns: list[list[tuple[Node, list[int]]]] = []
    lowest = 0.0
    for number, (name, by) in enumerate(stages):
        x, y = number * step, _TOP
        for verdict in by:
            left = [a - b for a, b in zip(left, ends[verdict], strict=True)]
        column: list[tuple[Node, list[int]]] = []
        for label, counts in [(name, left), *((verdict.value, ends[verdict]) for verdict in by)]:
            node = _node(label, counts, x=x, y=y, scale=scale, is_end=bool(column))
            column.append((node, counts))
            y = node.y + node.height + _GAP
            lowest = max(lowest, y)
        columns.append(column)
    bands = [
        band
        for (start, *_), column in pairwise(columns)
        for band in _bands(start[0], column, tools=tools, scale=scale)
    ]
    nodes = tuple(node for column in columns for node, _ in column)
    return Flow(nodes, tuple(bands), lowest, total)


def _node(
    name: str, counts: Sequence[int], *, x: float, y: float, scale: float, is_end: bool
) -> Node:
    parts, at = [], y
    for tool, count in enumerate(counts):
        height = max(count * scale, _LEAST) if count else 0.0
        if count:
            parts.append(Part(tool, round(at, 2), round(height, 2)))
        at += height
    return Node(round(x, 2), y, round(at - y, 2), name, sum(counts), is_end, tuple(parts))


def _bands(
    start: Node, column: Sequence[tuple[Node, Sequence[int]]], *, tools: Sequence[str], scale: float
) -> list[Band]:
    """Returns the bands from a stage to the next one and to the verdicts beside it."""
    at = {part.tool: part.y for part in start.by_tool}
    bands = []
    for node, counts in column:
        for part in node.by_tool:
            height = max(counts[part.tool] * scale, _LEAST)
            title = f"{tools[part.tool]}: {counts[part.tool]:,} {node.name.replace('_', ' ')}"
            path = _path(start.x + _NODE, at[part.tool], node.x, part.y, height)
            bands.append(Band(path, part.tool, title))
            at[part.tool] += height
    return bands


def _path(x0: float, y0: float, x1: float, y1: float, height: float) -> str:
    """Returns a band between two points at its upper edge, flat where it begins and ends."""
    middle = (x0 + x1) / 2
    back = y1 + height, y0 + height
    return (
        f"M{x0:.1f} {y0:.1f}C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
        f"V{back[0]:.1f}"
        f"C{middle:.1f} {back[0]:.1f} {middle:.1f} {back[1]:.1f} {x0:.1f} {back[1]:.1f}Z"
    )
