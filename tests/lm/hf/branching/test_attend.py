"""What is found in parts and merged is what one attention over all of them finds."""

import pytest
import torch

from toolformer.lm.hf.branching.attend import (
    Attended,
    Block,
    Places,
    attend,
    attend_alike,
    attend_in_blocks,
    merge,
    plan_blocks,
)

HEADS, QUERIES, WIDTH = 2, 3, 4
TEXT_OF = [2, 0, 2, 2]  # four rows of three texts, of which the second has none
SEEN = [5, 2, 1, 4]  # tokens of its text that each row sees


def test_parts_are_merged_as_if_they_were_one() -> None:
    torch.manual_seed(0)
    asked = torch.randn(1, 2, WIDTH) * 3
    keys, values = torch.randn(1, 9, WIDTH) * 3, torch.randn(1, 9, WIDTH)
    parts = [attend(asked, keys[:, cut], values[:, cut]) for cut in (slice(0, 2), slice(2, 9))]
    torch.testing.assert_close(merge(parts), _plain(asked, keys, values))


def test_a_part_of_which_nothing_is_seen_adds_nothing() -> None:
    asked, keys, values = (
        torch.randn(1, 1, WIDTH),
        torch.randn(1, 3, WIDTH),
        torch.ones(1, 3, WIDTH),
    )
    hidden = torch.full((1, 1, 1, 3), torch.finfo(torch.float32).min)
    unseen = attend(asked, keys, values * 100, mask=hidden, shape=(1, 1, 1))
    torch.testing.assert_close(merge([unseen, attend(asked, keys, values)]), values[:, :1])


def test_half_precision_is_summed_in_single() -> None:
    asked = torch.ones(1, 1, WIDTH, dtype=torch.bfloat16)
    zeros = torch.zeros(1, 300, WIDTH, dtype=torch.bfloat16)
    found = attend(asked, zeros, zeros)
    torch.testing.assert_close(found.log_sums, torch.tensor([[300.0]]).log())


def test_rows_find_the_keys_of_their_own_text_as_far_as_they_see() -> None:
    torch.manual_seed(0)
    asked = torch.randn(len(TEXT_OF), HEADS, QUERIES, WIDTH)
    keys, values = torch.randn(3, HEADS, 6, WIDTH), torch.randn(3, HEADS, 6, WIDTH)
    # The first text is a block of one slot, the third one of three; the second is left out.
    index = [[2, 5], [0, 1], [3, 6], [4, 7]]
    places = Places(torch.tensor(index).flatten(), size=8)
    blocks = [
        Block(slice(0, 1), 1, _mask([[2]], tokens=2)),
        Block(slice(2, 3), 3, _mask([[5, 1, 4]], tokens=5)),
    ]
    found = attend_in_blocks(asked, keys, values, places=places, blocks=blocks)
    by_row = found.values.view(len(TEXT_OF), HEADS, QUERIES, WIDTH)
    for row, (text, seen) in enumerate(zip(TEXT_OF, SEEN, strict=True)):
        expected = _plain(asked[row], keys[text, :, :seen], values[text, :, :seen])
        torch.testing.assert_close(by_row[row], expected)


def test_a_prompt_is_found_alike_by_all_rows() -> None:
    torch.manual_seed(0)
    asked = torch.randn(3, HEADS, QUERIES, WIDTH)
    keys, values = torch.randn(1, HEADS, 5, WIDTH), torch.randn(1, HEADS, 5, WIDTH)
    found = attend_alike(asked, keys, values)
    assert isinstance(found, Attended)
    for row in range(3):
        expected = _plain(asked[row], keys[0], values[0])
        torch.testing.assert_close(found.values.view(asked.shape)[row], expected)


@pytest.mark.parametrize("counts", [[1], [0, 0, 3], [9, 1, 9, 1] * 30, [*range(60)]])
def test_blocks_hold_every_group_once_in_order(counts: list[int]) -> None:
    blocks = plan_blocks(counts)
    assert [each.start for each in blocks] == [0, *(each.stop for each in blocks[:-1])]
    assert blocks[-1].stop == len(counts)


def test_groups_without_rows_are_a_block_of_their_own() -> None:
    assert plan_blocks([4] * 10 + [0] * 10) == [slice(0, 10), slice(10, 20)]


def _mask(seen: list[list[int]], *, tokens: int) -> torch.Tensor:
    visible = torch.arange(tokens) < torch.tensor(seen)[:, :, None]
    mask = torch.where(visible, 0.0, torch.finfo(torch.float32).min)
    return mask[:, None, :, None]


def _plain(asked: torch.Tensor, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    return (asked @ keys.transpose(1, 2)).softmax(dim=-1) @ values
