"""`toolformer show`: the annotated texts and the tables of a run, for any threshold."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import islice
from shlex import quote
from typing import Annotated

from typer import Argument, Option

from toolformer.calls import grammar_from_dict
from toolformer.cli.display.console import Console, answer_console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.tables import provisional_line
from toolformer.cli.display.texts import candidate_text, kept_text
from toolformer.cli.settings import ALLOW_PEEKING, MIN_HELP, MIN_USED, RUN_HELP, THRESHOLD
from toolformer.cli.show.progress import PROGRESS, print_progress
from toolformer.cli.show.rows import call_row
from toolformer.cli.show.table import print_tables
from toolformer.cli.show.why import PlaceReasons, position_of
from toolformer.errors import ConfigError, UnknownNameError, closest
from toolformer.records import AnnotatedDocument, Candidate, Verdict
from toolformer.runs.directory import Run
from toolformer.runs.reading import (
    nearest_calls,
    read_selected,
    resolve_thresholds,
    strongest_calls,
)
from toolformer.runs.thresholds import Thresholds

_Calls = Iterable[tuple[AnnotatedDocument, Candidate]]


class Order(StrEnum):
    """In which order calls are shown."""

    TEXT = "text"
    GAIN = "gain"


def show(
    run: Annotated[str, Argument(help=RUN_HELP)],
    verdict: Annotated[
        Verdict | None,
        Option(
            metavar="<verdict>",
            help=f"What became of the calls to show: {', '.join(Verdict)}. Default: kept, in their "
            "texts.",
            show_default=False,
        ),
    ] = None,
    threshold: THRESHOLD = None,
    min_used: MIN_USED = None,
    min_help: MIN_HELP = None,
    tool: Annotated[list[str] | None, Option(help="Only calls of this tool. Repeatable.")] = None,
    document: Annotated[
        list[str] | None, Option("--id", help="Only calls in the text with this id. Repeatable.")
    ] = None,
    sort: Annotated[
        Order, Option(help="text: as they stand in the run; gain: the best first, call by call.")
    ] = Order.TEXT,
    near: Annotated[
        float | None,
        Option(help="Calls whose gain is nearest to so many nats, kept or not; the nearest first."),
    ] = None,
    why: Annotated[
        str | None,
        Option(
            help="Tell what became of every place of the text with this id; together with --id, of "
            "the place at a character offset, or before these words.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[int, Option(min=1, help="How many to show.")] = 12,
    allow_peeking: ALLOW_PEEKING = False,
    table: Annotated[
        bool,
        Option(
            "--table",
            help="Print counts per tool and per threshold instead of texts, how many placebos "
            "pass, and what the tools refused.",
        ),
    ] = False,
    progress: PROGRESS = False,
    incomplete: Annotated[
        bool, Option("--incomplete", help="Show what is there of a run that is not whole.")
    ] = False,
    as_json: Annotated[bool, Option("--json", help="Print JSON, one object a line.")] = False,
) -> None:
    """Print the annotated texts of a run.

    `--verdict low_gain` shows what was not kept, and why; `--why` also where no call was tried.
    """
    if progress:
        print_progress(answer_console(), run, as_json=as_json)
        return
    opened = Run.open(run, incomplete=incomplete)
    notes = Console(stderr=True)
    if incomplete and (lack := opened.lack()):
        notes.print(f"The run '{opened.name}' {lack}.", markup=False, soft_wrap=True)
    if incomplete and threshold is min_used is None and (told := provisional_line(opened)):
        notes.print(told, markup=False, soft_wrap=True)
    thresholds = resolve_thresholds(opened, threshold, min_used=min_used, min_help=min_help)
    wanted = _wanted(tool or [], thresholds)
    peeking = allow_peeking or None
    selected = read_selected(opened, thresholds, allow_peeking=peeking)
    if table:
        print_tables(opened, selected, wanted, thresholds, allow_peeking=peeking, as_json=as_json)
        return
    names = document or ([why] if why is not None else [])
    found = (each for each in selected if not names or each.document.id in names)
    if why is not None:
        reasons = PlaceReasons(opened.manifest, thresholds, wanted)
        shown = _print_reasons(found, reasons, place=why if document else None, as_json=as_json)
        if not shown:
            raise ConfigError(
                f"The run '{opened.name}' has no text with the id {', '.join(names)!r}."
            )
        return
    if as_json or sort is Order.GAIN or near is not None or verdict not in (None, Verdict.KEPT):
        calls: _Calls = _calls(found, wanted, Verdict.KEPT if verdict is None else verdict)
        if near is not None:
            calls = nearest_calls(_calls(found, wanted, verdict), thresholds, near, limit=limit)
        elif sort is Order.GAIN:
            calls = strongest_calls(calls, thresholds, limit=limit)
        shown = _print_calls(islice(calls, limit), opened, thresholds, as_json=as_json)
    else:
        shown = _print_texts(found, opened, thresholds, wanted=wanted, limit=limit)
    if shown == 0:
        name = (verdict or Verdict.KEPT).value
        notes.print(
            f"{opened.name} has no call with the verdict {name}{' there' if names else ''}. All "
            f"of them are counted by: toolformer show {quote(opened.name)} --table",
            highlight=False,
        )


def _wanted(tools: list[str], thresholds: Mapping[str, Thresholds]) -> list[str]:
    """Returns the run's tools that were named, all when none were."""
    known = {name.casefold(): name for name in thresholds}
    for name in tools:
        if name.casefold() not in known:
            raise UnknownNameError(closest(name, thresholds, what="tool in this run"))
    return [known[name.casefold()] for name in tools] or list(thresholds)


def _calls(
    documents: Iterable[AnnotatedDocument], wanted: list[str], verdict: Verdict | None
) -> Iterator[tuple[AnnotatedDocument, Candidate]]:
    """Yields the calls of some tools with a verdict, of all where it is None."""
    for annotated in documents:
        for candidate in annotated.candidates:
            if candidate.tool in wanted and verdict in (None, candidate.verdict):
                yield annotated, candidate


def _print_calls(
    calls: _Calls, run: Run, thresholds: Mapping[str, Thresholds], *, as_json: bool
) -> int:
    """Prints calls one by one, and returns how many."""
    console, grammar, shown = answer_console(), grammar_from_dict(run.manifest.grammar), 0
    for annotated, candidate in calls:
        shown += 1
        if as_json:
            print_json(call_row(annotated, candidate, thresholds))
            continue
        console.print(candidate_text(annotated, candidate, grammar=grammar, thresholds=thresholds))
        console.print()
    return shown


def _print_texts(
    documents: Iterable[AnnotatedDocument],
    run: Run,
    thresholds: Mapping[str, Thresholds],
    *,
    wanted: list[str],
    limit: int,
) -> int:
    """Prints texts with the calls that are kept in them, and returns how many."""
    console, grammar, shown = answer_console(), grammar_from_dict(run.manifest.grammar), 0
    kept = (
        annotated
        for annotated in documents
        if any(placed.call.tool in wanted for placed in annotated.kept)
    )
    for annotated in islice(kept, limit):
        shown += 1
        console.print(kept_text(annotated, grammar, thresholds))
        console.print()
    return shown


def _print_reasons(
    documents: Iterable[AnnotatedDocument],
    reasons: PlaceReasons,
    *,
    place: str | None,
    as_json: bool,
) -> int:
    """Prints why places of texts have a call or none; returns how many texts there were."""
    console, texts = answer_console(), 0
    for annotated in documents:
        texts += 1
        position = None if place is None else position_of(annotated, place)
        for shown, row in reasons.of(annotated, position):
            if as_json:
                print_json(row)
                continue
            console.print(shown)
            console.print()
    return texts
