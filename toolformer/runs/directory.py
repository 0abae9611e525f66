"""A run directory: a manifest, whole shards, what they add up to.

    RUN/manifest.json           what the run is made from; written first
    RUN/shards/00000.parquet    whole or absent
    RUN/stats.json              added up from the shards when all are there

A file is written under a temporary name and then renamed, so whatever has its own name is whole;
a temporary file that a kill left behind is ignored, and goes when its shard is written again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from toolformer.errors import RunError
from toolformer.files import json_text, leftovers, refuse_differences, write_whole
from toolformer.records import AnnotatedDocument, Document, Verdict
from toolformer.runs.calibration import Calibration, Placebos, settled_thresholds
from toolformer.runs.check import DocumentCheck
from toolformer.runs.completion import STATS, Completion, read_completion, shard_digest
from toolformer.runs.manifest import MANIFEST, RunManifest, read_manifest
from toolformer.runs.read_shard import (
    count_rows,
    has_verdict,
    read_shard,
    shard_content,
    unreadable,
)
from toolformer.runs.select import reselect
from toolformer.runs.shards import shard_bytes
from toolformer.runs.stats import RunStats, StatsCounter, count_documents
from toolformer.runs.thresholds import Thresholds

ROUNDS = "rounds"  # in a run of several rounds, the directory of the runs of the earlier ones
_CONTINUE = (
    " What is written so far is whole: make room and run the same command again, and it continues "
    "from there."
)
_NAMED = 5  # so many shards are named, at most


class Run:
    """A run directory to read from."""

    def __init__(self, path: Path, manifest: RunManifest, *, incomplete: bool = False) -> None:
        """Use `Run.open`."""
        self.path = path
        self.manifest = manifest
        self.incomplete = incomplete

    def __repr__(self) -> str:
        try:
            state = "finished" if self.is_complete else "unfinished"
            shards = _count_shards(self.shards())
        except RunError:
            state, shards = "damaged", "shards"
        return f"<Run '{self.path}' of {self.manifest.model.name}: {shards}, {state}>"

    @classmethod
    def open(cls, path: str | Path, *, incomplete: bool = False) -> "Run":
        """Opens a run.

        Args:
            path: the run directory.
            incomplete: whether to read what is there of a run that is not whole; otherwise its
                documents and counts are refused.

        Raises:
            RunError: the directory is not a run, or one of a newer version.
        """
        manifest = read_manifest(Path(path))
        if manifest is None:
            raise RunError(f"'{path}' is not a run directory: it has no {MANIFEST}.")
        return cls(Path(path), manifest, incomplete=incomplete)

    @property
    def thresholds(self) -> dict[str, Thresholds]:
        """What a call of each tool has to reach to be kept, in tool order.

        Where the manifest leaves that to the placebos, the thresholds of a run that was finished
        are those that it was finished with, and until then provisional.

        Raises:
            RunError: what the run says of its end cannot be read.
        """
        completion = self._completion()
        if completion is None:
            return {tool.name: tool.thresholds for tool in self.manifest.tools}
        return settled_thresholds(self.manifest.tools, completion.calibration)

    @property
    def is_provisional(self) -> bool:
        """Whether thresholds are to be calibrated when the run is finished, and it is not."""
        return bool(self.manifest.calibrated) and self._completion() is None

    def calibration(self) -> Mapping[str, Calibration]:
        """Returns what the run was finished with of placebos and thresholds, by tool name.

        Raises:
            RunError: what the run says of its end cannot be read.
        """
        completion = self._completion()
        return {} if completion is None else completion.calibration

    @property
    def is_complete(self) -> bool:
        """Whether the run was finished, and every shard is there."""
        return not self.lack()

    def shards(self) -> dict[int, Path]:
        """Returns the shards that are there, by number, in order.

        Raises:
            RunError: a file among them has another name than a shard.
        """
        found: dict[int, Path] = {}
        for path in sorted((self.path / "shards").glob("[!.]*.parquet")):
            number = int(path.stem) if path.stem.isascii() and path.stem.isdecimal() else -1
            if path != _shard_path(self.path, number):
                raise RunError(
                    f"'{path}' is not a shard: these are numbered, as 00000.parquet. Move it away."
                )
            found[number] = path
        return dict(sorted(found.items()))

    def lack(self) -> str:
        """Returns in words what a run lacks to be whole; an empty text when it is whole.

        Raises:
            RunError: it has shards that it was not finished with.
        """
        there = self.shards()
        completion = self._completion()
        if completion is None:
            return f"was not finished ({_count_shards(there)} so far)"
        # An older version named no shards, and their documents are counted.
        named = completion.shards
        count = max(there, default=-1) + 1 if named is None else len(named)
        if extra := sorted(there.keys() - set(range(count))):
            raise RunError(
                f"'{there[extra[0]]}' is not of this run, which has {count} shards. Move it away."
            )
        if missing := [number for number in range(count) if number not in there]:
            return f"has lost {_names(missing)} of its {count} shards"
        if named is None:
            held, stated = sum(map(count_rows, there.values())), completion.stats.documents
            if held > stated:
                raise RunError(
                    f"'{self.path}' holds {held} documents, and {stated} by its {STATS}: a shard "
                    "is not of this run."
                )
            if held < stated:
                return f"has lost documents: its shards hold {held} of {stated}"
        return ""

    def check_whole(self) -> None:
        """Refuses a run that is not whole, unless it was opened with `incomplete`.

        Raises:
            RunError: says what it lacks.
        """
        if not self.incomplete and (lack := self.lack()):
            raise RunError(
                f"The run '{self.path}' {lack}. Annotate again with the same settings to make it "
                "whole, or read what is there: --incomplete, in Python incomplete=True."
            )

    def documents(self) -> Iterator[AnnotatedDocument]:
        """Returns the annotated documents, in the corpus's order, with the verdicts that count.

        Raises:
            RunError: as `check_whole`; while they are read, as `read`.
        """
        self.check_whole()
        stored = (document for number in self.shards() for document in self.read(number))
        if not self.manifest.calibrated:
            return stored
        select_anew = partial(
            reselect, thresholds=self.thresholds, allow_peeking=self.manifest.allow_peeking
        )
        return map(select_anew, stored)

    def read(self, shard: int) -> list[AnnotatedDocument]:
        """Returns the documents of one shard, whether or not the run is whole.

        Their verdicts are those that they were written with, by the thresholds of the manifest.

        Raises:
            RunError: it is damaged, not the run's, or has a value that it may not have.
        """
        path = _shard_path(self.path, shard)
        content = shard_content(path)
        documents = read_shard(path, content)
        check = DocumentCheck.of(self.manifest)
        most = self.manifest.documents_per_shard
        if not 0 < len(documents) <= most:
            reason = f"it holds {len(documents)} documents, and a shard of this run 1 to {most}"
            raise RunError(unreadable(path, reason))
        for row, annotated in enumerate(documents):
            try:
                check(annotated)
            except ValueError as error:
                raise RunError(unreadable(path, f"row {row}, {error}")) from None
        completion = self._completion()
        known = (completion and completion.shards) or ()
        if shard < len(known) and known[shard] != shard_digest(content):
            raise RunError(
                f"'{path}' is not the shard that the run was finished with. Delete it and annotate "
                "again with the same settings: only what is missing is done."
            )
        return documents

    def stats(self) -> RunStats:
        """Returns the counts of the run; of one that is not whole, those of its shards.

        Raises:
            RunError: as `documents`.
        """
        completion = None if self.lack() else self._completion()
        return count_documents(self.documents()) if completion is None else completion.stats

    def _completion(self) -> Completion | None:
        return read_completion(self.path, calibrated=self.manifest.calibrated)


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
        # manifest is, and what it writes aside is not a leftover.
        self._leftovers.pop(MANIFEST, None)
        others = [
            each.name
            for each in self.path.glob("*")
            if each.suffix != ".tmp" and each.name != ROUNDS
        ]
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
        self._run = Run(self.path, manifest, incomplete=True)
        self._done = set(self._run.shards())
        # What passes through this writer is counted then, and need not be read again for that.
        self._counter = StatsCounter()
        self._placebos = Placebos(allow_peeking=manifest.allow_peeking)
        self._digests: dict[int, str] = {}  # of the shards that are counted

    def __repr__(self) -> str:
        return f"<RunWriter '{self.path}': {_count_shards(self._done)}>"

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
                (self.path / STATS).unlink(missing_ok=True)  # first: they are not all there
                path.unlink(missing_ok=True)
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
        self._write(_shard_path(self.path, shard), content)
        self._count(documents)
        self._digests[shard] = shard_digest(content)
        self._done.add(shard)

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
        there = self._run.shards()  # other writers' as well
        run = Run(self.path, self.manifest)
        if gone := sorted(self._done - there.keys()):
            raise RunError(
                f"{_names(gone).capitalize()} of '{self.path}' were deleted while the run was "
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
        return run

    def _read(self, shard: int) -> list[AnnotatedDocument]:
        """Reads and counts a shard that another try or another process has written."""
        documents = self._run.read(shard)
        self._count(documents)
        self._digests[shard] = shard_digest(shard_content(_shard_path(self.path, shard)))
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
        values = self.manifest.to_dict() | {"fingerprint": self.manifest.fingerprint}
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"Cannot make the directory '{self.path}': {error.strerror}.") from None
        write_whole(self.path / MANIFEST, json_text(values))  # nothing is there to be kept yet

    def _write(self, path: Path, content: str | bytes) -> None:
        write_whole(path, content, advice=_CONTINUE)
        for leftover in self._leftovers.pop(path.name, ()):
            leftover.unlink(missing_ok=True)


def _shard_path(folder: Path, number: int) -> Path:
    return folder / "shards" / f"{number:05}.parquet"


def _count_shards(shards: Collection[int]) -> str:
    return "1 shard" if len(shards) == 1 else f"{len(shards)} shards"


def _names(shards: Sequence[int]) -> str:
    """Returns the names of some shards, of the first few when there are many.

    >>> _names([3]), _names(range(9))
    ('shard 00003', 'shards 00000, 00001, 00002, 00003, 00004 and 4 more')
    """
    named = ", ".join(f"{number:05}" for number in shards[:_NAMED])
    more = f" and {len(shards) - _NAMED} more" if len(shards) > _NAMED else ""
    return f"shard{'' if len(shards) == 1 else 's'} {named}{more}"


def _name(document: Document) -> tuple[str, str]:
    return document.id, document.text
