"""A corpus goes in, a run directory comes out, shard by shard; what is there already is kept."""

import gc
import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from toolformer.annotate.config import AnnotateConfig
from toolformer.annotate.pipeline import Shard
from toolformer.annotate.plan import Plan, make_plan
from toolformer.corpus.read import CorpusProblem, describe_corpus, read_corpus
from toolformer.errors import CorpusError
from toolformer.garbage import gc_paused
from toolformer.lm.base import LanguageModel
from toolformer.records import Document
from toolformer.runs.directory import Run, RunWriter
from toolformer.sidecar import Sidecar
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
    sidecar: Sidecar | None = None,
    strict: bool = False,
    on_progress: Callable[[RunProgress], None] | None = None,
    on_problem: Callable[[CorpusProblem], None] | None = None,
    **settings: Any,
) -> Run:
    """Annotates a corpus and returns the run.

    A run that was interrupted goes on: what `out` has already is not done again.

    Args:
        corpus: what `read_corpus` reads, or documents.
        model: proposes calls and judges them.
        tools: in the order that breaks ties.
        out: the run directory.
        config: the paper's and the tools' own numbers when None.
        sidecar: how the model was taught to write calls; the one it brings along when None.
        strict: whether a record that cannot be read ends the run.
        on_progress: is told after every batch how far the run is.
        on_problem: is told what in the corpus could not be read; None logs it.
        settings: fields of `AnnotateConfig` that override `config`.

    Raises:
        ConfigError: the settings do not go together.
        CorpusError: there is nothing to read.
        RunError: `out` holds something else, or cannot be written.
    """
    settled = (config or AnnotateConfig()).override(**settings)
    if sidecar is None:
        sidecar = model.sidecar
    problems = _Problems(on_problem)
    with Toolbox(tools) as toolbox:
        plan = make_plan(settled, model=model, toolbox=toolbox, sidecar=sidecar)
        documents = _documents(corpus, config=settled, strict=strict, problems=problems)
        shards = _shards(documents, size=settled.documents_per_shard)
        # The first documents are read before anything is written, so that a wrong corpus or column
        # leaves no run behind.
        first = next(shards, None)
        if first is None:
            raise CorpusError("There is no document to annotate.")
        writer = RunWriter(out, plan.manifest(_describe(corpus)))
        on_progress = on_progress or _ignore
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading") as thread:
            # Documents that are handed over may have to be taken in the thread they come from.
            ahead = _ahead(shards, thread) if isinstance(corpus, str | Path) else shards
            _write_shards(chain([first], ahead), plan=plan, writer=writer, on_progress=on_progress)
        return writer.finish(problems=problems.count)


def _write_shards(
    shards: Iterable[Sequence[Document]],
    *,
    plan: Plan,
    writer: RunWriter,
    on_progress: Callable[[RunProgress], None],
) -> None:
    """Annotates and writes the shards that are not there."""
    done = writer.done
    with (
        gc_paused(),
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="tools") as tool_thread,
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="shards") as writing_thread,
    ):
        line = _Line(plan, tool_thread, writer, writing_thread, on_progress)
        try:
            for number, documents in enumerate(shards):
                if number in done:
                    line.skip(documents)
                else:
                    line.annotate(number, documents)
        except Exception:
            line.end()  # what was done before the failure is kept
            raise
        line.end()


class _Line:
    """Shards one after the other, so that the model need wait neither for tools nor for a disk.

    While the tools run the last calls of one, the next is begun; and one is written meanwhile.
    """

    def __init__(
        self,
        plan: Plan,
        tool_thread: Executor,
        writer: RunWriter,
        writing_thread: Executor,
        on_progress: Callable[[RunProgress], None],
    ) -> None:
        self._plan = plan
        self._tool_thread = tool_thread
        self._writer = writer
        self._writing_thread = writing_thread
        self._on_progress = on_progress
        self._progress = RunProgress()
        self._begun: tuple[int, Shard] | None = None  # its last calls are with the tools
        self._writing: Future[None] | None = None

    def skip(self, documents: Sequence[Document]) -> None:
        """Counts a shard that is there."""
        self._finish_begun()
        resumed = self._progress.resumed + len(documents)
        self._progress = replace(self._progress, resumed=resumed)
        self._advance(len(documents))

    def annotate(self, number: int, documents: Sequence[Document]) -> None:
        """Takes a shard as far as it goes without waiting for tools; finishes the one before."""
        shard = Shard(documents, plan=self._plan, tool_thread=self._tool_thread)

        def tell(share: float) -> None:
            self._finish_begun()
            reached = self._progress.documents + share * len(documents)
            self._on_progress(replace(self._progress, documents=reached))

        shard.propose(tell)
        self._finish_begun()
        self._begun = number, shard
        self._advance(len(documents))

    def end(self) -> None:
        """Finishes what is left and waits until it is written."""
        self._finish_begun()
        self._advance(0)
        if self._writing is not None:
            self._writing.result()

    def _finish_begun(self) -> None:
        if self._begun is None:
            return
        number, shard = self._begun
        self._begun = None
        annotated = shard.finish()
        if self._writing is not None:
            self._writing.result()
        self._writing = self._writing_thread.submit(self._writer.write, number, annotated)
        kept = sum(len(each.kept) for each in annotated)
        self._progress = replace(self._progress, kept=self._progress.kept + kept)
        # Once a shard is enough; what has been there for long is looked at now and then.
        gc.collect(1 if number % _LONG_LIVED else 2)

    def _advance(self, documents: int) -> None:
        reached = self._progress.documents + documents
        self._progress = replace(self._progress, documents=reached)
        self._on_progress(self._progress)


def _documents(
    corpus: str | Path | Iterable[Document],
    *,
    config: AnnotateConfig,
    strict: bool,
    problems: "_Problems",
) -> Iterator[Document]:
    if not isinstance(corpus, str | Path):
        return islice(iter(corpus), config.max_documents)
    return read_corpus(
        corpus,
        text_column=config.text_column,
        date_column=config.date_column,
        max_documents=config.max_documents,
        strict=strict,
        on_problem=problems,
    )


def _describe(corpus: str | Path | Iterable[Document]) -> dict[str, Any]:
    """Returns what tells a corpus from another; a stream of documents cannot be told."""
    if isinstance(corpus, str | Path):
        return describe_corpus(corpus).to_dict()
    described: dict[str, Any] = {"name": "documents", "files": []}
    if isinstance(corpus, list | tuple):
        digest = hashlib.sha256()
        for each in corpus:
            digest.update(repr((each.id, each.text, sorted(each.meta.items()))).encode())
        described["sha256"] = digest.hexdigest()
    return described


def _shards(documents: Iterator[Document], *, size: int) -> Iterator[list[Document]]:
    while shard := list(islice(documents, size)):
        yield shard


def _ahead(shards: Iterator[list[Document]], thread: Executor) -> Iterator[list[Document]]:
    """Yields the shards, but reads the next while one is in use."""
    coming = thread.submit(next, shards, None)
    while (found := coming.result()) is not None:
        coming = thread.submit(next, shards, None)
        yield found


def _ignore(progress: RunProgress) -> None:
    """Tells nobody."""


class _Problems:
    """Counts what could not be read, and passes it on."""

    def __init__(self, pass_on: Callable[[CorpusProblem], None] | None) -> None:
        self.count = 0
        self._pass_on = pass_on

    def __call__(self, problem: CorpusProblem) -> None:
        self.count += 1
        if self._pass_on is None:
            _log.warning("%s", problem)
        else:
            self._pass_on(problem)
