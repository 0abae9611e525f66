"""A corpus goes in, a run directory comes out, shard by shard; what is there already is kept."""

import gc
import hashlib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice, repeat, takewhile
from pathlib import Path
from typing import Any

from toolformer.annotate.ahead import ahead
from toolformer.annotate.config import AnnotateConfig
from toolformer.annotate.pipeline import Shard, ShardBatch, annotate_batches
from toolformer.annotate.plan import Plan, make_plan
from toolformer.corpus import CorpusProblem, describe_corpus, read_corpus
from toolformer.errors import CorpusError
from toolformer.garbage import gc_paused
from toolformer.lm.base import LanguageModel
from toolformer.records import Document
from toolformer.runs.directory import Run, RunWriter
from toolformer.tools.base import Tool
from toolformer.tools.toolbox import Toolbox

_log = logging.getLogger(__name__)

_LONG_LIVED = 64  # shards


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is."""

    documents: float = 0  # done so far, those of earlier tries included; a shard counts in parts
    resumed: int = 0  # of these, done by earlier tries
    kept: int = 0  # calls kept, in the shards of this try


def annotate(
    corpus: str | Path | Iterable[Document],
    *,
    model: LanguageModel,
    tools: Sequence[Tool],
    out: str | Path,
    config: AnnotateConfig | None = None,
    shards: Collection[int] | None = None,
    description: Mapping[str, Any] | None = None,
    strict: bool = False,
    on_progress: Callable[[RunProgress], None] | None = None,
    on_problem: Callable[[CorpusProblem], None] | None = None,
) -> Run:
    """Annotates a corpus and returns the run.

    A run that was interrupted is continued: what `out` has already is not done again, except for
    the shards in which a tool could not be reached.

    Args:
        corpus: what `read_corpus` reads, or documents.
        model: proposes calls and judges them; its sidecar tells how it was taught to write them.
        tools: in the order that breaks ties.
        out: the run directory.
        config: None leaves everything to the model and the tools.
        shards: the numbers of the shards to annotate, all when None. The others are left to other
            calls with the same `out`; the one after which all are there finishes the run.
        description: the corpus as it is named in the manifest, `describe_corpus(…).to_dict()` or
            the `manifest.corpus` of a run over it; when None, the corpus is hashed.
        strict: whether a record that cannot be read ends the run.
        on_progress: called after every batch with the progress so far.
        on_problem: called with each thing in the corpus that cannot be read; logged when None.

    Raises:
        ConfigError: the settings do not go together.
        CorpusError: there is nothing to read.
        RunError: `out` holds something else, or cannot be written.

    >>> from tempfile import TemporaryDirectory
    >>> from toolformer.calls import InlineGrammar
    >>> from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel
    >>> from toolformer.tools.builtin.calculator import calculator
    >>> sums = ScriptedCall("Calculator", after="303 + 453 =", writes=("303 + 453)",))
    >>> text = Document("1", "There are 303 + 453 = 756 balloons in the whole room.")
    >>> with TemporaryDirectory() as out:
    ...     model = ScriptedLanguageModel([sums])
    ...     run = annotate([text], model=model, tools=[calculator], out=out)
    ...     for annotated in run.documents():
    ...         print(InlineGrammar().render(annotated.document.text, annotated.kept))
    There are 303 + 453 = [Calculator(303 + 453) -> 756] 756 balloons in the whole room.
    """
    config = config or AnnotateConfig()
    reading = _Reading(corpus, config=config, strict=strict, on_problem=on_problem)
    with Toolbox(tools) as toolbox:
        plan = make_plan(config, model=model, toolbox=toolbox)
        # The first documents are read before anything is written, so that a wrong corpus or column
        # leaves no run behind.
        read = iter(reading)
        first = next(read, None)
        if first is None:
            raise CorpusError("There is no document to annotate.")
        described = _describe(corpus) if description is None else description
        writer = RunWriter(out, plan.manifest(described))
        writer.drop_unavailable(shards)
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading") as thread:
            rest: Iterator[list[Document]] = read
            if isinstance(corpus, str | Path):  # a caller's iterator is consumed on its own thread
                rest = takewhile(bool, ahead(repeat(partial(next, read, [])), thread))
            _annotate_shards(
                chain([first], rest),
                plan=plan,
                writer=writer,
                wanted=shards,
                on_progress=on_progress or _ignore,
            )
        return writer.finish(problems=reading.problems, shards=reading.shards)


def _annotate_shards(
    shards: Iterable[list[Document]],
    *,
    plan: Plan,
    writer: RunWriter,
    wanted: Collection[int] | None,
    on_progress: Callable[[RunProgress], None],
) -> None:
    """Annotates and writes the wanted shards that are not there; one is written meanwhile."""
    done = writer.done
    numbered = (
        Shard(number, documents, number not in done and (wanted is None or number in wanted))
        for number, documents in enumerate(shards)
    )
    with (
        gc_paused(),
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="tools") as tool_thread,
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="shards") as writing_thread,
    ):
        batches = annotate_batches(numbered, plan, tool_thread=tool_thread)
        writes = _writes(batches, writer=writer, resumed=done, on_progress=on_progress)
        for _ in ahead(writes, writing_thread):
            pass


def _writes(
    batches: Iterable[ShardBatch],
    *,
    writer: RunWriter,
    resumed: Collection[int],
    on_progress: Callable[[RunProgress], None],
) -> Iterator[Callable[[], None]]:
    """Yields what writes each annotated shard, as soon as it is annotated."""
    progress = RunProgress()  # up to the shard of the batch
    for batch in batches:
        shard = batch.shard
        if not shard.is_due:
            there = len(shard.documents) if shard.number in resumed else 0
            progress = replace(
                progress, documents=progress.documents + there, resumed=progress.resumed + there
            )
            on_progress(progress)
        elif not batch.is_last:
            part = batch.share_done * len(shard.documents)
            on_progress(replace(progress, documents=progress.documents + part))
        else:
            yield partial(writer.write, shard.number, batch.annotated)
            # Once a shard is enough; what has been there for long is looked at now and then.
            gc.collect(1 if shard.number % _LONG_LIVED else 2)
            progress = replace(
                progress,
                documents=progress.documents + len(shard.documents),
                kept=progress.kept + sum(len(each.kept) for each in batch.annotated),
            )
            on_progress(progress)


class _Reading:
    """The documents of a corpus shard by shard, and what is counted on the way."""

    def __init__(
        self,
        corpus: str | Path | Iterable[Document],
        *,
        config: AnnotateConfig,
        strict: bool,
        on_problem: Callable[[CorpusProblem], None] | None,
    ) -> None:
        self.shards = 0
        self.problems = 0
        self._pass_on = on_problem
        self._size = config.documents_per_shard
        if isinstance(corpus, str | Path):
            corpus = read_corpus(
                corpus,
                text_column=config.text_column,
                date_column=config.date_column,
                strict=strict,
                on_problem=self._count,
            )
        self._documents = islice(corpus, config.max_documents)

    def __iter__(self) -> Iterator[list[Document]]:
        while shard := list(islice(self._documents, self._size)):
            self.shards += 1
            yield shard

    def _count(self, problem: CorpusProblem) -> None:
        self.problems += 1
        if self._pass_on is None:
            _log.warning("%s", problem)
        else:
            self._pass_on(problem)


def _describe(corpus: str | Path | Iterable[Document]) -> dict[str, Any]:
    """Returns what identifies a corpus; a stream of documents has no identity."""
    if isinstance(corpus, str | Path):
        return describe_corpus(corpus).to_dict()
    described: dict[str, Any] = {"name": "documents", "files": []}
    if isinstance(corpus, list | tuple):
        digest = hashlib.sha256()
        for each in corpus:
            digest.update(repr((each.id, each.text, sorted(each.meta.items()))).encode())
        described["sha256"] = digest.hexdigest()
    return described


def _ignore(progress: RunProgress) -> None:
    """Reports to nobody."""
