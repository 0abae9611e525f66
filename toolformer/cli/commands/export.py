"""`toolformer export`: a run as a dataset that others train on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeVar

from typer import Argument, Option

from toolformer.cli.display.console import Console
from toolformer.cli.display.gate import print_json
from toolformer.cli.settings import ALLOW_PEEKING, MIN_HELP, MIN_USED, RUN_HELP, THRESHOLD
from toolformer.cli.sharing import LICENSE, PRIVATE, PUSH_TO_HUB, open_shared, share
from toolformer.errors import ConfigError
from toolformer.export.conversations import INSTRUCTION
from toolformer.export.rows import FORMATS
from toolformer.export.write import FILE_KINDS, ROWS, Exported, export_run
from toolformer.hub.cards.card import CardSettings
from toolformer.runs.directory import Run

_Name = TypeVar("_Name", bound=str)


def export(
    run: Annotated[str, Argument(help=RUN_HELP)],
    out: Annotated[Path, Option(help="The directory of the dataset.")] = Path("export"),
    kind: Annotated[str, Option("--format", help=f"What a row is: {', '.join(FORMATS)}.")] = "text",
    files: Annotated[str, Option(help="Their files: parquet or jsonl.")] = "parquet",
    tool: Annotated[
        list[str] | None,
        Option(
            help="A tool of the run, for formats that write arguments by name. Repeatable. "
            "Default: those of the run that open nothing.",
            show_default=False,
        ),
    ] = None,
    only: Annotated[
        list[str] | None, Option(help="Only calls of the tool of this name. Repeatable.")
    ] = None,
    model: Annotated[
        str | None, Option(help="Whose tokenizer encodes, for the format tokens.")
    ] = None,
    threshold: THRESHOLD = None,
    min_used: MIN_USED = None,
    min_help: MIN_HELP = None,
    allow_peeking: ALLOW_PEEKING = False,
    all_texts: Annotated[
        bool, Option("--all", help="Write texts without a kept call as well.")
    ] = False,
    instruction: Annotated[
        str, Option(help="What a user says in front of a text, in conversations.")
    ] = INSTRUCTION,
    rows: Annotated[int, Option(min=1, help="Rows of a file at most.")] = ROWS,
    incomplete: Annotated[
        bool, Option("--incomplete", help="Write what is there of a run that is not whole.")
    ] = False,
    push_to_hub: PUSH_TO_HUB = None,
    private: PRIVATE = False,
    license_: LICENSE = None,
    as_json: Annotated[bool, Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Write the kept texts of a run as a dataset: datasets.load_dataset("OUT") reads it."""
    repository = open_shared(push_to_hub, kind="dataset", private=private, license_=license_)
    done = export_run(
        Run.open(run, incomplete=incomplete),
        out,
        kind=_one_of(FORMATS, kind, "--format"),
        files=_one_of(FILE_KINDS, files, "--files"),
        tools=tool,
        model=model,
        only=only or (),
        threshold=threshold,
        min_used=min_used,
        min_help=min_help,
        allow_peeking=allow_peeking or None,
        all_texts=all_texts,
        instruction=instruction,
        rows_per_file=rows,
    )
    _answer(done, out=out, as_json=as_json)
    if repository is not None:
        share(Console(stderr=True), out, repository, CardSettings(license=license_, tools=tool))


def _answer(done: Exported, *, out: Path, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "out": str(out),
                "texts": done.texts,
                "rows": done.rows,
                "files": [path.name for path in done.files],
                "left_out": dict(done.left_out),
            }
        )
        return
    notes = Console(stderr=True)
    without = ", ".join(f"{count:,} {reason}" for reason, count in done.left_out.items())
    notes.print(
        f"{done.texts:,} texts, {done.rows:,} rows in {len(done.files)} files of '{out}'."
        + (f" Left out: {without}." if without else ""),
        markup=False,
        soft_wrap=True,
    )


def _one_of(known: Sequence[_Name], name: str, option: str) -> _Name:
    for each in known:
        if each == name:
            return each
    raise ConfigError(f"{option} is one of {', '.join(known)}, not {name!r}.")
