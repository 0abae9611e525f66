"""A corpus goes in, a run directory comes out, shard by shard; what is there already is kept."""

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import chain, repeat, takewhile
from pathlib import Path
from typing import Any

from toolformer.annotate.ahead import ahead
from toolformer.annotate.begun import as_begun
from toolformer.annotate.config import AnnotateConfig
from toolformer.annotate.demonstrations.demonstration import Demonstration
from toolformer.annotate.documents import Corpus, Reading
from toolformer.annotate.pipeline import ShardBatch, annotate_batches
from toolformer.annotate.plan import Plan, make_plan
from toolformer.annotate.progress import ProgressCounter, RunProgress, ShareReporter
from toolformer.annotate.rounds import check_rounds, in_rounds
from toolformer.annotate.shards import Shard, cut_shards
from toolformer.corpus import CorpusProblem
from toolformer.errors import ConfigError, CorpusError
from toolformer.files import locked
from toolformer.garbage import gc_paused
from toolformer.lm.base import LanguageModel
from toolformer.lm.lending import lent
from toolformer.lm.registry import AnyModel, as_model
from toolformer.records import Document
from toolformer.runs.directory import Run
from toolformer.runs.manifest import read_manifest
from toolformer.runs.remote import Mirror
from toolformer.runs.writer import RunWriter
from toolformer.threads import Threads
from toolformer.tools.registry import Tools, default_tools
from toolformer.tools.toolbox import Toolbox
from toolformer.urls import is_url

_LONG_LIVED = 64  # shards
_WRITING_S = 2.0  # for the shard that is being written when an annotation is interrupted


def annotate(
    corpus: Corpus,
    *,
    model: AnyModel,
    tools: Tools | None = None,
    out: str | Path,
    config: AnnotateConfig | Mapping[str, Any] | None = None,
    demonstrations: Sequence[Demonstration] | None = None,
    shards: Collection[int] | None = None,
    description: Mapping[str, Any] | None = None,
    expected_documents: int | None = None,
    strict: bool = False,
    on_progress: Callable[[RunProgress], None] | None = None,
    on_problem: Callable[[CorpusProblem], None] | None = None,
) -> Run:
    """Annotates a corpus and returns the run.

    A run that was interrupted is continued: what `out` has already is not done again, except for
    the shards in which a tool could not be reached. With a larger `max_documents` a run grows.

    Args:
        corpus: what `read_corpus` reads: a file, a directory, a dataset's id; or texts, rows such
            as `{"text": …}` and documents, in a list, a generator or a dataset of `datasets`.
        model: proposes calls and judges them; its sidecar tells how it was taught to write them. A
            name is loaded.
        tools: Tools, their specs or functions, in the order that breaks ties; those that
            `default_tools` returns when None. A Toolbox stays open.
        out: the run directory, or a URL as s3://bucket/run, to which each shard is sent once it is
            whole. One whole run writes to it at a time.
        config: None leaves everything to the model and the tools.
        demonstrations: texts with calls and their outputs to show the model in context, instead of
            those of `config.exemplars`.
        shards: the numbers of the shards to annotate, all when None; a range may go beyond the
            last one. The others are left to other calls with the same `out`; the one after which
            all are there finishes the run.
        description: the corpus as it is named in the manifest, `describe_corpus(…).to_dict()` or
            the `manifest.corpus` of a run over it; when None, the corpus is hashed.
        expected_documents: how many the corpus has, if that is known: for who watches the run.
        strict: whether a record that cannot be read ends the run.
        on_progress: called after each half of a batch's work with the progress so far.
        on_problem: called with each thing in the corpus that cannot be read; logged when None.

    Raises:
        ConfigError: the settings do not go together, or an argument is something else; it is said
            what it could be.
        CorpusError: there is nothing to read.
        RunError: `out` holds something else, cannot be written, or is being written to.

    >>> from tempfile import TemporaryDirectory
    >>> from toolformer.calls import InlineGrammar
    >>> from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel
    >>> sums = ScriptedCall("Calculator", after="303 + 453 =", writes=("303 + 453)",))
    >>> texts = ["There are 303 + 453 = 756 balloons in the whole room.", {"text": "Some fly."}]
    >>> with TemporaryDirectory() as out:
    ...     run = annotate(texts, model=ScriptedLanguageModel([sums]), tools="calculator", out=out)
    ...     for annotated in run.documents():
    ...         print(InlineGrammar().render(annotated.document.text, annotated.kept))
    There are 303 + 453 = [Calculator(303 + 453) -> 756] 756 balloons in the whole room.
    Some fly.
    """
    config = AnnotateConfig(**config) if isinstance(config, Mapping) else config or AnnotateConfig()
    if isinstance(shards, int):
        raise ConfigError(f"shards= is the numbers of some shards, as in [{shards}].")
    mirror = Mirror(str(out)) if is_url(out) else None
    out = Path(out) if mirror is None else mirror.path
    if config.rounds > 1:
        check_rounds(
            corpus,
            out=out,
            max_documents=config.max_documents,
            shards=shards,
            is_remote=mirror is not None,
        )
    if mirror is not None:
        mirror.fetch()
    model = as_model(model)
    with opened_toolbox(tools) as toolbox, toolbox.lending(lent(model)):
        once = partial(
            _annotate_once,
            corpus,
            model=model,
            toolbox=toolbox,
            wanted=shards if shards is None or isinstance(shards, range) else frozenset(shards),
            description=description,
            expected=expected_documents,
            mirror=mirror,
            strict=strict,
            on_problem=on_problem,
        )
        return in_rounds(
            partial(once, config=config),
            config.rounds,
            out=out,
            demonstrations=demonstrations,
            on_progress=on_progress,
        )


def _annotate_once(
    corpus: Corpus,
    *,
    model: LanguageModel,
    toolbox: Toolbox,
    out: Path,
    config: AnnotateConfig,
    demonstrations: Sequence[Demonstration] | None,
    wanted: Collection[int] | None,
    description: Mapping[str, Any] | None,
    expected: int | None,
    mirror: Mirror | None,
    strict: bool,
    on_progress: Callable[[RunProgress], None] | None,
    on_problem: Callable[[CorpusProblem], None] | None,
) -> tuple[Run, Plan]:
    """Annotates a corpus in one round; returns the run and what it was made by."""
    reading = Reading(corpus, config=config, strict=strict, on_problem=on_problem)
    made = make_plan(config, model=model, toolbox=toolbox, demonstrations=demonstrations)
    plan = as_begun(made, read_manifest(out), out=out)
    # The first documents are read before anything is written, so that a wrong corpus or column
    # leaves no run behind.
    read = cut_shards(
        reading.documents,
        documents_per_shard=plan.documents_per_shard,
        characters_per_shard=plan.characters_per_shard,
        ends=plan.ends,
    )
    first = next(read, None)
    if first is None:
        raise CorpusError("There is no document to annotate.")
    described = reading.describe() if description is None else description
    with locked(out, is_shared=wanted is not None), Threads(1, name="reading") as thread:
        writer = RunWriter(out, plan.manifest(described), mirror=mirror)
        writer.drop_unavailable(wanted)
        reporter = ShareReporter(writer.tell, wanted, expected=expected)
        rest: Iterator[list[Document]] = read
        if reading.is_of_files:  # a caller's iterator is consumed on its own thread
            rest = takewhile(bool, ahead(repeat(partial(next, read, [])), thread))
        number = _annotate_shards(
            chain([first], rest),
            plan=plan,
            writer=writer,
            wanted=wanted,
            progress=ProgressCounter(partial(_tell, reporter, on_progress)),
        )
        reporter.end(number)
        return writer.finish(problems=reading.problems, shards=number), plan


def _annotate_shards(
    shards: Iterable[list[Document]],
    *,
    plan: Plan,
    writer: RunWriter,
    wanted: Collection[int] | None,
    progress: ProgressCounter,
) -> int:
    """Annotates and writes the wanted shards that are not there; returns how many all are."""
    done = writer.done
    numbered = (
        Shard(number, documents, number not in done and (wanted is None or number in wanted))
        for number, documents in enumerate(shards)
    )
    count = 0
    with (
        gc_paused(),
        Threads(1, name="tools") as tool_thread,
        Threads(1, name="shards", patience_s=_WRITING_S) as writing_thread,
    ):
        batches = annotate_batches(
            numbered, plan, tool_thread=tool_thread, on_proposed=progress.proposed
        )
        for seen in ahead(_writes(batches, writer=writer, progress=progress), writing_thread):
            count = seen
    return count


def _writes(
    batches: Iterable[ShardBatch], *, writer: RunWriter, progress: ProgressCounter
) -> Iterator[Callable[[], int]]:
    """Yields what sees to each shard and returns how many have been, once it is annotated."""
    resumed = writer.done
    for batch in batches:
        shard = batch.shard
        if batch.is_last:
            yield partial(_see_to, batch, writer=writer, is_there=shard.number in resumed)
        if shard.is_due:
            progress.scored(batch)
        elif shard.number in resumed:
            progress.resumed(shard)
        if batch.is_last and shard.is_due:
            # Once a shard is enough; what has been there for long is looked at now and then.
            gc.collect(1 if shard.number % _LONG_LIVED else 2)


def _see_to(batch: ShardBatch, *, writer: RunWriter, is_there: bool) -> int:
    """Writes a shard that was annotated, and looks at one that is there."""
    if batch.shard.is_due:
        writer.write(batch.shard.number, batch.annotated)
    elif is_there:
        writer.keep(batch.shard.number, batch.shard.documents)
    return batch.shard.number + 1


def opened_toolbox(tools: Tools | None) -> Toolbox | nullcontext[Toolbox]:
    """Returns the toolbox to use; a caller's own is not closed."""
    if isinstance(tools, Toolbox):
        return nullcontext(tools)
    return Toolbox(default_tools() if tools is None else tools)


def _tell(
    reporter: ShareReporter, on_progress: Callable[[RunProgress], None] | None, now: RunProgress
) -> None:
    reporter(now)
    if on_progress is not None:
        on_progress(now)
