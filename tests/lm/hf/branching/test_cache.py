"""Keys and values are kept as they were written, whatever room there is."""

import torch

from toolformer.lm.hf.branching.cache import RoomyCache


def tokens(*numbers: int, rows: int = 1) -> torch.Tensor:
    """Returns (rows, 1 head, tokens, width 1) keys that name their token and row."""
    row = torch.arange(rows)[:, None] * 100
    return (row + torch.tensor(numbers))[:, None, :, None].float()


def written(cache: RoomyCache) -> list[list[float]]:
    """Returns what a model sees of the first layer's keys, by appending nothing."""
    keys, values = cache.update(tokens(rows=len(cache.layers[0].keys)), tokens(), 0)
    torch.testing.assert_close(values, -keys)
    return keys[:, 0, :, 0].tolist()


def filled(*numbers: int, rows: int = 1) -> RoomyCache:
    cache = RoomyCache()
    for number in numbers:  # one by one, so that buffers have to grow
        cache.update(tokens(number, rows=rows), -tokens(number, rows=rows), 0)
    return cache


def test_tokens_are_seen_in_the_order_they_were_written() -> None:
    assert written(filled(1, 2, 3, 4, 5, 6)) == [[1, 2, 3, 4, 5, 6]]
    assert filled(1, 2, 3).get_seq_length() == 3


def test_repeated_rows_grow_apart_and_leave_their_source_alone() -> None:
    prompt = filled(1, 2)
    copy = prompt.repeated(2, room=4)
    copy.update(tokens(3, rows=2), -tokens(3, rows=2), 0)
    assert written(copy) == [[1, 2, 3], [1, 2, 103]]
    assert written(prompt) == [[1, 2]]


def test_selected_rows_are_cut_and_leave_their_source_alone() -> None:
    trunk = filled(1, 2, 3, rows=3)
    chosen = trunk.selected(torch.tensor([2, 0, 0]), length=2, room=2)
    chosen.update(tokens(9, rows=3), -tokens(9, rows=3), 0)
    assert written(chosen) == [[201, 202, 9], [1, 2, 109], [1, 2, 209]]
    assert written(trunk) == [[1, 2, 3], [101, 102, 103], [201, 202, 203]]


def test_rows_that_are_not_selected_are_gone() -> None:
    cache = filled(1, 2, rows=3)
    cache.select_rows(torch.tensor([2, 1]))
    assert written(cache) == [[201, 202], [101, 102]]


def test_tails_are_selected_with_the_head_they_share() -> None:
    prompt = filled(1, 2)
    read = prompt.repeated(2, room=4)
    for number in (3, 4):
        read.update(tokens(number, rows=2), -tokens(number, rows=2), 0)
    tails = RoomyCache(head=prompt)
    tails.put_tails(read, first=0, rows=2, length=2)
    assert tails.layers[0].keys.shape[2] == 2, "what is shared is not kept again"
    chosen = tails.selected(torch.tensor([1, 0]), length=3, room=5)
    assert written(chosen) == [[1, 2, 103], [1, 2, 3]]


def test_a_cache_that_never_saw_a_token_can_be_repeated() -> None:
    assert RoomyCache().repeated(3, room=5).get_seq_length() == 0
