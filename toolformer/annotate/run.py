"""A corpus goes in, a run directory comes out, shard by shard; what is there already is kept."""

import gc
import hashlib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice, repeat, takewhile
from pathlib import Path
from typing import Any

from toolformer.annotate.ahead import ahead
from toolformer.annotate.config import AnnotateConfig
from toolformer.annotate.pipeline import Shard, ShardBatch, annotate_batches
from toolformer.annotate.plan import Plan, make_plan
from toolformer.corpus import Corpora, CorpusProblem, describe_corpus, read_corpus
from toolformer.errors import CorpusError
from toolformer.garbage import gc_paused
from toolformer.lm.base import LanguageModel
from toolformer.records import Document
from toolformer.runs.directory import Run, RunWriter
from toolformer.runs.manifest import read_manifest
from toolformer.threads import Threads
from toolformer.tools.base import Tool
from toolformer.tools.toolbox import Toolbox

_log = logging.getLogger(__name__)

_LONG_LIVED = 64  # shards
_DOCUMENT_CHARACTERS = 2000
# How much of a batch's work is to read it and to write calls; the rest is to score them.
_PROPOSING = 0.6
_WRITING_S = 2.0  # for the shard that is being written when an annotation is interrupted


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is."""

    documents: float = 0  # done so far, those of earlier tries included; a shard counts in parts
    resumed: int = 0  # of these, done by earlier tries
    kept: int = 0  # calls kept, in the shards of this try
    characters: float = 0  # of what is done: texts differ in length, and so in the time they take
    resumed_characters: int = 0  # of these, done by earlier tries


def annotate(
    corpus: str | Path | Corpora | Iterable[Document],
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
        on_progress: called after each half of a batch's work with the progress so far.
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
        plan = _as_begun(make_plan(config, model=model, toolbox=toolbox), Path(out))
        reading.size = plan.documents_per_shard
        # The first documents are read before anything is written, so that a wrong corpus or column
        # leaves no run behind.
        read = iter(reading)
        first = next(read, None)
        if first is None:
            raise CorpusError("There is no document to annotate.")
        described = _describe(corpus) if description is None else description
        writer = RunWriter(out, plan.manifest(described))
        writer.drop_unavailable(shards)
        with Threads(1, name="reading") as thread:
            rest: Iterator[list[Document]] = read
            if isinstance(
                corpus, str | Path | Corpora
            ):  # a caller's iterator is consumed on its own thread
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
    progress = _Counting(on_progress)
    with (
        gc_paused(),
        Threads(1, name="tools") as tool_thread,
        Threads(1, name="shards", patience_s=_WRITING_S) as writing_thread,
    ):
        batches = annotate_batches(
            numbered, plan, tool_thread=tool_thread, on_proposed=progress.proposed
        )
        for _ in ahead(_writes(batches, writer=writer, progress=progress), writing_thread):
            pass


def _writes(
    batches: Iterable[ShardBatch], *, writer: RunWriter, progress: "_Counting"
) -> Iterator[Callable[[], None]]:
    """Yields what writes each annotated shard, as soon as it is; of one that is there, a look."""
    resumed = writer.done
    for batch in batches:
        shard = batch.shard
        if not shard.is_due:
            is_there = shard.number in resumed
            if is_there:
                yield partial(writer.keep, shard.number, shard.documents)
            progress.passed(shard, is_there=is_there)
        elif not batch.is_last:
            progress.scored(batch)
        else:
            yield partial(writer.write, shard.number, batch.annotated)
            # Once a shard is enough; what has been there for long is looked at now and then.
            gc.collect(1 if shard.number % _LONG_LIVED else 2)
            progress.annotated(batch)


class _Counting:
    """Counts what is done; a batch that was read and not yet scored counts in part."""

    def __init__(self, tell: Callable[[RunProgress], None]) -> None:
        self._tell = tell
        self._whole = RunProgress()  # of the shards that are done
        self._begun: dict[int, float] = {}  # by shard that is not: how much of it is done
        self._shards: dict[int, Shard] = {}

    def proposed(self, batch: ShardBatch) -> None:
        """Counts a batch that was read, and in which calls were written."""
        if batch.shard.is_due:
            self._add(batch, _PROPOSING)

    def scored(self, batch: ShardBatch) -> None:
        """Counts a batch that is done, and not the last of its shard."""
        self._add(batch, 1 - _PROPOSING)

    def annotated(self, batch: ShardBatch) -> None:
        """Counts a shard that is done."""
        self._begun.pop(batch.shard.number, None)
        kept = self._whole.kept + sum(len(each.kept) for each in batch.annotated)
        self._whole = replace(_more(self._whole, batch.shard), kept=kept)
        self._report()

    def passed(self, shard: Shard, *, is_there: bool) -> None:
        """Counts a shard that an earlier try did, or that is left to others."""
        if is_there:
            more = _more(self._whole, shard)
            self._whole = replace(
                more,
                resumed=more.resumed + len(shard.documents),
                resumed_characters=more.resumed_characters + shard.characters,
            )
        self._report()

    def _add(self, batch: ShardBatch, weight: float) -> None:
        number = batch.shard.number
        self._begun[number] = self._begun.get(number, 0.0) + weight * batch.share
        self._shards[number] = batch.shard
        self._report()

    def _report(self) -> None:
        told = self._whole
        for number, share in self._begun.items():
            told = _more(told, self._shards[number], min(share, 1.0))
        self._tell(told)


def _more(progress: RunProgress, shard: Shard, share: float = 1) -> RunProgress:
    """Returns the progress once a share of a shard is done as well."""
    return replace(
        progress,
        documents=progress.documents + share * len(shard.documents),
        characters=progress.characters + share * shard.characters,
    )


def cut_shards(
    documents: Iterable[Document], *, documents_per_shard: int
) -> Iterator[list[Document]]:
    """Yields the documents of each shard of a run, as `annotate` numbers them from 0.

    A shard ends with so many documents, or with as many characters as so many of 2,000 have: what
    an interruption loses is no more for long texts than for short ones.

    >>> texts = [Document(str(n), "a" * size) for n, size in enumerate((5, 5, 9_000, 5, 5, 5))]
    >>> [[each.id for each in shard] for shard in cut_shards(texts, documents_per_shard=3)]
    [['0', '1', '2'], ['3', '4', '5']]
    >>> texts = [Document(str(n), "a" * 2_500) for n in range(4)]
    >>> [[each.id for each in shard] for shard in cut_shards(texts, documents_per_shard=3)]
    [['0', '1', '2'], ['3']]
    """
    shard: list[Document] = []
    characters = 0
    for document in documents:
        shard.append(document)
        characters += len(document.text)
        if (
            len(shard) == documents_per_shard
            or characters >= documents_per_shard * _DOCUMENT_CHARACTERS
        ):
            yield shard
            shard, characters = [], 0
    if shard:
        yield shard


def _as_begun(plan: Plan, out: Path) -> Plan:
    """Returns the plan, with the documents per shard that a run in `out` was begun with."""
    begun = read_manifest(out)
    if begun is None or begun.documents_per_shard == plan.documents_per_shard:
        return plan
    if plan.config.documents_per_shard is not None:
        _log.warning(
            "'%s' was begun with %d documents per shard and continues with them, not with %d.",
            out,
            begun.documents_per_shard,
            plan.documents_per_shard,
        )
    return replace(plan, documents_per_shard=begun.documents_per_shard)


class _Reading:
    """The documents of a corpus shard by shard, and what is counted on the way."""

    def __init__(
        self,
        corpus: str | Path | Corpora | Iterable[Document],
        *,
        config: AnnotateConfig,
        strict: bool,
        on_problem: Callable[[CorpusProblem], None] | None,
    ) -> None:
        self.shards = 0
        self.problems = 0
        self._pass_on = on_problem
        self.size = 1  # documents of a shard, at most; the plan knows
        if isinstance(corpus, str | Path | Corpora):
            corpus = read_corpus(
                corpus,
                text_column=config.text_column,
                date_column=config.date_column,
                strict=strict,
                on_problem=self._count,
            )
        self._documents = islice(corpus, config.max_documents)

    def __iter__(self) -> Iterator[list[Document]]:
        for shard in cut_shards(self._documents, documents_per_shard=self.size):
            self.shards += 1
            yield shard

    def _count(self, problem: CorpusProblem) -> None:
        self.problems += problem.is_loss
        if self._pass_on is None:
            _log.warning("%s", problem)
        else:
            self._pass_on(problem)


def _describe(corpus: str | Path | Corpora | Iterable[Document]) -> dict[str, Any]:
    """Returns what identifies a corpus; a stream of documents has no identity."""
    if isinstance(corpus, str | Path | Corpora):
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
