"""What each document of a sample takes: the time of a batch, shared out among its texts."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from toolformer.annotate.dry_run.estimate import DocumentCost
from toolformer.annotate.pipeline import ShardBatch
from toolformer.annotate.shards import Shard

_Weights = Mapping[int, int]  # by the number of a document in its shard


class Meter:
    """Measures the batches of a dry run.

    To read a text and to write calls takes as long as it has tokens, for each of its tools; to
    score them, as there are rows: a call with its output, one without, one with a placebo.
    """

    def __init__(self, *, clock: Callable[[], float] = time.perf_counter) -> None:
        """Starts the clock."""
        self._clock = clock
        self._last = clock()
        # By the number of a shard and of a document in it.
        self._seconds: defaultdict[tuple[int, int], float] = defaultdict(float)
        self._placebo_s: defaultdict[tuple[int, int], float] = defaultdict(float)

    def proposed(self, batch: ShardBatch) -> None:
        """Shares out the time since the last event: a batch was read, and calls were written."""
        _share_out(self._seconds, self._passed(), batch, _tokens(batch))

    def scored(self, batch: ShardBatch) -> None:
        """Shares out the time since the last event: the calls of a batch ran and were scored."""
        passed = self._passed()
        rows, placebos = _rows(batch)
        count, others = sum(rows.values()), sum(placebos.values())
        if not count:
            _share_out(self._seconds, passed, batch, _tokens(batch))
            return
        for_placebos = passed * others / (count + others)
        _share_out(self._seconds, passed - for_placebos, batch, rows)
        _share_out(self._placebo_s, for_placebos, batch, placebos)

    def costs(self, shards: Iterable[Shard]) -> list[DocumentCost]:
        """Returns what the documents of some shards took, in order."""
        return [
            DocumentCost(
                len(document.text),
                self._seconds[shard.number, number],
                self._placebo_s[shard.number, number],
            )
            for shard in shards
            for number, document in enumerate(shard.documents)
        ]

    def _passed(self) -> float:
        """Returns the seconds since the last event."""
        before, self._last = self._last, self._clock()
        return self._last - before


def _share_out(
    seconds: defaultdict[tuple[int, int], float],
    passed: float,
    batch: ShardBatch,
    weights: _Weights,
) -> None:
    """Adds its share of some seconds to each document of a batch, by weight."""
    total = sum(weights.values())
    for number, weight in weights.items():
        seconds[batch.shard.number, number] += passed * weight / total if total else 0.0


def _tokens(batch: ShardBatch) -> _Weights:
    """Returns how many tokens are read of each document of a batch."""
    tokens: defaultdict[int, int] = defaultdict(int)
    for each in batch.excerpts:
        tokens[each.number] += each.window.tokens * len(each.tools)
    return tokens


def _rows(batch: ShardBatch) -> tuple[_Weights, _Weights]:
    """Returns how many rows were scored for each document of a batch, and of these for placebos."""
    rows: defaultdict[int, int] = defaultdict(int)
    placebos: defaultdict[int, int] = defaultdict(int)
    for proposal in batch.proposals:
        losses, placebo = proposal.candidate.losses, proposal.candidate.placebo
        if losses is not None:
            scored = (losses.with_output, losses.no_output)
            rows[proposal.excerpt.number] += sum(each is not None for each in scored)
        if placebo is not None and placebo.with_output is not None:
            placebos[proposal.excerpt.number] += 1
    return rows, placebos
