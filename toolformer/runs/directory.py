"""A run directory: a manifest, whole shards, what they add up to.

    RUN/manifest.json           what the run is made from; written first
    RUN/shards/00000.parquet    whole or absent
    RUN/stats.json              added up from the shards when all are there

A file is written under a temporary name and then renamed, so whatever has its own name is whole;
a temporary file that a kill left behind is ignored, and goes when its shard is written again.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from toolformer.errors import RunError
from toolformer.files import json_text, leftovers, refuse_differences, write_whole
from toolformer.records import AnnotatedDocument, Verdict
from toolformer.runs.manifest import RunManifest, read_manifest
from toolformer.runs.shards import has_verdict, read_shard, shard_bytes
from toolformer.runs.stats import RunStats, StatsCounter, count_documents

_CONTINUE = (
    " What is written so far is whole: make room and run the same command again, and it continues "
    "from there."
)


class Run:
    """A run directory to read from."""

    def __init__(self, path: Path, manifest: RunManifest) -> None:
        """Use `Run.open`."""
        self.path = path
        self.manifest = manifest

    def __repr__(self) -> str:
        state = "finished" if self.is_complete else "unfinished"
        return (
            f"<Run '{self.path}' of {self.manifest.model.name}: {_count(self.shards())}, {state}>"
        )

    @classmethod
    def open(cls, path: str | Path) -> "Run":
        """Opens a run, finished or not.

        Raises:
            RunError: the directory is not a run, or one of a newer version.
        """
        manifest = read_manifest(Path(path))
        if manifest is None:
            raise RunError(f"'{path}' is not a run directory: it has no manifest.json.")
        return cls(Path(path), manifest)

    @property
    def is_complete(self) -> bool:
        """Whether every shard was written."""
        return (self.path / "stats.json").exists()

    def shards(self) -> dict[int, Path]:
        """Returns the shards that are there, by number, in order."""
        found = (self.path / "shards").glob("*.parquet")
        return {int(each.stem): each for each in sorted(found) if each.stem.isdecimal()}

    def documents(self) -> Iterator[AnnotatedDocument]:
        """Yields the annotated documents, in the corpus's order."""
        for path in self.shards().values():
            yield from read_shard(path)

    def stats(self) -> RunStats:
        """Returns the counts of the run; of an unfinished one, those of its shards so far."""
        path = self.path / "stats.json"
        if self.is_complete:
            return RunStats.from_dict(json.loads(path.read_text(encoding="utf-8")))
        return count_documents(self.documents())


class RunWriter:
    """A run directory to write to; what is already there is kept."""

    def __init__(self, path: str | Path, manifest: RunManifest) -> None:
        """Starts a run, or continues it.

        Raises:
            RunError: the directory holds something else, or a run with other settings.
        """
        self.path = Path(path)
        self.manifest = manifest
        if self.path.exists() and not self.path.is_dir():
            raise RunError(f"Cannot write a run to '{path}': it is a file.")
        self._leftovers = leftovers(self.path) | leftovers(self.path / "shards")
        # Another process may be starting the same run: what is there is looked at before the
        # manifest is, and what it writes aside is no leftover.
        self._leftovers.pop("manifest.json", None)
        others = [each.name for each in self.path.glob("*") if each.suffix != ".tmp"]
        old = read_manifest(self.path)
        if old is not None:
            refuse_differences(old.to_dict(), manifest.to_dict(), folder=self.path, what="a run")
        elif others:
            raise RunError(
                f"'{self.path}' is not empty and is not a run ('{min(others)}' is in it). "
                "Name a directory that is empty or does not exist."
            )
        else:
            self._start()
        self._done = set(Run(self.path, manifest).shards())
        # What this writer writes is counted as it passes, and need not be read again for that.
        self._counter = StatsCounter()
        self._counted: set[int] = set()

    def __repr__(self) -> str:
        return f"<RunWriter '{self.path}': {_count(self._done)}>"

    @property
    def done(self) -> frozenset[int]:
        """The numbers of the shards that are there."""
        return frozenset(self._done)

    def drop_unavailable(self, shards: Collection[int] | None = None) -> None:
        """Deletes the shards in which a tool could not be reached: they are to be done again.

        Args:
            shards: the numbers of those that may go, all when None.
        """
        there = Run(self.path, self.manifest).shards()
        for shard, path in there.items():
            is_wanted = shards is None or shard in shards
            if is_wanted and has_verdict(path, Verdict.UNAVAILABLE):
                (self.path / "stats.json").unlink(missing_ok=True)  # first: they are not all there
                path.unlink(missing_ok=True)
                self._done.discard(shard)

    def write(self, shard: int, documents: Sequence[AnnotatedDocument]) -> None:
        """Writes a shard, whole or not at all.

        Raises:
            RunError: the disk is full or cannot be written.
        """
        if not 0 < len(documents) <= self.manifest.documents_per_shard:
            raise ValueError(f"{len(documents)} documents are not a shard of this run")
        if shard in self._done:
            raise ValueError(f"shard {shard} is there already")
        self._write(self.path / "shards" / f"{shard:05}.parquet", shard_bytes(documents))
        self._counter.add(documents)
        self._counted.add(shard)
        self._done.add(shard)

    def finish(self, *, problems: int = 0, shards: int = 0) -> Run:
        """Adds the shards up, which marks the run as complete, and opens it.

        A run in which a shard is still missing stays unfinished: whoever writes the last one
        finishes it.

        Args:
            problems: how many things in the corpus could not be read.
            shards: how many there are to be, at least.
        """
        run = Run(self.path, self.manifest)
        there = run.shards()  # other writers' as well
        if not there.keys() >= set(range(shards)):
            return run
        for shard in sorted(there.keys() - self._counted):
            self._counter.add(read_shard(there[shard]))
            self._counted.add(shard)
        stats = self._counter.stats(problems=problems)
        self._write(self.path / "stats.json", json_text(stats.to_dict()))
        return run

    def _start(self) -> None:
        values = self.manifest.to_dict() | {"fingerprint": self.manifest.fingerprint}
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"Cannot make the directory '{self.path}': {error.strerror}.") from None
        self._write(self.path / "manifest.json", json_text(values))

    def _write(self, path: Path, content: str | bytes) -> None:
        write_whole(path, content, advice=_CONTINUE)
        for leftover in self._leftovers.pop(path.name, ()):
            leftover.unlink(missing_ok=True)


def _count(shards: Collection[int]) -> str:
    return "1 shard" if len(shards) == 1 else f"{len(shards)} shards"
