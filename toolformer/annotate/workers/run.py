"""A corpus annotated by workers on a Ray cluster: one driver reads, hands out, and writes.

The documents of a shard go to a worker through Ray, and come back annotated in the same way. So the
corpus is read once, by the driver, whatever it is; the run has one writer, which holds its lock;
and workers need neither the corpus nor the run directory. What passes through the driver is a few
hundred kilobytes a shard, which is some minutes of a worker's time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from toolformer.annotate.config import AnnotateConfig
from toolformer.annotate.demonstrations.demonstration import Demonstration
from toolformer.annotate.documents import Corpus, Reading
from toolformer.annotate.progress import RunProgress, ShareReporter
from toolformer.annotate.shards import Shard, cut_shards
from toolformer.annotate.workers.cluster import connected, needs_ray
from toolformer.annotate.workers.crew import Crew, Workers
from toolformer.annotate.workers.worker import Equip
from toolformer.corpus import CorpusProblem
from toolformer.errors import ConfigError, CorpusError
from toolformer.files import locked
from toolformer.records import AnnotatedDocument, Document
from toolformer.runs.directory import Run
from toolformer.runs.manifest import read_manifest
from toolformer.runs.remote import Mirror
from toolformer.runs.writer import RunWriter
from toolformer.urls import is_url


def annotate_by_workers(
    corpus: Corpus,
    *,
    equip: Equip,
    out: str | Path,
    workers: Workers | None = None,
    config: AnnotateConfig | Mapping[str, Any] | None = None,
    demonstrations: Sequence[Demonstration] | None = None,
    description: Mapping[str, Any] | None = None,
    expected_documents: int | None = None,
    strict: bool = False,
    on_progress: Callable[[RunProgress], None] | None = None,
    on_problem: Callable[[CorpusProblem], None] | None = None,
) -> Run:
    """Annotates a corpus on a Ray cluster and returns the run, the bytes of which are `annotate`'s.

    The cluster is that of RAY_ADDRESS, or the one that the program is connected to, or else one of
    its own on this machine. A worker that is lost is replaced and its shard done again; a run that
    was interrupted is continued, on a cluster or by `annotate`.

    Args:
        corpus: as `annotate` takes it.
        equip: loads model and tools, in each worker; Ray pickles it.
        out: the run directory or URL, which this process alone writes to.
        workers: how many, and what each has of the cluster; one when None.
        config: as `annotate` takes it, in one round.
        demonstrations: as `annotate` takes them.
        description: as `annotate` takes it.
        expected_documents: as `annotate` takes it.
        strict: as `annotate` takes it.
        on_progress: called with the progress whenever a shard is done.
        on_problem: as `annotate` takes it.

    Raises:
        ConfigError: Ray is not installed or not there, or what `annotate` raises it for.
        CorpusError: there is nothing to read.
        RunError: as `annotate`; or workers are lost again and again.
    """
    needs_ray()
    config = AnnotateConfig(**config) if isinstance(config, Mapping) else config or AnnotateConfig()
    if config.rounds > 1:
        raise ConfigError(
            "A round begins when the one before is whole: workers do one round, as with rounds=1."
        )
    workers = workers or Workers()
    mirror = Mirror(str(out)) if is_url(out) else None
    out = Path(out) if mirror is None else mirror.path
    reading = Reading(corpus, config=config, strict=strict, on_problem=on_problem)
    # Read before any worker starts: a wrong corpus is told at once, and leaves no run behind.
    first = next(reading.documents, None)
    if first is None:
        raise CorpusError("There is no document to annotate.")
    if mirror is not None:
        mirror.fetch()
    with locked(out), connected(cpus=workers.most * workers.cpus) as ray:
        begun = read_manifest(out)
        given = partial(
            _begin, equip, config, demonstrations=demonstrations, begun=begun, out=str(out)
        )
        crew = Crew(ray, workers, given)
        try:
            manifest = crew.open()
            described = reading.describe() if description is None else description
            manifest = replace(manifest, corpus=described)
            writer = RunWriter(out, manifest, mirror=mirror)
            writer.drop_unavailable()
            reporter = ShareReporter(writer.tell, None, expected=expected_documents)
            cut = cut_shards(
                chain([first], reading.documents),
                documents_per_shard=manifest.documents_per_shard,
                characters_per_shard=manifest.characters_per_shard,
                ends=manifest.ends,
            )
            driver = _Driver(writer, crew, reporter, on_progress)
            for shard, annotated in crew.annotate(driver.due(cut)):
                driver.write(shard, annotated)
            reporter.end(driver.count)
            return writer.finish(problems=reading.problems, shards=driver.count)
        finally:
            crew.close()


def _begin(
    equip: Equip, config: AnnotateConfig, actor: Any, **rest: Any
) -> Any:  # Ray's reference to a manifest
    return actor.begin.remote(equip, config, **rest)


class _Driver:
    """Sees to a run: what is there is kept, and what its workers bring is written."""

    def __init__(
        self,
        writer: RunWriter,
        crew: Crew,
        reporter: ShareReporter,
        on_progress: Callable[[RunProgress], None] | None,
    ) -> None:
        self.count = 0  # shards of the corpus so far
        self._writer = writer
        self._crew = crew
        self._reporter = reporter
        self._on_progress = on_progress
        self._progress = RunProgress()

    def due(self, shards: Iterator[list[Document]]) -> Iterator[Shard]:
        """Yields the shards that are not there, and looks at those that are."""
        there = self._writer.done
        for number, documents in enumerate(shards):
            shard = Shard(number, documents)
            self.count = number + 1
            if number not in there:
                yield shard
                continue
            self._writer.keep(number, documents)
            now = self._progress.plus(shard)
            self._tell(
                replace(
                    now,
                    resumed=now.resumed + len(documents),
                    resumed_characters=now.resumed_characters + shard.characters,
                )
            )

    def write(self, shard: Shard, annotated: Sequence[AnnotatedDocument]) -> None:
        """Writes a shard that came back."""
        self._writer.write(shard.number, annotated)
        kept = self._progress.kept + sum(len(each.kept) for each in annotated)
        self._tell(replace(self._progress.plus(shard), kept=kept))

    def _tell(self, now: RunProgress) -> None:
        self._progress = replace(now, workers=self._crew.ready)
        self._reporter(self._progress)
        if self._on_progress is not None:
            self._on_progress(self._progress)
