"""How far a run is while it is written, on a terminal: its shards, who writes it, what is left."""

import time
from dataclasses import asdict
from typing import Annotated, Any

from rich.table import Table
from typer import Option

from toolformer.cli.display.console import Console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.progress import spell_seconds, spell_workers
from toolformer.runs.directory import Run
from toolformer.runs.progress import RunWatch, ShareProgress, watch_run, watch_url
from toolformer.urls import is_url

PROGRESS = Annotated[
    bool,
    Option(
        "--progress",
        help="Print how far the run is, which processes work on it, and how long the rest will "
        "take; of a run that is not whole, too.",
    ),
]


def print_progress(console: Console, run: str, *, as_json: bool) -> None:
    """Prints how far a run is, by its directory or URL.

    Raises:
        RunError: it is not a run, or a shard cannot be read.
    """
    now = time.time()
    watch = watch_url(run, now=now) if is_url(run) else watch_run(Run.open(run), now=now)
    if as_json:
        print_json(_values(watch))
        return
    console.print(_there(watch))
    if watch.shares:
        console.print(share_table(watch))
    if not watch.is_finished:
        console.print(_left(watch))


def share_table(watch: RunWatch) -> Table:
    """Returns a row for each process that writes the run or has written it."""
    table = Table()
    for name in ("share", "machine", "seen"):
        table.add_column(name)
    for name in ("texts", "texts/h"):
        table.add_column(name, justify="right")
    table.add_column("")
    for each in watch.shares:
        table.add_row(
            each.share or "all",
            each.machine,
            f"{spell_seconds(max(0, watch.now - each.seen))} ago",
            f"{each.documents:,.0f}",
            f"{3600 * each.rate:,.0f}" if each.documents else "–",
            _state(each, watch),
        )
    return table


def _there(watch: RunWatch) -> str:
    if watch.is_finished:
        return f"The run is finished: {watch.shards:,} shards, {watch.documents:,} texts."
    of_shards = f" of {watch.expected_shards:,}" if watch.expected_shards else ""
    said = f"Shards that are there: {watch.shards:,}{of_shards}, with {watch.documents:,}"
    if not watch.expected_documents:
        return f"{said} texts."
    share = 100 * watch.documents / watch.expected_documents
    return f"{said} of {watch.expected_documents:,} texts ({share:.0f} %)."


def _left(watch: RunWatch) -> str:
    live = sum(map(watch.is_live, watch.shares))
    if not live:
        return "Nobody was seen to work on it lately: the same command continues it."
    said = f"{live} {'process' if live == 1 else 'processes'} at work"
    if watch.rate:
        said += f", {3600 * watch.rate:,.0f} texts an hour"
    left = watch.seconds_left
    return f"{said}." if left is None else f"{said}: about {spell_seconds(left)} left."


def _state(share: ShareProgress, watch: RunWatch) -> str:
    if share.is_done:
        return "done"
    if not watch.is_live(share):
        return "not seen lately"
    return spell_workers(share.workers)


def _values(watch: RunWatch) -> dict[str, Any]:
    shares = [
        asdict(each) | {"is_done": each.is_done, "is_live": watch.is_live(each)}
        for each in watch.shares
    ]
    return asdict(watch) | {
        "shares": shares,
        "documents_per_second": watch.rate,
        "seconds_left": watch.seconds_left,
    }
