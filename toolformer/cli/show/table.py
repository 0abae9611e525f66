"""The tables of `toolformer show --table`: counts, thresholds, placebos, what tools refused."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from toolformer.cli.display.console import answer_console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.tables import (
    error_table,
    placebo_table,
    threshold_table,
    tool_table,
    verdict_line,
)
from toolformer.records import AnnotatedDocument
from toolformer.runs.directory import Run
from toolformer.runs.error_shapes import ToolErrors
from toolformer.runs.reading import count_by_threshold
from toolformer.runs.stats import StatsCounter
from toolformer.runs.sweep import FalsePositives, sweep, thresholds_beside
from toolformer.runs.thresholds import Thresholds

_PAPER_THRESHOLDS = (0.5, 1.0, 2.0)  # the columns of the paper's Table 2
_SWEPT = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)  # nats, of `used`, or of both where both are equal


def print_tables(
    run: Run,
    selected: Iterable[AnnotatedDocument],
    wanted: Sequence[str],
    thresholds: Mapping[str, Thresholds],
    *,
    allow_peeking: bool | None,
    as_json: bool,
) -> None:
    """Prints what a run's calls add up to.

    Args:
        run: finished, or opened with `incomplete`.
        selected: its documents, with the verdicts that count.
        wanted: the tools to tell of, by name.
        thresholds: of all its tools.
        allow_peeking: whether calls that peek compete; as in the run when None.
        as_json: whether to print one JSON object in place of tables.
    """
    # Without placebos there is nothing to be read of chance.
    has_placebos = run.incomplete or run.calibration()
    swept = _swept(run, thresholds, allow_peeking=allow_peeking) if has_placebos else {}
    chances = {name: rows for name, rows in swept.items() if name in wanted and rows[0].placebos}
    counter, refused = StatsCounter(), ToolErrors()
    for annotated in selected:
        counter.add([annotated])
        refused.add(annotated.candidates)
    stats, by_tool = counter.stats(), refused.by_tool()
    errors = {name: by_tool[name] for name in wanted if name in by_tool}
    by_threshold = count_by_threshold(run, _PAPER_THRESHOLDS)
    if as_json:
        kept = {
            f"{threshold:g}": None
            if each is None
            else {name: each.tools[name].texts_kept if name in each.tools else 0 for name in wanted}
            for threshold, each in by_threshold.items()
        }
        print_json(
            stats.to_dict()
            | {
                "texts_kept_by_threshold": kept,
                "thresholds": {name: asdict(thresholds[name]) for name in wanted},
                "are_provisional": run.is_provisional,
                "false_positives": {
                    name: [_chance_row(each) for each in chances.get(name, ())] for name in wanted
                },
                "errors": {name: list(map(asdict, shapes)) for name, shapes in errors.items()},
            }
        )
        return
    console = answer_console()
    console.print(tool_table(stats, wanted))
    console.print(verdict_line(stats))
    console.print(threshold_table(by_threshold, wanted))
    for name, rows in chances.items():
        console.print(placebo_table(name, rows, settled=thresholds[name]))
    for name, shapes in errors.items():
        console.print(error_table(name, shapes))


def _swept(
    run: Run, thresholds: Mapping[str, Thresholds], *, allow_peeking: bool | None
) -> dict[str, list[FalsePositives]]:
    """Returns what placebos and calls pass, by tool: at these thresholds and on either side."""
    beside = thresholds_beside(thresholds, _SWEPT, lowest=run.manifest.lowest_thresholds)
    found = sweep(run, [thresholds, *beside], allow_peeking=allow_peeking)
    return {name: _in_order(rows) for name, rows in found.items()}


def _in_order(rows: list[FalsePositives]) -> list[FalsePositives]:
    """Returns rows by threshold, each once; the first counts of two that are alike."""
    by_used = {row.thresholds.used: row for row in reversed(rows)}
    return [by_used[used] for used in sorted(by_used)]


def _chance_row(row: FalsePositives) -> dict[str, Any]:
    return asdict(row) | {"share": row.share, "expected_false": row.expected_false}
