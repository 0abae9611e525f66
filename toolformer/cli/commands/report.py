"""`toolformer report`: what came of runs and evaluations, as one page."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from toolformer.cli.display.console import Console
from toolformer.cli.display.gate import print_json
from toolformer.cli.settings import ALLOW_PEEKING, MIN_HELP, MIN_USED, THRESHOLD
from toolformer.report.overview import spell_bytes
from toolformer.report.write import MOST_TEXTS, write_report
from toolformer.runs.directory import Run


def report(
    run: Annotated[
        list[str],
        Argument(
            help="Run directories that `toolformer annotate` wrote, or their URLs; several stand "
            "side by side."
        ),
    ],
    evaluation: Annotated[
        list[Path] | None,
        Option(
            help="A directory that `toolformer evaluate` wrote. Repeatable.", show_default=False
        ),
    ] = None,
    out: Annotated[Path, Option(help="The page.")] = Path("report.html"),
    title: Annotated[str, Option(help="Its title. Default: the names of the runs.")] = "",
    max_texts: Annotated[
        int,
        Option(
            min=0,
            help="Texts of a run that can be looked at, spread evenly over it; all are counted.",
        ),
    ] = MOST_TEXTS,
    threshold: THRESHOLD = None,
    min_used: MIN_USED = None,
    min_help: MIN_HELP = None,
    allow_peeking: ALLOW_PEEKING = False,
    incomplete: Annotated[
        bool, Option("--incomplete", help="Report what is there of a run that is not whole.")
    ] = False,
    as_json: Annotated[bool, Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Write what came of runs as one HTML page that needs nothing else: open it in a browser."""
    notes = Console(stderr=True)
    with notes.status("Reading"):
        done = write_report(
            [Run.open(each, incomplete=incomplete) for each in run],
            out,
            evaluations=evaluation or (),
            threshold=threshold,
            min_used=min_used,
            min_help=min_help,
            allow_peeking=allow_peeking or None,
            max_texts=max_texts,
            title=title,
        )
    if as_json:
        print_json(
            {
                "out": str(done.path),
                "bytes": done.size,
                "texts": done.texts,
                "texts_left_out": done.texts_left_out,
            }
        )
        return
    left_out = f", {done.texts_left_out:,} more are counted only" if done.texts_left_out else ""
    notes.print(
        f"'{done.path}' holds {done.texts:,} texts{left_out} ({spell_bytes(done.size)}).",
        markup=False,
        soft_wrap=True,
    )
