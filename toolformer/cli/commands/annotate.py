"""`toolformer annotate`: a corpus goes in, a run with its kept tool calls comes out."""

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Annotated

from typer import Argument, Option

from toolformer.annotate import AnnotateConfig, RunProgress
from toolformer.annotate import annotate as annotate_corpus
from toolformer.annotate.dry_run import DryRun
from toolformer.annotate.dry_run import dry_run as annotate_sample
from toolformer.assets import EMBEDDED_MODEL, SAMPLE_CORPUS, asset
from toolformer.calls import grammar_from_dict
from toolformer.cli.display.console import Console, answer_console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.progress import MoveBar, counting_bar, spell_seconds
from toolformer.cli.display.tables import tool_table, unavailable_line, verdict_line
from toolformer.cli.display.texts import dozen, kept_text
from toolformer.cli.settings import (
    BATCH_TOKENS,
    DEVICE,
    DTYPE,
    MODEL_HELP,
    STRICT,
    TOOL_CACHE,
    TRUST_REMOTE_CODE,
    with_settings,
)
from toolformer.cli.sharing import LICENSE, PRIVATE, PUSH_TO_HUB, open_shared, share
from toolformer.cli.show.dry_run import print_dry_run
from toolformer.cli.tool_limits import TOOL_TIMEOUT, TOOL_WORKERS, with_limits
from toolformer.corpus import Corpora, CorpusProblem, describe_corpus, read_corpus
from toolformer.errors import ConfigError, RunError
from toolformer.hub.cards.card import CardSettings
from toolformer.lm.registry import load_model
from toolformer.runs.directory import Run
from toolformer.tools.registry import default_tools, load_tools
from toolformer.tools.toolbox import Toolbox

# A corpus larger than this is not read a second time to tell how long it will take.
_COUNTED_BYTES = 1 << 30


@with_settings(
    AnnotateConfig,
    names={"gain_threshold": ["--gain-threshold", "--threshold"]},
)
def annotate(
    corpus: Annotated[
        list[str] | None,
        Argument(
            help="Files (.txt, .jsonl, .csv, .parquet, ...), directories, patterns, Hugging Face "
            "dataset ids, or - for JSON lines on standard input. Default: the sample corpus that "
            "comes with the package.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[str, Option(help=MODEL_HELP)] = EMBEDDED_MODEL,
    tool: Annotated[
        list[str] | None,
        Option(
            help="calculator, database:path=facts.db,table=facts, my_tools.py:convert, ... "
            "Repeatable. Default: calculator, calendar, database.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, Option(help="The run directory.")] = Path("run"),
    dry_run: Annotated[
        int | None,
        Option(
            "--dry-run",
            min=2,
            metavar="<documents>",
            help="Annotate so many documents drawn from all, write nothing, and print what was "
            "found and what the whole corpus would take.",
            show_default=False,
        ),
    ] = None,
    shard: Annotated[
        str | None,
        Option(
            metavar="<i/n>",
            help="Do one share of n of the run's shards, counted from 0, and leave the others to "
            "the same command with other shares, beside this one or on other machines.",
            show_default=False,
        ),
    ] = None,
    tool_workers: TOOL_WORKERS = None,
    tool_timeout: TOOL_TIMEOUT = None,
    tool_cache: TOOL_CACHE = None,
    *,
    settings: AnnotateConfig,
    dtype: DTYPE = "float32",
    device: DEVICE = "auto",
    batch_tokens: BATCH_TOKENS = "auto",
    trust_remote_code: TRUST_REMOTE_CODE = False,
    strict: STRICT = False,
    push_to_hub: PUSH_TO_HUB = None,
    private: PRIVATE = False,
    license_: LICENSE = None,
    as_json: Annotated[
        bool, Option("--json", help="Print the counts as JSON instead of tables and texts.")
    ] = False,
) -> int:
    """Let a model propose tool calls in a corpus and keep those that help it.

    With no argument: the embedded model, sample corpus and database, into ./run.
    """
    if dry_run and push_to_hub:
        raise ConfigError("A dry run writes nothing that could be shared: leave out --push-to-hub.")
    repository = open_shared(push_to_hub, kind="dataset", private=private, license_=license_)
    source = Corpora(tuple(corpus or (str(asset(SAMPLE_CORPUS)),)))
    loaded = load_tools(*tool) if tool else default_tools()
    tools = Toolbox(
        with_limits(loaded, workers=tool_workers, timeouts=tool_timeout), results=tool_cache
    )
    shards = None if shard is None else read_share(shard)
    total, characters = (dry_run, 0) if dry_run else _count(source, settings)
    notes = Console(stderr=True)
    with notes.status(f"Loading {model}"):
        language_model = load_model(
            model,
            dtype=dtype,
            device=device,
            batch_tokens=read_batch_tokens(batch_tokens),
            trust_remote_code=trust_remote_code,
        )
    work: Callable[..., Run | DryRun] = (
        partial(annotate_sample, documents=dry_run)
        if dry_run
        else partial(annotate_corpus, out=out, shards=shards)
    )
    began = time.monotonic()
    try:
        with tools, counting_bar(notes, "Annotating", "texts", total=total) as move:
            found = work(
                source,
                model=language_model,
                tools=tools,
                config=settings,
                strict=strict,
                on_progress=lambda progress: _move(move, progress, characters),
                on_problem=lambda problem: _tell(notes, problem),
            )
    except KeyboardInterrupt:
        notes.print(
            "Stopped."
            if dry_run
            else f"Stopped. {_whole(out)} Run the same command again to resume."
        )
        return 130
    seconds = time.monotonic() - began
    if isinstance(found, DryRun):
        if as_json:
            print_json(found.to_dict())
        else:
            print_dry_run(answer_console(), found)
        return 0
    missed = _print_run(out, seconds, share=shard, as_json=as_json)
    if missed:
        notes.print(missed, markup=False)
    if repository is not None and found.is_complete:  # who does the last share, shares the run
        about = CardSettings(license=license_, tools=loaded, seconds=seconds)
        share(notes, out, repository, about)
    return 1 if missed else 0


def _move(move: MoveBar, progress: RunProgress, characters: int) -> None:
    number = f"round {progress.round}" if progress.round else ""
    kept = f"{progress.kept} calls kept" if progress.kept else ""
    share = None
    if characters:
        share = (progress.characters / characters, progress.resumed_characters / characters)
    said = ", ".join(filter(None, (number, kept)))
    move(progress.documents, progress.resumed, said, share)


def read_batch_tokens(text: str) -> int | None:
    """Reads `--batch-tokens`; None is to be found out.

    >>> read_batch_tokens("auto"), read_batch_tokens("4096")
    (None, 4096)
    """
    if text == "auto":
        return None
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise ConfigError(
            f"Cannot read --batch-tokens {text!r}: write a number of tokens, as 8192, or auto."
        )
    return int(text)


def read_share(text: str) -> range:
    """Returns the numbers of the shards of a share, which have no end.

    >>> read_share("2/8")[:3]
    range(2, 26, 8)
    """
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and int(number) < int(count)):
        raise ConfigError(
            f"Cannot read --shard {text!r}: of eight shares, 0/8 is the first and 7/8 the last."
        )
    return range(int(number), sys.maxsize, int(count))


def _print_run(out: Path, seconds: float, *, share: str | None, as_json: bool) -> str:
    """Prints what is there of a run; returns which tools could not be reached, and what to do."""
    run = Run.open(out, incomplete=share is not None)  # the other shares may not be done yet
    stats = run.stats()
    if as_json:
        print_json({"run": str(out), "seconds": round(seconds, 3)} | stats.to_dict())
    elif share is not None and (lack := run.lack()):
        answer_console().print(f"Share {share} is done. The run '{out}' {lack}.", soft_wrap=True)
    else:
        _report(run, seconds)
    return unavailable_line(stats)


def _report(run: Run, seconds: float) -> None:
    """Prints the table per tool and a dozen texts."""
    console = answer_console()
    thresholds = run.thresholds
    names, stats = list(thresholds), run.stats()
    grammar = grammar_from_dict(run.manifest.grammar)
    for annotated in dozen(run.documents(), names):
        console.print(kept_text(annotated, grammar, thresholds))
        console.print()
    console.print(tool_table(stats, names))
    console.print(verdict_line(stats))
    nats = ", ".join(f"{name} {each}" for name, each in thresholds.items())
    console.print(f"A kept call saves {run.manifest.model.name} at least so many nats: {nats}.")
    console.print(f"Done in {spell_seconds(seconds)}. The run is in {run.path}: see it with")
    console.print(f"  toolformer show {quote(str(run.path))}")


def _tell(notes: Console, problem: CorpusProblem) -> None:
    notes.print(f"{'Skipped' if problem.is_loss else 'Note'}: {problem}")


def _count(source: Corpora, settings: AnnotateConfig) -> tuple[int | None, int]:
    """Counts a corpus's documents and their characters, None and 0 where it would take long."""
    sizes = [file.size for file in describe_corpus(source).files]
    if not sizes or sum(sizes) > _COUNTED_BYTES:
        return settings.max_documents, 0
    documents = read_corpus(
        source,
        text_column=settings.text_column,
        date_column=settings.date_column,
        max_documents=settings.max_documents,
        on_problem=lambda _problem: None,  # annotating will tell
    )
    sizes = [len(each.text) for each in documents]
    return len(sizes), sum(sizes)


def _whole(out: Path) -> str:
    try:
        run = Run.open(out)
    except RunError:
        return "Nothing was written yet."
    shards, size = len(run.shards()), run.manifest.documents_per_shard
    return f"{out} holds {shards} whole shards of at most {size} texts."
