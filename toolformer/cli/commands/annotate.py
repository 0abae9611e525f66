"""`toolformer annotate`: a corpus goes in, a run with its kept tool calls comes out."""

import time
from collections.abc import Callable
from functools import partial
from shlex import quote
from typing import Annotated, Any

from typer import Argument, Context, Option

from toolformer.annotate import AnnotateConfig, RunProgress
from toolformer.annotate import annotate as annotate_corpus
from toolformer.annotate.dry_run import DryRun
from toolformer.annotate.dry_run import dry_run as annotate_sample
from toolformer.annotate.workers.crew import Workers
from toolformer.annotate.workers.run import annotate_by_workers
from toolformer.assets import EMBEDDED_MODEL, SAMPLE_CORPUS, asset
from toolformer.cli.display.console import Console, answer_console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.progress import MoveBar, counting_bar, spell_workers
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
from toolformer.cli.shares import (
    PARTITION,
    RUNNER,
    SBATCH,
    SHARD,
    SHARES,
    TIME,
    Runner,
    read_share,
    sbatch_options,
    write_array,
)
from toolformer.cli.sharing import LICENSE, PRIVATE, PUSH_TO_HUB, open_shared, share
from toolformer.cli.show.dry_run import DRY_RUN, print_dry_run
from toolformer.cli.show.finished import print_run
from toolformer.cli.stopped import CONTINUED, Stopped
from toolformer.cli.tool_limits import TOOL_TIMEOUT, TOOL_WORKERS
from toolformer.cli.workers import (
    CPUS_PER_WORKER,
    GPUS_PER_WORKER,
    WORKERS,
    equip,
    read_workers,
    toolbox_of,
)
from toolformer.corpus import Corpora, CorpusProblem, describe_corpus, read_corpus
from toolformer.corpus.sources import CorpusDescription
from toolformer.errors import ConfigError, RunError
from toolformer.hub.cards.card import CardSettings
from toolformer.lm.registry import load_model
from toolformer.runs.directory import Run
from toolformer.urls import is_url, shown_url

# A corpus larger than this is not read a second time to tell how long it will take.
_COUNTED_BYTES = 1 << 30
_Work = Callable[..., Run | DryRun]


@with_settings(
    AnnotateConfig,
    names={"gain_threshold": ["--gain-threshold", "--threshold"]},
)
def annotate(
    corpus: Annotated[
        list[str] | None,
        Argument(
            help="Files (.txt, .jsonl, .csv, .parquet, ...), directories, patterns, URLs as "
            "s3://bucket/*.jsonl, Hugging Face dataset ids, or - for JSON lines on standard input. "
            "Default: the sample corpus that comes with the package.",
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
    out: Annotated[
        str, Option(help="The run directory, or where it is to be, as s3://bucket/run.")
    ] = "run",
    dry_run: DRY_RUN = None,
    shard: SHARD = None,
    runner: RUNNER = Runner.LOCAL,
    shares: SHARES = None,
    time_: TIME = None,
    partition: PARTITION = None,
    sbatch: SBATCH = None,
    workers: WORKERS = None,
    gpus_per_worker: GPUS_PER_WORKER = None,
    cpus_per_worker: CPUS_PER_WORKER = None,
    tool_workers: TOOL_WORKERS = None,
    tool_timeout: TOOL_TIMEOUT = None,
    tool_cache: TOOL_CACHE = None,
    *,
    context: Context,
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
    of_slurm = sbatch_options(time=time_, partition=partition, others=sbatch or [])
    if runner is Runner.SLURM:
        script = write_array(context.obj, out, shares=shares, options=of_slurm)
        answer_console().print(f"sbatch {quote(str(script))}", soft_wrap=True)
        return 0
    if of_slurm or shares:
        raise ConfigError("--shares, --time, --partition and --sbatch are for --runner slurm.")
    crew = read_workers(workers, gpus=gpus_per_worker, cpus=cpus_per_worker)
    if runner is not Runner.RAY and crew != Workers():
        raise ConfigError(
            "--workers, --gpus-per-worker and --cpus-per-worker are for --runner ray."
        )
    if runner is Runner.RAY and (dry_run or shard):
        raise ConfigError("--runner ray does the whole run: leave out --dry-run and --shard.")
    if dry_run and push_to_hub:
        raise ConfigError("A dry run writes nothing that could be shared: leave out --push-to-hub.")
    repository = open_shared(push_to_hub, kind="dataset", private=private, license_=license_)
    source = Corpora(tuple(corpus or (str(asset(SAMPLE_CORPUS)),)))
    make_toolbox = partial(
        toolbox_of, tool, workers=tool_workers, timeouts=tool_timeout, results=tool_cache
    )
    tools = make_toolbox()
    shards = None if shard is None else read_share(shard)
    load = partial(
        load_model,
        model,
        dtype=dtype,
        device=device,
        batch_tokens=read_batch_tokens(batch_tokens),
        trust_remote_code=trust_remote_code,
    )
    described = None if dry_run else describe_corpus(source)
    total, characters = (dry_run, 0) if described is None else _count(source, described, settings)
    notes = Console(stderr=True)
    work: _Work
    if runner is Runner.RAY:
        equipped = partial(equip, load, make_toolbox)
        work = _given(annotate_by_workers, equip=equipped, workers=crew)
    else:
        with notes.status(f"Loading {model}"):
            language_model = load()
        by = annotate_sample if dry_run else annotate_corpus
        work = _given(by, model=language_model, tools=tools)
    if described is None:
        work = partial(work, documents=dry_run)
    else:
        work = partial(work, out=out, description=described.to_dict(), expected_documents=total)
    if shards is not None:
        work = partial(work, shards=shards)
    began = time.monotonic()
    try:
        with tools, counting_bar(notes, "Annotating", "texts", total=total) as move:
            found = work(
                source,
                config=settings,
                strict=strict,
                on_progress=lambda progress: _move(move, progress, characters),
                on_problem=lambda problem: _tell(notes, problem),
            )
    except KeyboardInterrupt as error:
        kept = "" if dry_run else f" {_whole(out)} {CONTINUED}"
        raise Stopped(f"Stopped.{kept}") from error
    seconds = time.monotonic() - began
    if isinstance(found, DryRun):
        if as_json:
            print_json(found.to_dict())
        else:
            print_dry_run(answer_console(), found)
        return 0
    missed = print_run(found, seconds, share=shard, as_json=as_json)
    if missed:
        notes.print(missed, markup=False)
    if repository is not None and found.is_complete:  # who does the last share, shares the run
        about = CardSettings(license=license_, tools=tools.values(), seconds=seconds)
        share(notes, found.path, repository, about)
    return 1 if missed else 0


def _given(work: _Work, **arguments: Any) -> _Work:
    """Returns a way to annotate that has some of its arguments; the others differ by the way."""
    return partial(work, **arguments)


def _move(move: MoveBar, progress: RunProgress, characters: int) -> None:
    number = f"round {progress.round}" if progress.round else ""
    kept = f"{progress.kept} calls kept" if progress.kept else ""
    workers = spell_workers(progress.workers)
    share = None
    if characters:
        share = (progress.characters / characters, progress.resumed_characters / characters)
    said = ", ".join(filter(None, (number, kept, workers)))
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


def _tell(notes: Console, problem: CorpusProblem) -> None:
    notes.print(f"{'Skipped' if problem.is_loss else 'Note'}: {problem}")


def _count(
    source: Corpora, described: CorpusDescription, settings: AnnotateConfig
) -> tuple[int | None, int]:
    """Counts a corpus's documents and their characters, None and 0 where it would take long."""
    sizes = [file.size for file in described.files]
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


def _whole(out: str) -> str:
    if is_url(out):
        return f"What is in {shown_url(out)} is whole."
    try:
        run = Run.open(out)
    except RunError:
        return "Nothing was written yet."
    shards, size = len(run.shards()), run.manifest.documents_per_shard
    return f"{out} holds {shards} whole shards of at most {size} texts."
