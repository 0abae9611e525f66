"""The tables of a sweep, with seeds and intervals, beside the published values. Draws nothing."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from toolformer.evaluate.metric import wilson
from toolformer.evaluate.tables import TableText
from toolformer.studies.in_tool.data.people import bits_per_person
from toolformer.studies.in_tool.data.questions import Mode
from toolformer.studies.in_tool.experiment.grid import FACTS_A_PERSON
from toolformer.studies.in_tool.experiment.results import Row
from toolformer.studies.in_tool.reporting import published
from toolformer.studies.in_tool.reporting.fits import (
    Fewest,
    crossing,
    fewest_parameters,
    line_of,
)

_WHOSE = {Mode.WEIGHT: "weights", Mode.TOOL: "tool"}
_NONE = "–"


def sweep_tables(rows: Sequence[Row]) -> Iterator[TableText]:
    """Yields the tables: recall, fewest parameters, the line, strangers, edits, families."""
    own = [row for row in rows if row.alpha == 1]
    for mode in Mode:
        of_mode = [row for row in own if row.mode is mode]
        if of_mode:
            yield _by_width(of_mode, f"Recall, facts in {_WHOSE[mode]}", "right", "asked")
    if own:
        yield _fewest(own)
        yield _lines(own)
    for mode in Mode:
        of_mode = [row for row in own if row.mode is mode]
        if of_mode:
            yield _by_width(
                of_mode,
                f"Recall of strangers, facts in {_WHOSE[mode]}",
                "strange_right",
                "strange_asked",
                note=f"published, tool: {published.STRANGERS}" if mode is Mode.TOOL else "",
            )
    edited = [row for row in own if row.edited_asked]
    if edited:
        yield _edited(edited)
    if len({row.alpha for row in rows}) > 1:
        yield _families(rows)


def _by_width(
    rows: Sequence[Row], title: str, right: str, asked: str, *, note: str = ""
) -> TableText:
    """Returns a row for each number of facts and a column for each width."""
    cells: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in rows:
        cells[row.facts, row.width].append(row)
    widths = sorted({(row.width, row.parameters) for row in rows})
    lines = []
    for facts in sorted({row.facts for row in rows}):
        line = [f"{facts:,}"]
        for width, _ in widths:
            of = cells[facts, width]
            line.append(
                _share([getattr(each, right) for each in of], [getattr(each, asked) for each in of])
            )
        lines.append(tuple(line))
    header = ("facts", *(f"d = {width} ({size:,})" for width, size in widths))
    seeds = len({row.seed for row in rows})
    said = f"{seeds} seeds; 95 % interval of the questions of all of them"
    return TableText(title, header, tuple(lines), f"{said}; {note}" if note else said)


def _share(right: Sequence[int], asked: Sequence[int]) -> str:
    """Writes a share of questions with its interval.

    >>> _share([5, 4], [5, 5]), _share([], [])
    ('0.90 [0.60, 0.98]', '–')
    """
    if not sum(asked):
        return _NONE
    low, high = wilson(sum(right), sum(asked))
    return f"{sum(right) / sum(asked):.2f} [{low:.2f}, {high:.2f}]"


def _fewest(rows: Sequence[Row]) -> TableText:
    fewest = fewest_parameters(rows)
    lines = []
    for facts in sorted({row.facts for row in rows}):
        line = [f"{facts:,}"]
        for mode in Mode:
            line.append(_spelled(fewest.get((mode, facts, 1.0))))
            known = published.FEWEST_PARAMETERS.get((mode, facts))
            line.append(_NONE if known is None else f"{known:,}")
        lines.append(tuple(line))
    header = ("facts", *(each for mode in Mode for each in (_WHOSE[mode], "published")))
    return TableText(
        f"Fewest parameters for a recall of {published.RECALL}",
        header,
        tuple(lines),
        "mean over seeds, lowest to highest; the smallest width's own size where it suffices",
    )


def _spelled(fewest: Fewest | None) -> str:
    if fewest is None or not fewest.by_seed:
        return "not reached" if fewest else _NONE
    low, high = min(fewest.by_seed), max(fewest.by_seed)
    if fewest.mean is None:
        return f"reached by {len(fewest.by_seed)} of {fewest.seeds} seeds, from {low:,.0f}"
    return f"{fewest.mean:,.0f} ({low:,.0f} to {high:,.0f})"


def _lines(rows: Sequence[Row]) -> TableText:
    fewest = fewest_parameters(rows)
    line, where = line_of(fewest, Mode.WEIGHT), crossing(fewest)
    seeds = sorted({row.seed for row in rows})
    slopes = [
        each.slope
        for seed in seeds
        if (
            each := line_of(
                fewest_parameters([row for row in rows if row.seed == seed]), Mode.WEIGHT
            )
        )
    ]
    spread = f" ({min(slopes):.2f} to {max(slopes):.2f})" if slopes else ""
    return TableText(
        "The straight line of weights, and where the tool needs less",
        ("", "ours", "published"),
        (
            (
                "parameters a fact",
                _NONE if line is None else f"{line.slope:.2f}{spread}",
                str(published.PARAMETERS_A_FACT),
            ),
            ("parameters without a fact", _NONE if line is None else f"{line.base:,.0f}", _NONE),
            ("crossing, facts", _NONE if where is None else f"{where:,.0f}", "about 1,024"),
        ),
        "least squares through the means; lowest to highest over seeds",
    )


def _edited(rows: Sequence[Row]) -> TableText:
    lines = []
    for mode in Mode:
        of = [row for row in rows if row.mode is mode]
        right, asked = ([getattr(row, f"edited_{it}") for row in of] for it in ("right", "asked"))
        lines.append((_WHOSE[mode], f"{sum(asked):,}", _share(right, asked)))
    return TableText(
        "Answers that follow the database after it was edited",
        ("facts in", "asked", "share"),
        tuple(lines),
        "asked again is what was answered rightly before",
    )


def _families(rows: Sequence[Row]) -> TableText:
    fewest = fewest_parameters(rows)
    lines = [
        (
            _WHOSE[mode],
            f"{facts:,}",
            f"{alpha:g}",
            f"{bits_per_person(alpha) / FACTS_A_PERSON:.2f}",
            _spelled(each),
        )
        for (mode, facts, alpha), each in fewest.items()
    ]
    return TableText(
        "Compressibility: facts that the last name decides with probability 1 − α",
        ("facts in", "facts", "α", "bits a fact", "fewest parameters"),
        tuple(lines),
        "mean over seeds, lowest to highest",
    )
