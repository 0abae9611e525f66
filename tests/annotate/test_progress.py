"""The share of a run that is done follows from how long its stages take, and never falls."""

from toolformer.annotate.pipeline import ShardBatch
from toolformer.annotate.progress import ProgressCounter, RunProgress
from toolformer.annotate.shards import Shard
from toolformer.records import Document

READ_S, SCORE_S = 9.0, 1.0  # of a shard


def shard(number: int) -> Shard:
    return Shard(number, [Document(str(number), "a" * 100)])


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_share_that_is_done_is_the_share_of_the_time_once_both_stages_were_seen() -> None:
    clock, told = Clock(), list[RunProgress]()
    progress = ProgressCounter(told.append, clock=clock)

    def read(number: int) -> None:
        clock.now += READ_S
        progress.proposed(ShardBatch(shard(number)))

    def score(number: int) -> None:
        clock.now += SCORE_S
        progress.scored(ShardBatch(shard(number)))

    read(0)
    assert told[-1].documents == 0.6  # nothing is known yet
    for number in range(1, 10):
        read(number)
        score(number - 1)
        assert abs(told[-1].documents - clock.now / (READ_S + SCORE_S)) < 0.01
    score(9)
    assert (told[-1].documents, told[-1].characters) == (10, 1000)
    assert [each.documents for each in told] == sorted(each.documents for each in told)


def test_the_batches_of_a_shard_count_in_parts_and_what_was_there_tells_no_speed() -> None:
    clock, told = Clock(), list[RunProgress]()
    progress = ProgressCounter(told.append, clock=clock)
    clock.now = 1000.0
    progress.resumed(shard(0))
    assert (told[-1].documents, told[-1].resumed, told[-1].resumed_characters) == (1, 1, 100)
    clock.now += 1
    progress.proposed(ShardBatch(shard(1), share=0.5, is_last=False))
    clock.now += 1
    progress.scored(ShardBatch(shard(1), share=0.5, is_last=False))
    assert [each.documents for each in told[-2:]] == [1.3, 1.5]
    clock.now += 3
    progress.proposed(ShardBatch(shard(1), share=0.5))
    assert abs(told[-1].documents - (1.5 + 0.5 * 2 / 3)) < 1e-6
    progress.scored(ShardBatch(shard(1), share=0.5))
    assert told[-1].documents == 2
