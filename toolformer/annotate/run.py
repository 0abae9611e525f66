"""A corpus goes in, a run directory comes out, shard by shard; what is there already is kept."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from toolformer.annotate.config import AnnotateConfig
from toolformer.annotate.pipeline import Shard
from toolformer.annotate.plan import Plan, make_plan
from toolformer.checkpoint import Sidecar
from toolformer.corpus import CorpusProblem, describe_corpus, read_corpus
from toolformer.errors import CorpusError
from toolformer.lm.base import LanguageModel
from toolformer.records import Document
from toolformer.runs import Run, RunWriter
from toolformer.tools.base import Tool
from toolformer.tools.toolbox import Toolbox

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
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
    on_progress: Callable[[Progress], None] | None = None,
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
        sidecar = getattr(model, "sidecar", None)  # no part of the protocol: most have none
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
        _write_shards(
            chain([first], shards), plan=plan, writer=writer, on_progress=on_progress or _ignore
        )
        return writer.finish(problems=problems.count)


def _write_shards(
    shards: Iterable[Sequence[Document]],
    *,
    plan: Plan,
    writer: RunWriter,
    on_progress: Callable[[Progress], None],
) -> None:
    """Annotates and writes the shards that are not there.

    While the tools run the last calls of one, the next is begun; and one is written meanwhile.
    """
    progress = Progress()
    done = writer.done
    begun: tuple[int, Shard] | None = None  # its last calls are with the tools
    writing: Future[None] | None = None
    with (
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="tools") as tool_thread,
        ThreadPoolExecutor(max_workers=1, thread_name_prefix="shards") as writing_thread,
    ):

        def finish_begun() -> None:
            nonlocal progress, begun, writing
            if begun is None:
                return
            number, shard = begun
            begun = None
            annotated = shard.finish()
            if writing is not None:
                writing.result()
            writing = writing_thread.submit(writer.write, number, annotated)
            kept = sum(len(each.kept) for each in annotated)
            progress = replace(progress, kept=progress.kept + kept)

        for number, documents in enumerate(shards):
            size = len(documents)
            if number in done:
                progress = replace(progress, resumed=progress.resumed + size)
            else:
                shard = Shard(documents, plan=plan, tool_thread=tool_thread)

                def tell(share: float, size: int = size) -> None:
                    finish_begun()
                    done = progress.documents + share * size
                    on_progress(replace(progress, documents=done))

                shard.propose(tell)
                finish_begun()
                begun = number, shard
            progress = replace(progress, documents=progress.documents + size)
            on_progress(progress)
        finish_begun()
        on_progress(progress)
        if writing is not None:
            writing.result()


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


def _ignore(progress: Progress) -> None:
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
