"""In which order rows are seen, and how a batch is put together."""

from collections import Counter

import torch

from toolformer.finetune.data.batches import OrderedRows, collate, device_rows_for, draw_order
from toolformer.finetune.data.rows import TrainingRow

LENGTHS = [9, 4, 7, 1, 8, 2, 6, 3]


def test_every_row_is_seen_once_in_an_epoch() -> None:
    order = draw_order(LENGTHS, batch_size=2, steps=8, seed=0)
    assert sorted(order[:8]) == sorted(order[8:]) == list(range(8))
    assert order[:8] != order[8:]


def test_a_batch_may_reach_into_the_next_epoch() -> None:
    order = draw_order(LENGTHS, batch_size=3, steps=8, seed=0)
    assert Counter(order) == dict.fromkeys(range(8), 3)


def test_rows_of_a_batch_go_by_length() -> None:
    order = draw_order(LENGTHS, batch_size=4, steps=2, seed=3)
    for batch in (order[:4], order[4:]):
        assert [LENGTHS[row] for row in batch] == sorted(LENGTHS[row] for row in batch)


def test_more_steps_begin_with_the_same_batches_and_another_seed_does_not() -> None:
    short, long, other = (
        draw_order(LENGTHS, batch_size=2, steps=steps, seed=seed)
        for steps, seed in ((3, 0), (9, 0), (3, 1))
    )
    assert long[:6] == short != other


def test_a_device_takes_a_divisor_of_its_share_that_fits() -> None:
    assert device_rows_for(batch_size=24, longest=1000, vocabulary=100) == 4
    assert device_rows_for(batch_size=24, longest=10, vocabulary=100, devices=2) == 12
    assert device_rows_for(batch_size=5, longest=2000, vocabulary=100) == 1


def test_padding_is_neither_seen_nor_learned() -> None:
    rows = [
        TrainingRow((1, 5, 6, 7), (False, True, False, True)),
        TrainingRow((1, 8), (False, True)),
    ]
    batch = collate(rows)
    assert batch["input_ids"].tolist() == [[1, 5, 6, 7], [1, 8, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert batch["labels"].tolist() == [[-100, 5, -100, 7], [-100, 8, -100, -100]]
    assert batch["labels"].dtype == torch.long


def test_rows_come_in_the_order_drawn() -> None:
    rows = [TrainingRow((each,), (True,)) for each in range(3)]
    ordered = OrderedRows(rows, [2, 0, 2])
    assert [ordered[index].ids for index in range(len(ordered))] == [(2,), (0,), (2,)]
