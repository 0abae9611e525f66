"""`toolformer annotate`: a corpus goes in, a run with its kept tool calls comes out."""

import json
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from rich.console import Console
from typer import Argument, Option

from toolformer.annotate import AnnotateConfig
from toolformer.annotate import annotate as annotate_corpus
from toolformer.assets import EMBEDDED_MODEL, SAMPLE_CORPUS, asset
from toolformer.calls import grammar_from_dict
from toolformer.cli.display.console import answer_console
from toolformer.cli.display.progress import annotation_bar, spell_seconds
from toolformer.cli.display.tables import tool_table, verdict_line
from toolformer.cli.display.texts import dozen, kept_text
from toolformer.cli.settings import read_batch_tokens, read_settings
from toolformer.corpus.read import CorpusProblem, describe_corpus, read_corpus
from toolformer.errors import RunError
from toolformer.lm.registry import load_model
from toolformer.runs.directory import Run
from toolformer.runs.reading import run_thresholds
from toolformer.sidecar import PromptStyle
from toolformer.tools.registry import default_tools, load_tool

# A corpus larger than this is not read a second time to tell how long it will take.
_COUNTED_BYTES = 1 << 30


class LossContext(StrEnum):
    """Where a scored call stands."""

    PREFIX = "prefix"
    INLINE = "inline"


def annotate(
    corpus: Annotated[
        str | None,
        Argument(
            help="A .txt, .jsonl(.gz/.zst/.xz) or .parquet file, a directory of these, or a "
            "Hugging Face dataset id. Default: the sample corpus that comes with the package.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str, Option(help="A directory, a Hub id, or script.py:name for a model in a file.")
    ] = EMBEDDED_MODEL,
    tool: Annotated[
        list[str] | None,
        Option(
            help="calculator, database:path=facts.db,table=facts, my_tools.py:convert, ... "
            "Repeatable. Default: calculator, calendar, database.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, Option(help="The run directory.")] = Path("run"),
    threshold: Annotated[
        float | None, Option(help="τf: nats a call must save. Default: the model's, the tool's.")
    ] = None,
    max_positions: Annotated[int | None, Option(help="k: places tried per text.")] = None,
    samples: Annotated[int | None, Option(help="m: calls sampled per place.")] = None,
    min_prob: Annotated[
        float | None, Option(help="τs: probability of a call that a place must exceed.")
    ] = None,
    temperature: Annotated[
        float | None, Option(help="Of the sampled arguments; 0: greedy.")
    ] = None,
    seed: Annotated[int | None, Option(help="Another seed draws other samples.")] = None,
    max_documents: Annotated[int | None, Option(help="Stop after so many documents.")] = None,
    loss_context: Annotated[
        LossContext | None, Option(help="Score a call in front of the text (the paper) or inline.")
    ] = None,
    allow_peeking: Annotated[
        bool, Option("--allow-peeking", help="Keep calls that use what the text says only later.")
    ] = False,
    prune_below: Annotated[
        float | None, Option(help="Leave out what cannot gain so many nats. Default: min(0.5, τf).")
    ] = None,
    keep_all_losses: Annotated[
        bool, Option("--keep-all-losses", help="Score even what no threshold could keep.")
    ] = False,
    config: Annotated[
        Path | None, Option(help="A YAML file of settings; flags go before it.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        Option("--set", help="Any setting, as in calculator.gain_threshold=0.5. Repeatable."),
    ] = None,
    dtype: Annotated[str, Option(help="float32, bfloat16 or float16.")] = "float32",
    device: Annotated[str, Option(help="auto, cpu, cuda or mps.")] = "auto",
    batch_tokens: Annotated[
        str, Option(help="Tokens of one batch; auto: as many as fit and are of use.")
    ] = "auto",
    text_column: Annotated[str | None, Option(help="The field with the text.")] = None,
    date_column: Annotated[str | None, Option(help="The field with the text's date.")] = None,
    strict: Annotated[
        bool, Option("--strict", help="Stop at a record that cannot be read.")
    ] = False,
    prompt_style: Annotated[
        PromptStyle | None, Option(help="How calls are asked for. Default: the model's.")
    ] = None,
    as_json: Annotated[
        bool, Option("--json", help="Print the counts as JSON instead of tables and texts.")
    ] = False,
) -> int:
    """Let a model propose tool calls in a corpus and keep those that help it.

    With no argument: the embedded model, sample corpus and database, into ./run.
    """
    settings = read_settings(
        config,
        set_ or [],
        {
            "gain_threshold": threshold,
            "max_positions": max_positions,
            "samples": samples,
            "min_prob": min_prob,
            "temperature": temperature,
            "seed": seed,
            "max_documents": max_documents,
            "loss_context": loss_context,
            "allow_peeking": allow_peeking or None,
            "prune_below": prune_below,
            "keep_all_losses": keep_all_losses or None,
            "text_column": text_column,
            "date_column": date_column,
            "prompt_style": prompt_style,
        },
    )
    source = str(asset(SAMPLE_CORPUS)) if corpus is None else corpus
    tools = [load_tool(each) for each in tool] if tool else default_tools()
    total = _count(source, settings)
    notes = Console(stderr=True)
    with notes.status(f"Loading {model}"):
        language_model = load_model(
            model, dtype=dtype, device=device, batch_tokens=read_batch_tokens(batch_tokens)
        )
    began = time.monotonic()
    try:
        with annotation_bar(notes, total=total) as move:
            run = annotate_corpus(
                source,
                model=language_model,
                tools=tools,
                out=out,
                config=settings,
                strict=strict,
                on_progress=move,
                on_problem=lambda problem: notes.print(f"Left out: {problem}", markup=False),
            )
    except KeyboardInterrupt:
        notes.print(f"Stopped. {_whole(out)} Run the same command again to go on from there.")
        return 130
    except RunError as error:
        # A full disk is no misuse.
        print(error, file=sys.stderr)
        return 1 if isinstance(error.__cause__, OSError) else 2
    seconds = time.monotonic() - began
    if as_json:
        print(json.dumps({"run": str(out), "seconds": round(seconds, 3)} | run.stats().to_dict()))
    else:
        _report(run, seconds)
    return 0


def _report(run: Run, seconds: float) -> None:
    """Prints the table per tool and a dozen texts."""
    console = answer_console()
    names = list(run_thresholds(run.manifest))
    stats = run.stats()
    grammar = grammar_from_dict(run.manifest.grammar)
    for annotated in dozen(run.documents(), names):
        console.print(kept_text(annotated, grammar))
        console.print()
    console.print(tool_table(stats, names))
    console.print(verdict_line(stats))
    thresholds = ", ".join(
        f"{name} {nats:g}" for name, nats in run_thresholds(run.manifest).items()
    )
    console.print(
        f"A kept call saves {run.manifest.model['name']} at least so many nats: {thresholds}."
    )
    console.print(f"Done in {spell_seconds(seconds)}. The run is in {run.path}: see it with")
    console.print(f"  toolformer show {run.path}")


def _count(source: str, settings: AnnotateConfig) -> int | None:
    """Counts the documents of a corpus of files, None where that would take long."""
    sizes = [file.size for file in describe_corpus(source).files]
    if not sizes or sum(sizes) > _COUNTED_BYTES:
        return settings.max_documents
    documents = read_corpus(
        source,
        text_column=settings.text_column,
        date_column=settings.date_column,
        max_documents=settings.max_documents,
        on_problem=_ignore,
    )
    return sum(1 for _ in documents)


def _ignore(problem: CorpusProblem) -> None:
    """Counting tells nobody; annotating will."""


def _whole(out: Path) -> str:
    try:
        run = Run.open(out)
    except RunError:
        return "Nothing was written yet."
    shards, size = len(run.shards()), run.manifest.documents_per_shard
    return f"{out} holds {shards} whole shards of {size} texts."
