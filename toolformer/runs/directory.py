"""A run directory: a manifest, whole shards, what they add up to.

    RUN/manifest.json           what the run is made from; written first
    RUN/shards/00000.parquet    whole or absent
    RUN/stats.json              added up from the shards when all are there

A file is written under a temporary name and then renamed, so whatever has its own name is whole;
a temporary file that a kill left behind is ignored, and goes when its shard is written again.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from toolformer.errors import RunError
from toolformer.records import AnnotatedDocument
from toolformer.runs.calibration import Calibration, settled_thresholds
from toolformer.runs.check import DocumentCheck
from toolformer.runs.completion import STATS, Completion, read_completion, shard_digest
from toolformer.runs.manifest import MANIFEST, RunManifest, read_manifest
from toolformer.runs.remote import Mirror
from toolformer.runs.select import reselect
from toolformer.runs.shards.read import (
    count_rows,
    read_shard,
    shard_content,
    unreadable,
)
from toolformer.runs.stats import RunStats, count_documents
from toolformer.runs.thresholds import Thresholds
from toolformer.urls import is_url

_NAMED = 5  # so many shards are named, at most


class Run:
    """A run directory to read from."""

    def __init__(
        self, path: Path, manifest: RunManifest, *, incomplete: bool = False, name: str = ""
    ) -> None:
        """Use `Run.open`."""
        self.path = path
        self.name = name or str(path)  # a URL, where the path leads to a copy
        self.manifest = manifest
        self.incomplete = incomplete

    def __repr__(self) -> str:
        try:
            state = "finished" if self.is_complete else "unfinished"
            shards = count_shards(self.shards())
        except RunError:
            state, shards = "damaged", "shards"
        return f"<Run '{self.name}' of {self.manifest.model.name}: {shards}, {state}>"

    @classmethod
    def open(cls, path: str | Path, *, incomplete: bool = False) -> "Run":
        """Opens a run.

        Args:
            path: the run directory; a run that a URL names is copied to this machine, for as long
                as the program lasts.
            incomplete: whether to read what is there of a run that is not whole; otherwise its
                documents and counts are refused.

        Raises:
            RunError: the directory is not a run, or one of a newer version; or a URL leads nowhere.
            ConfigError: nothing that is installed knows the protocol of a URL.
        """
        name = ""
        if is_url(path):
            mirror = Mirror(str(path))
            mirror.fetch()
            path, name = mirror.path, mirror.name
        manifest = read_manifest(Path(path))
        if manifest is None:
            raise RunError(f"'{name or path}' is not a run directory: it has no {MANIFEST}.")
        return cls(Path(path), manifest, incomplete=incomplete, name=name)

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
            if path != shard_path(self.path, number):
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
            return f"was not finished ({count_shards(there)} so far)"
        # An older version named no shards, and their documents are counted.
        named = completion.shards
        count = max(there, default=-1) + 1 if named is None else len(named)
        if extra := sorted(there.keys() - set(range(count))):
            raise RunError(
                f"'{there[extra[0]]}' is not of this run, which has {count} shards. Move it away."
            )
        if missing := [number for number in range(count) if number not in there]:
            return f"has lost {name_shards(missing)} of its {count} shards"
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
                f"The run '{self.name}' {lack}. Annotate again with the same settings to make it "
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
        path = shard_path(self.path, shard)
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


def shard_path(folder: Path, number: int) -> Path:
    """Returns where a shard of a run is."""
    return folder / "shards" / f"{number:05}.parquet"


def count_shards(shards: Collection[int]) -> str:
    """Returns in words how many shards there are."""
    return "1 shard" if len(shards) == 1 else f"{len(shards)} shards"


def name_shards(shards: Sequence[int]) -> str:
    """Returns the names of some shards, of the first few when there are many.

    >>> name_shards([3]), name_shards(range(9))
    ('shard 00003', 'shards 00000, 00001, 00002, 00003, 00004 and 4 more')
    """
    named = ", ".join(f"{number:05}" for number in shards[:_NAMED])
    more = f" and {len(shards) - _NAMED} more" if len(shards) > _NAMED else ""
    return f"shard{'' if len(shards) == 1 else 's'} {named}{more}"
