"""How far a run is: what is done of it, a batch that was read and not yet scored in part."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from toolformer.annotate.pipeline import ShardBatch
from toolformer.annotate.shards import Shard

# How much of a batch's work is to read it and to write calls, until it has been seen how long that
# takes and how long their scores do.
_PROPOSING = 0.6


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is."""

    documents: float = 0  # done so far, those of earlier tries included; a shard counts in parts
    resumed: int = 0  # of these, done by earlier tries
    kept: int = 0  # calls kept, in the shards of this try
    characters: float = 0  # of what is done: texts differ in length, and so in the time they take
    resumed_characters: int = 0  # of these, done by earlier tries
    round: int | None = None  # of several the number, from 1; None in the last one

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
