"""How far a run is: what is done of it, a batch that was read and not yet scored in part."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from toolformer.annotate.pipeline import ShardBatch
from toolformer.annotate.shards import Shard

# How much of a batch's work is to read it and to write calls; the rest is to score them.
_PROPOSING = 0.6


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is."""

    documents: float = 0  # done so far, those of earlier tries included; a shard counts in parts
    resumed: int = 0  # of these, done by earlier tries
    kept: int = 0  # calls kept, in the shards of this try
    characters: float = 0  # of what is done: texts differ in length, and so in the time they take
    resumed_characters: int = 0  # of these, done by earlier tries

    def plus(self, shard: Shard, share: float = 1) -> "RunProgress":
        """Returns the progress once a share of a shard is done as well."""
        return replace(
            self,
            documents=self.documents + share * len(shard.documents),
            characters=self.characters + share * shard.characters,
        )


class ProgressCounter:
    """Counts what is done of a run, and tells it."""

    def __init__(self, tell: Callable[[RunProgress], None] | None) -> None:
        self._tell = tell
        self._whole = RunProgress()  # of the shards that are done
        self._begun: dict[int, tuple[Shard, float]] = {}  # how much is done of one that is not

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
        self._whole = replace(self._whole.plus(batch.shard), kept=kept)
        self._report()

    def resumed(self, shard: Shard) -> None:
        """Counts a shard that an earlier try did."""
        more = self._whole.plus(shard)
        self._whole = replace(
            more,
            resumed=more.resumed + len(shard.documents),
            resumed_characters=more.resumed_characters + shard.characters,
        )
        self._report()

    def _add(self, batch: ShardBatch, weight: float) -> None:
        shard = batch.shard
        _, share = self._begun.get(shard.number, (shard, 0.0))
        self._begun[shard.number] = shard, min(share + weight * batch.share, 1.0)
        self._report()

    def _report(self) -> None:
        if self._tell is not None:
            told = self._whole
            for shard, share in self._begun.values():
                told = told.plus(shard, share)
            self._tell(told)
