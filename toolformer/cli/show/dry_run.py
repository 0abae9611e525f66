"""A dry run on a terminal: calls in their texts, counts, and what the whole corpus would take."""

from collections.abc import Sequence
from typing import Annotated

from rich.filesize import decimal
from rich.table import Table
from typer import Option

from toolformer.annotate.dry_run import DryRun
from toolformer.calls import grammar_from_dict
from toolformer.cli.display.console import Console
from toolformer.cli.display.progress import spell_seconds
from toolformer.cli.display.tables import error_table, tool_table, verdict_line
from toolformer.cli.display.texts import candidate_text
from toolformer.records import AnnotatedDocument, Candidate

DRY_RUN = Annotated[
    int | None,
    Option(
        "--dry-run",
        min=2,
        metavar="<documents>",
        help="Annotate so many documents drawn from all, write nothing, and print what was found "
        "and what the whole corpus would take.",
        show_default=False,
    ),
]
_DEVICES = (1, 2, 4, 8)
_KINDS = {
    "text": "the texts and their own prompts",
    "decode": "calls written",
    "score": "calls scored",
}


def print_dry_run(console: Console, found: DryRun) -> None:
    """Prints what an annotation would find and take."""
    names = list(found.thresholds)
    _print_calls(console, "The kept calls that gain most:", found.best, found)
    _print_calls(console, "At the border, kept or not:", found.border, found)
    console.print(tool_table(found.stats, names))
    console.print(verdict_line(found.stats))
    for name, shapes in found.errors.items():
        console.print(error_table(name, shapes))
    nats = ", ".join(f"{name} {each}" for name, each in found.thresholds.items())
    console.print(f"A kept call saves {found.manifest.model.name} at least so many nats: {nats}.")
    if found.is_provisional:
        console.print(
            "The sample has too few placebos to calibrate by; the whole corpus will settle the "
            "thresholds."
        )
    console.print(cost_table(found))
    console.print(corpus_line(found))


def cost_table(found: DryRun) -> Table:
    """Returns what the corpus would take on one device and on several, and what a text does."""
    cost, sampled = found.estimate, len(found.sample.documents)
    tokens = ", ".join(
        f"{getattr(found.usage, name) / sampled:,.0f} for {kind}" for name, kind in _KINDS.items()
    )
    a_text = (cost.seconds - cost.start_s) / max(1, cost.documents)
    table = Table(
        title=f"All {cost.documents:,} texts would take",
        caption=f"a text: {a_text:.3g} s; tokens: {tokens}",
    )
    for name in ("devices like this one", "time", "95 % of samples say"):
        table.add_column(name, justify="right")
    for devices in _DEVICES:
        seconds, margin = cost.seconds_on(devices), cost.margin_on(devices)
        least, most = max(cost.start_s, seconds - margin), seconds + margin
        table.add_row(
            str(devices),
            spell_seconds(seconds),
            f"{spell_seconds(least)} to {spell_seconds(most)}",
        )
    return table


def corpus_line(found: DryRun) -> str:
    """Spells what was drawn, from what, and how large the run would be on disk."""
    sample, cost = found.sample, found.estimate
    said = (
        f"By {len(sample.documents):,} texts, drawn from {sample.corpus_documents:,} with "
        f"{sample.corpus_characters:,} characters. The run would have {decimal(cost.bytes)}."
    )
    if not sample.is_whole:
        said += " The corpus is larger: no more of it was read."
    return f"{said} Nothing was written."


def _print_calls(
    console: Console,
    title: str,
    calls: Sequence[tuple[AnnotatedDocument, Candidate]],
    found: DryRun,
) -> None:
    if not calls:
        return
    grammar = grammar_from_dict(found.manifest.grammar)
    console.print(title, style="bold")
    console.print()
    for annotated, candidate in calls:
        console.print(
            candidate_text(annotated, candidate, grammar=grammar, thresholds=found.thresholds)
        )
        console.print()
