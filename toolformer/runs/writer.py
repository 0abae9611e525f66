"""A run directory to write to, shard by shard: what is there already is kept.

Which files it has, and what a kill leaves behind, stands in `directory.py`.
"""

import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from toolformer.errors import RunError
from toolformer.files import json_text, leftovers, refuse_differences, write_whole
from toolformer.records import AnnotatedDocument, Document, Verdict
from toolformer.runs.calibration import Calibration, Placebos, settled_thresholds
from toolformer.runs.completion import STATS, Completion, shard_digest
from toolformer.runs.directory import Run, count_shards, name_shards, shard_path
from toolformer.runs.manifest import MANIFEST, PROGRESS, ROUNDS, RunManifest, read_manifest
from toolformer.runs.progress import ShareProgress
from toolformer.runs.remote import Mirror
from toolformer.runs.select import reselect
from toolformer.runs.shards.read import has_verdict, shard_content
from toolformer.runs.shards.write import shard_bytes
from toolformer.runs.stats import StatsCounter

_CONTINUE = (
    " What is written so far is whole: make room and run the same command again, and it continues "
    "from there."
)


class RunWriter:
    """A run directory to write to; what is already there is kept."""

    def __init__(
        self, path: str | Path, manifest: RunManifest, *, mirror: Mirror | None = None
    ) -> None:
        """Starts a run, or continues it, with more documents of its corpus if it is to have them.

        Args:
            path: the run directory.
            manifest: of the run.
            mirror: sends what is written to where the run is, if the directory is a copy of it.

        Raises:
            RunError: the directory holds something else, or a run with other settings.
        """
        self.path = Path(path)
        self.manifest = manifest
        self._mirror = mirror
        self._name = str(path) if mirror is None else mirror.name
        if self.path.exists() and not self.path.is_dir():
            raise RunError(f"Cannot write a run to '{path}': it is a file.")
        self._leftovers = leftovers(self.path) | leftovers(self.path / "shards")
        # Another process may be starting the same run: what is there is looked at before the
        # manifest is, and what it writes aside is not a leftover.
        self._leftovers.pop(MANIFEST, None)
        others = [
            each.name
            for each in self.path.glob("*")
            if each.suffix != ".tmp" and each.name != ROUNDS
        ]
        old = read_manifest(self.path)
        if old is not None:
            if self._continued(old) != old:
                self._remove(self.path / STATS)  # first: it counts what was there
                self._write_manifest()
        elif others:
            raise RunError(
                f"'{self.path}' is not empty and is not a run ('{min(others)}' is in it). "
                "Name a directory that is empty or does not exist."
            )
        else:
            self._start()
        self._run = Run(self.path, manifest, incomplete=True, name=self._name)
        self._done = set(self._run.shards())
        # What passes through this writer is counted then, and need not be read again for that.
        self._counter = StatsCounter()
        self._placebos = Placebos(allow_peeking=manifest.allow_peeking)
        self._digests: dict[int, str] = {}  # of the shards that are counted

    def __repr__(self) -> str:
        return f"<RunWriter '{self._name}': {count_shards(self._done)}>"

    @property
    def done(self) -> frozenset[int]:
        """The numbers of the shards that are there."""
        return frozenset(self._done)

    def keep(self, shard: int, documents: Sequence[Document]) -> None:
        """Takes a shard that is there for what it should be, the annotation of these documents.

        Raises:
            RunError: it is damaged, or holds other documents.
        """
        there = self._read(shard)
        if [_name(each.document) for each in there] != [_name(each) for each in documents]:
            raise RunError(
                f"Shard {shard} of '{self.path}' holds other documents than the corpus has there. "
                "Delete it and run the same command again."
            )

    def drop_unavailable(self, shards: Collection[int] | None = None) -> None:
        """Deletes the shards in which a tool could not be reached: they are to be done again.

        Args:
            shards: the numbers of those that may go, all when None.
        """
        there = Run(self.path, self.manifest).shards()
        for shard, path in there.items():
            is_wanted = shards is None or shard in shards
            if is_wanted and has_verdict(path, Verdict.UNAVAILABLE):
                self._remove(self.path / STATS)  # first: they are not all there
                self._remove(path)
                self._done.discard(shard)

    def write(self, shard: int, documents: Sequence[AnnotatedDocument]) -> None:
        """Writes a shard, whole or not at all.

        Raises:
            RunError: the disk is full or cannot be written, or the directory is gone.
        """
        if not 0 < len(documents) <= self.manifest.documents_per_shard:
            raise ValueError(f"{len(documents)} documents are not a shard of this run")
        if shard in self._done:
            raise ValueError(f"shard {shard} is there already")
        self._check_is_there()
        content = shard_bytes(documents)
        self._write(shard_path(self.path, shard), content)
        self._count(documents)
        self._digests[shard] = shard_digest(content)
        self._done.add(shard)

    def tell(self, name: str, progress: ShareProgress) -> None:
        """Writes how far a process is, for whoever watches the run; not to be able to is no harm.

        Args:
            name: of the file, of this process alone.
            progress: how far it is.
        """
        with suppress(RunError):
            self._check_is_there()
            self._write(self.path / PROGRESS / f"{name}.json", json_text(asdict(progress)))

    def finish(self, *, problems: int = 0, shards: int = 0) -> Run:
        """Adds the shards up, which marks the run as complete, and opens it.

        A run in which a shard is still missing stays unfinished: whoever writes the last one
        finishes it.

        Args:
            problems: how many things in the corpus could not be read.
            shards: how many there are to be; as many as are there when 0.

        Raises:
            RunError: a shard that was there is gone or changed, or there are more than there are
                to be.
        """
        self._check_is_there()
        if self._mirror is not None:
            self._mirror.fetch()
        there = self._run.shards()  # other writers' as well
        run = Run(self.path, self.manifest, name=self._name)
        if gone := sorted(self._done - there.keys()):
            raise RunError(
                f"{name_shards(gone).capitalize()} of '{self.path}' were deleted while the run was "
                "written. Run the same command again: only what is missing is done."
            ) from FileNotFoundError()
        wanted = range(shards or len(there))
        if shards and (extra := sorted(there.keys() - set(wanted))):
            raise RunError(
                f"'{there[extra[0]]}' is not of this run, which has {shards} shards. Move it away "
                "and run the same command again."
            )
        if there.keys() != set(wanted):
            return run
        for shard in wanted:
            if shard not in self._digests:
                self._read(shard)
            elif shard_digest(shard_content(there[shard])) != self._digests[shard]:
                raise RunError(
                    f"'{there[shard]}' was changed while the run was written. Delete it and run "
                    "the same command again: only what is missing is done."
                )
        calibration = self._placebos.calibrate(self.manifest.tools)
        completion = Completion(
            self._recounted(wanted, calibration).stats(problems=problems),
            [self._digests[shard] for shard in wanted],
            calibration,
        )
        self._write(self.path / STATS, json_text(completion.to_dict()))
        shutil.rmtree(self.path / PROGRESS, ignore_errors=True)
        if self._mirror is not None:
            self._mirror.remove_progress()
        return run

    def _read(self, shard: int) -> list[AnnotatedDocument]:
        """Reads and counts a shard that another try or another process has written."""
        documents = self._run.read(shard)
        self._count(documents)
        self._digests[shard] = shard_digest(shard_content(shard_path(self.path, shard)))
        return documents

    def _count(self, documents: Sequence[AnnotatedDocument]) -> None:
        self._counter.add(documents)
        self._placebos.add(documents)

    def _recounted(
        self, shards: Iterable[int], calibration: Mapping[str, Calibration]
    ) -> StatsCounter:
        """Returns the counts of all shards; where thresholds follow from all, these are read."""
        if not self.manifest.calibrated:
            return self._counter
        counter = StatsCounter()
        thresholds = settled_thresholds(self.manifest.tools, calibration)
        peeking = self.manifest.allow_peeking
        for shard in shards:
            counter.add(
                reselect(each, thresholds=thresholds, allow_peeking=peeking)
                for each in self._run.read(shard)
            )
        return counter

    def _check_is_there(self) -> None:
        """Refuses to write to a directory that was deleted meanwhile: half of a run is none."""
        try:
            (self.path / MANIFEST).stat()
        except OSError as error:
            raise RunError(
                f"'{self.path}' was deleted while the run was written. Run the same command again."
            ) from error

    def _start(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"Cannot make the directory '{self.path}': {error.strerror}.") from None
        if self._mirror is None:
            self._write_manifest()
            return
        self._mirror.begin(self._manifest_text().encode())
        # Another process may have begun it at the same time, and its manifest is what counts.
        other = read_manifest(self.path)
        if other is None:
            write_whole(self.path / MANIFEST, self._manifest_text())
        else:
            self._continued(other)

    def _continued(self, old: RunManifest) -> RunManifest:
        """Returns the manifest of the run that is there, grown if it is to grow.

        Raises:
            RunError: it was begun with other settings.
        """
        grown = old.grown(self.manifest.max_documents)
        refuse_differences(
            grown.to_dict(), self.manifest.to_dict(), folder=self._name, what="a run"
        )
        return grown

    def _manifest_text(self) -> str:
        return json_text(self.manifest.to_dict() | {"fingerprint": self.manifest.fingerprint})

    def _write_manifest(self) -> None:
        write_whole(self.path / MANIFEST, self._manifest_text())
        if self._mirror is not None:
            self._mirror.send(self.path / MANIFEST)

    def _remove(self, path: Path) -> None:
        """Removes a file first where the run is, then from the copy."""
        if self._mirror is not None:
            self._mirror.remove(path)
        path.unlink(missing_ok=True)

    def _write(self, path: Path, content: str | bytes) -> None:
        write_whole(path, content, advice=_CONTINUE)
        if self._mirror is not None:
            self._mirror.send(path)
        for leftover in self._leftovers.pop(path.name, ()):
            leftover.unlink(missing_ok=True)


def _name(document: Document) -> tuple[str, str]:
    return document.id, document.text
