"""`toolformer show`: the annotated texts and the tables of a run, for any threshold."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

from typer import Argument, Option

from toolformer.calls import grammar_from_dict
from toolformer.cli.display.console import Console, answer_console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.tables import (
    placebo_table,
    provisional_line,
    threshold_table,
    tool_table,
    verdict_line,
)
from toolformer.cli.display.texts import candidate_text, kept_text, why
from toolformer.cli.settings import MIN_HELP, MIN_USED, THRESHOLD
from toolformer.errors import UnknownNameError, closest
from toolformer.records import AnnotatedDocument, Candidate, Losses, Placebo, Verdict
from toolformer.runs.directory import Run
from toolformer.runs.reading import count_by_threshold, read_selected, resolve_thresholds
from toolformer.runs.stats import count_documents
from toolformer.runs.sweep import FalsePositives, sweep
from toolformer.runs.thresholds import Thresholds

_PAPER_THRESHOLDS = (0.5, 1.0, 2.0)  # the columns of the paper's Table 2
_SWEPT = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)  # nats, of `used`, or of both where both are equal


def show(
    run: Annotated[Path, Argument(help="The run directory that `toolformer annotate` wrote.")],
    verdict: Annotated[
        Verdict,
        Option(
            metavar="<verdict>", help=f"What became of the calls to show: {', '.join(Verdict)}."
        ),
    ] = Verdict.KEPT,
    threshold: THRESHOLD = None,
    min_used: MIN_USED = None,
    min_help: MIN_HELP = None,
    tool: Annotated[list[str] | None, Option(help="Only calls of this tool. Repeatable.")] = None,
    limit: Annotated[int, Option(min=1, help="How many to show.")] = 12,
    allow_peeking: Annotated[
        bool, Option("--allow-peeking", help="Let calls that peek compete.")
    ] = False,
    table: Annotated[
        bool,
        Option(
            "--table",
            help="Print counts per tool and per threshold instead of texts, and how many placebos "
            "pass.",
        ),
    ] = False,
    incomplete: Annotated[
        bool, Option("--incomplete", help="Show what is there of a run that is not whole.")
    ] = False,
    as_json: Annotated[bool, Option("--json", help="Print JSON, one object a line.")] = False,
) -> None:
    """Print the annotated texts of a run.

    `--verdict low_gain` shows what was not kept, and why.
    """
    opened = Run.open(run, incomplete=incomplete)
    if incomplete and (lack := opened.lack()):
        Console(stderr=True).print(f"The run '{run}' {lack}.", markup=False, soft_wrap=True)
    if incomplete and threshold is min_used is None and (told := provisional_line(opened)):
        Console(stderr=True).print(told, markup=False, soft_wrap=True)
    thresholds = resolve_thresholds(opened, threshold, min_used=min_used, min_help=min_help)
    wanted = _wanted(tool or [], thresholds)
    selected = read_selected(opened, thresholds, allow_peeking=allow_peeking or None)
    if table:
        swept: Mapping[str, list[FalsePositives]] = {}
        if incomplete or opened.calibration():  # without placebos there is nothing to be read
            swept = _swept(opened, thresholds, allow_peeking=allow_peeking or None)
        false_positives = {name: swept[name] for name in swept if swept[name][0].placebos}
        _print_tables(opened, selected, wanted, thresholds, false_positives, as_json=as_json)
        return
    console = answer_console()
    grammar = grammar_from_dict(opened.manifest.grammar)
    shown = 0
    if as_json or verdict is not Verdict.KEPT:
        found = (
            (annotated, candidate)
            for annotated in selected
            for candidate in annotated.candidates
            if candidate.verdict is verdict and candidate.tool in wanted
        )
        for annotated, candidate in islice(found, limit):
            shown += 1
            if as_json:
                print_json(_row(annotated, candidate, thresholds))
                continue
            console.print(
                candidate_text(annotated, candidate, grammar=grammar, thresholds=thresholds)
            )
            console.print()
    else:
        kept = (
            annotated
            for annotated in selected
            if any(placed.call.tool in wanted for placed in annotated.kept)
        )
        for annotated in islice(kept, limit):
            shown += 1
            console.print(kept_text(annotated, grammar, thresholds))
            console.print()
    if shown == 0:
        Console(stderr=True).print(
            f"{run} has no call with the verdict {verdict.value}. All of them are counted by: "
            f"toolformer show {quote(str(run))} --table",
            highlight=False,
        )


def _wanted(tools: list[str], thresholds: Mapping[str, Thresholds]) -> list[str]:
    """Returns the run's tools that were named, all when none were."""
    known = {name.casefold(): name for name in thresholds}
    for name in tools:
        if name.casefold() not in known:
            raise UnknownNameError(closest(name, thresholds, what="tool in this run"))
    return [known[name.casefold()] for name in tools] or list(thresholds)


def _row(
    annotated: AnnotatedDocument, candidate: Candidate, thresholds: Mapping[str, Thresholds]
) -> dict[str, Any]:
    losses, placebo = candidate.losses, candidate.placebo
    return {
        "id": annotated.document.id,
        "position": candidate.position,
        "before": annotated.document.text[max(0, candidate.position - 80) : candidate.position],
        "after": annotated.document.text[candidate.position : candidate.position + 80],
        "tool": candidate.tool,
        "arguments": candidate.arguments,
        "output": candidate.output,
        "error": candidate.error,
        "start_prob": candidate.start_prob,
        "start_gain": candidate.start_gain,
        "count": candidate.count,
        "loss_no_call": None if losses is None else losses.no_call,
        "loss_no_output": None if losses is None else losses.no_output,
        "loss_with_output": None if losses is None else losses.with_output,
        "used": None if losses is None else losses.used,
        "help": None if losses is None else losses.help,
        "gain": candidate.gain,
        "placebo": None if placebo is None or losses is None else _placebo_row(placebo, losses),
        "verdict": str(candidate.verdict),
        "why": why(candidate, thresholds=thresholds[candidate.tool]),
    }


def _placebo_row(placebo: Placebo, losses: Losses) -> dict[str, Any]:
    beside = placebo.beside(losses)
    return {
        "output": placebo.output,
        "loss_with_output": placebo.with_output,
        "used": beside.used,
        "help": beside.help,
    }


def _swept(
    run: Run, thresholds: Mapping[str, Thresholds], *, allow_peeking: bool | None
) -> dict[str, list[FalsePositives]]:
    """Returns what placebos and calls pass, by tool: at these thresholds and on either side."""
    lowest = run.manifest.lowest_thresholds
    swept = [dict(thresholds)]
    for nats in _SWEPT:
        others = {
            name: Thresholds(nats, nats if each.are_equal else each.help)
            for name, each in thresholds.items()
        }
        if all(each.help >= lowest[name] for name, each in others.items()):
            swept.append(others)
    found = sweep(run, swept, allow_peeking=allow_peeking)
    return {name: _in_order(rows) for name, rows in found.items()}


def _in_order(rows: list[FalsePositives]) -> list[FalsePositives]:
    """Returns rows by threshold, each once; the first counts of two that are alike."""
    by_used = {row.thresholds.used: row for row in reversed(rows)}
    return [by_used[used] for used in sorted(by_used)]


def _print_tables(
    run: Run,
    selected: Iterator[AnnotatedDocument],
    wanted: list[str],
    thresholds: Mapping[str, Thresholds],
    false_positives: Mapping[str, list[FalsePositives]],
    *,
    as_json: bool,
) -> None:
    stats = count_documents(selected)
    counted = count_by_threshold(run, _PAPER_THRESHOLDS)
    if as_json:
        kept = {
            f"{threshold:g}": None
            if each is None
            else {name: each.tools[name].texts_kept if name in each.tools else 0 for name in wanted}
            for threshold, each in counted.items()
        }
        by_chance = {
            name: [_chance_row(each) for each in false_positives.get(name, ())] for name in wanted
        }
        print_json(
            stats.to_dict()
            | {
                "texts_kept_by_threshold": kept,
                "thresholds": {name: asdict(thresholds[name]) for name in wanted},
                "are_provisional": run.is_provisional,
                "false_positives": by_chance,
            }
        )
        return
    console = answer_console()
    console.print(tool_table(stats, wanted))
    console.print(verdict_line(stats))
    console.print(threshold_table(counted, wanted))
    for name in wanted:
        if name in false_positives:
            console.print(placebo_table(name, false_positives[name], settled=thresholds[name]))


def _chance_row(row: FalsePositives) -> dict[str, Any]:
    return asdict(row) | {"share": row.share, "expected_false": row.expected_false}
