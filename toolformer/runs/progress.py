"""How far those are who write a run, from files that they leave in it while they do.

    RUN/progress/NAME.json      of one process, which writes it now and then

They are gone once the run is finished: what it holds then does not depend on who made it.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from toolformer.files import from_json, read_json
from toolformer.runs.completion import read_completion
from toolformer.runs.directory import Run
from toolformer.runs.manifest import PROGRESS
from toolformer.runs.remote import Mirror
from toolformer.runs.shards.read import count_rows
from toolformer.urls import AnyFile

LATELY_S = 600.0  # who has not been seen for longer may have ended without a word
_MOST_BYTES = 1 << 16

_Count = Annotated[int, Field(ge=0)]
_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class ShareProgress:
    """How far one process is that annotates a share of a run, or all of it."""

    share: str  # as 2/8; empty: it does not say which
    machine: str
    began: _Seconds  # since 1970, by the clock of its machine
    seen: _Seconds  # likewise: when it wrote this
    documents: _Seconds = 0.0  # annotated since it began; a shard counts in parts
    expected: _Count | None = None  # documents of the corpus, where they were counted
    shards: _Count | None = None  # of the whole run: known to who has read the corpus to its end
    workers: _Count | None = None  # that work for it, where it does none of the work itself

    @property
    def rate(self) -> float:
        """Documents a second."""
        return self.documents / max(self.seen - self.began, 1e-9)

    @property
    def is_done(self) -> bool:
        """Whether it has done its share."""
        return self.shards is not None


@dataclass(frozen=True, slots=True)
class RunWatch:
    """What can be seen of a run from outside while it is written."""

    shards: int  # that are there
    documents: int  # in these
    expected_shards: int | None
    expected_documents: int | None
    is_finished: bool
    now: float  # seconds since 1970
    shares: Sequence[ShareProgress] = ()  # by share

    def is_live(self, share: ShareProgress) -> bool:
        """Returns whether a process is at work, by all that can be seen."""
        return not share.is_done and self.now - share.seen <= LATELY_S

    @property
    def rate(self) -> float:
        """Documents a second of all that are at work."""
        return sum(each.rate for each in self.shares if self.is_live(each))

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take, None where that is not known."""
        if self.is_finished or self.expected_documents is None or self.rate <= 0:
            return None
        return max(0, self.expected_documents - self.documents) / self.rate


def watch_run(run: Run, *, now: float, there: Mapping[int, AnyFile] | None = None) -> RunWatch:
    """Returns how far a run is.

    Args:
        run: of any state.
        now: seconds since 1970.
        there: its shards by number, where they are not in its directory.

    Raises:
        RunError: a shard cannot be read, or the run has one that it was not finished with.
    """
    there = run.shards() if there is None else there
    completion = read_completion(run.path, calibrated=run.manifest.calibrated)
    shards = None if completion is None else completion.shards
    is_finished = completion is not None and (shards is None or len(shards) <= len(there))
    documents = (
        completion.stats.documents
        if completion is not None and is_finished
        else sum(map(count_rows, there.values()))
    )
    shares = read_shares(run.path)
    expected = [each.expected for each in shares if each.expected is not None]
    counted = [each.shards for each in shares if each.shards is not None]
    return RunWatch(
        shards=len(there),
        documents=documents,
        expected_shards=len(there) if is_finished else max(counted, default=None),
        expected_documents=documents
        if is_finished
        else max(expected, default=run.manifest.max_documents),
        is_finished=is_finished,
        now=now,
        shares=shares,
    )


def watch_url(url: str, *, now: float) -> RunWatch:
    """Returns how far a run at a URL is; of its shards, only how long they are is read.

    Args:
        url: of the run.
        now: seconds since 1970.

    Raises:
        RunError: it cannot be had, or is not a run.
        ConfigError: nothing that is installed knows the protocol.
    """
    mirror = Mirror(url)
    mirror.fetch(shards=False)
    return watch_run(Run.open(mirror.path), now=now, there=mirror.shards())


def read_shares(folder: Path) -> list[ShareProgress]:
    """Returns what the processes say of themselves that write a run, by share.

    A file that cannot be read is passed over: its writer replaces it soon.
    """
    found = []
    for path in sorted((folder / PROGRESS).glob("[!.]*.json")):
        with suppress(OSError, ValueError):
            found.append(from_json(ShareProgress, read_json(path, most_bytes=_MOST_BYTES)))
    return sorted(found, key=lambda each: (len(each.share), each.share))
