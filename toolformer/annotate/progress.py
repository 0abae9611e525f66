"""How far a run is: what is done of it, a batch that was read and not yet scored in part."""

import socket
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from uuid import uuid4

from toolformer.annotate.pipeline import ShardBatch
from toolformer.annotate.shards import Shard
from toolformer.runs.progress import ShareProgress

# How much of a batch's work is to read it and to write calls, until it has been seen how long that
# takes and how long their scores do.
_PROPOSING = 0.6
_SEEN_EVERY_S = 15.0


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is."""

    documents: float = 0  # done so far, those of earlier tries included; a shard counts in parts
    resumed: int = 0  # of these, done by earlier tries
    kept: int = 0  # calls kept, in the shards of this try
    characters: float = 0  # of what is done: texts differ in length, and so in the time they take
    resumed_characters: int = 0  # of these, done by earlier tries
    round: int | None = None  # of several the number, from 1; None in the last one
    workers: int | None = None  # at work; None: this process does the work itself

    def plus(self, shard: Shard, share: float = 1) -> "RunProgress":
        """Returns the progress once a share of a shard is done as well."""
        return replace(
            self,
            documents=self.documents + share * len(shard.documents),
            characters=self.characters + share * shard.characters,
        )


class ProgressCounter:
    """Counts what is done of a run, and tells it."""

    def __init__(
        self,
        tell: Callable[[RunProgress], None] | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._last = clock()  # when something was counted
        self._proposing = _Stage()
        self._scoring = _Stage()
        self._whole = RunProgress()  # of the shards that are done
        self._begun: dict[int, _Begun] = {}  # how much is done of one that is not
        self._told = RunProgress()

    def proposed(self, batch: ShardBatch) -> None:
        """Counts a batch that was read, and in which calls were written."""
        if batch.shard.is_due:
            begun = self._begun.setdefault(batch.shard.number, _Begun(batch.shard))
            begun.proposed += batch.share
            self._proposing.add(self._passed(), batch)
            self._report()

    def scored(self, batch: ShardBatch) -> None:
        """Counts a batch whose calls have run and were scored, with the last one its shard."""
        self._scoring.add(self._passed(), batch)
        if batch.is_last:
            self._begun.pop(batch.shard.number, None)
            kept = self._whole.kept + sum(len(each.kept) for each in batch.annotated)
            self._whole = replace(self._whole.plus(batch.shard), kept=kept)
        else:
            self._begun[batch.shard.number].scored += batch.share
        self._report()

    def resumed(self, shard: Shard) -> None:
        """Counts a shard that an earlier try did."""
        self._passed()
        more = self._whole.plus(shard)
        self._whole = replace(
            more,
            resumed=more.resumed + len(shard.documents),
            resumed_characters=more.resumed_characters + shard.characters,
        )
        self._report()

    def _passed(self) -> float:
        """Returns the seconds since something was counted."""
        before, self._last = self._last, self._clock()
        return self._last - before

    def _report(self) -> None:
        if self._tell is None:
            return
        proposing = _PROPOSING
        if self._scoring.characters:
            proposing = self._proposing.pace / (self._proposing.pace + self._scoring.pace)
        now = self._whole
        for begun in self._begun.values():
            share = proposing * begun.proposed + (1 - proposing) * begun.scored
            now = now.plus(begun.shard, min(share, 1.0))
        # What a stage takes is known better each time, and what was told is not taken back.
        self._told = replace(
            now,
            documents=max(now.documents, self._told.documents),
            characters=max(now.characters, self._told.characters),
        )
        self._tell(self._told)


class ShareReporter:
    """Lets a process be seen by whoever watches the run that it writes."""

    def __init__(
        self,
        tell: Callable[[str, ShareProgress], None],
        wanted: Collection[int] | None,
        *,
        expected: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Lets it be seen for the first time.

        Args:
            tell: takes the name of the process among those that write the run, and how far it is.
            wanted: the numbers of the shards that it does, None for all.
            expected: how many documents the corpus has, where that is known.
            clock: seconds since 1970.
        """
        share = _share_of(wanted)
        self._tell = tell
        self._clock = clock
        # Who does the same share after a kill takes its place.
        self._name = share.replace("/", "-of-") or ("all" if wanted is None else uuid4().hex[:12])
        self._documents = 0.0
        now = clock()
        self._last = ShareProgress(share, socket.gethostname(), now, now, expected=expected)
        tell(self._name, self._last)

    def __call__(self, progress: RunProgress) -> None:
        """Takes note of how far it is, and now and then lets it be seen."""
        self._documents = progress.documents - progress.resumed
        if self._clock() - self._last.seen >= _SEEN_EVERY_S:
            self._write(workers=progress.workers)

    def end(self, shards: int) -> None:
        """Says that the share is done, of a run of so many shards."""
        self._write(shards=shards)

    def _write(self, *, workers: int | None = None, shards: int | None = None) -> None:
        self._last = replace(
            self._last,
            seen=self._clock(),
            documents=self._documents,
            workers=workers,
            shards=shards,
        )
        self._tell(self._name, self._last)


def _share_of(wanted: Collection[int] | None) -> str:
    """Returns how a share is called.

    >>> _share_of(range(2, sys.maxsize, 8)), _share_of([1, 3])
    ('2/8', '')
    """
    is_share = isinstance(wanted, range) and wanted.stop == sys.maxsize
    return f"{wanted.start}/{wanted.step}" if isinstance(wanted, range) and is_share else ""


@dataclass(slots=True)
class _Begun:
    """How much of a shard has passed each of the two stages."""

    shard: Shard
    proposed: float = 0.0
    scored: float = 0.0


@dataclass(slots=True)
class _Stage:
    """How long a stage has taken, for how much text."""

    seconds: float = 1e-9
    characters: float = 0.0

    @property
    def pace(self) -> float:
        """Seconds a character."""
        return self.seconds / max(self.characters, 1.0)

    def add(self, seconds: float, batch: ShardBatch) -> None:
        self.seconds += seconds
        self.characters += batch.share * batch.shard.characters
