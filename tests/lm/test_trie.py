"""A trie tells what may follow, and holds runs of tokens without listing them."""

import pytest

from toolformer.lm.trie import Trie


def test_it_tells_what_may_follow_and_which_name_ends_where() -> None:
    trie = Trie([(7,), (9, 4), (9, 1), (9, 2, 5)])
    assert trie.names == 4
    assert trie.root.tokens == [7, 9]
    assert trie.root.names == {7: 0}
    below = trie.root.children[9]
    assert below.tokens == [1, 2, 4]
    assert below.names == {4: 1, 1: 2}
    assert below.children[2].names == {5: 3}


def test_tokens_without_a_gap_are_a_range_however_many_there_are() -> None:
    trie = Trie((token,) for token in range(50_000, 96_985))
    assert trie.root.tokens == range(50_000, 96_985)
    assert not trie.root.children


@pytest.mark.parametrize("names", [[(1, 2), (1,)], [(1,), (1, 2)], [(1, 2), (1, 2)], [()]])
def test_a_name_that_begins_with_another_is_refused(names: list[tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="name"):
        Trie(names)
