"""Units: words and numbers with all their tokens, whatever the tokenizer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolformer.annotate.texts.units import MOST_TOKENS, UNITS, Units

TEXT = "So 48/2 = $1,400.50, she said – twice."


def by_character(text: str) -> np.ndarray:
    return np.arange(1, len(text) + 1)


def units_after(text: str, position: int, ends: np.ndarray | None = None) -> list[str]:
    """Returns the units from a place on as texts, token by token."""
    ends = by_character(text) if ends is None else ends
    found, at = [], int(np.searchsorted(ends, position, side="right"))
    start = position
    for size in Units.of(text).sizes(position, ends):
        at += size
        found.append(text[start : ends[at - 1]])
        start = int(ends[at - 1])
    return found


def test_a_unit_is_a_word_or_number_with_what_stands_before_it() -> None:
    assert units_after(TEXT, 9) == [" $1,400.50", ", she", " said", " – twice", "."]


def test_no_more_than_five_units_are_scored() -> None:
    assert units_after(TEXT, 0) == ["So", " 48", "/2", " = $1,400.50", ", she"]


def test_what_follows_the_last_word_is_a_unit_of_its_own() -> None:
    assert units_after("It is 24.\n\n", 5) == [" 24", ".\n\n"]
    assert units_after("It is 24", 5) == [" 24"]


@pytest.mark.parametrize(
    ("ends", "sizes"),
    [
        ([2, 5, 8, 9], (1, 1)),  # " 24" is one token
        ([2, 5, 6, 7, 8, 9], (3, 1)),  # a space and two digits
        ([2, 5, 9], (1,)),  # a token that goes beyond its unit belongs to the one it begins in
    ],
)
def test_the_same_units_for_any_tokenizer(ends: list[int], sizes: tuple[int, ...]) -> None:
    assert Units.of("It is 24.").sizes(5, np.array(ends)) == sizes


def test_an_apostrophe_is_inside_a_word_and_ideographs_are_words() -> None:
    assert units_after("it isn't 東京です", 2) == [" isn't", " 東", "京", "で", "す"]


def test_a_word_without_end_is_cut() -> None:
    assert sum(Units.of("a " + "b" * 100).sizes(1, by_character("a " + "b" * 100))) == MOST_TOKENS


def test_tokens_inside_a_character_count() -> None:
    # A character of three tokens: two of them end where it begins.
    assert Units.of("a é b").sizes(1, np.array([1, 2, 2, 2, 3, 5])) == (4, 1)
    assert Units.of("aéb").sizes(1, np.array([1, 1, 2, 3])) == (3,)


@given(st.text(min_size=2, max_size=60), st.data())
def test_the_sizes_cover_what_follows(text: str, data: st.DataObject) -> None:
    position = data.draw(st.integers(1, len(text) - 1))
    sizes = Units.of(text).sizes(position, by_character(text))
    assert 1 <= len(sizes) <= UNITS
    assert 1 <= sum(sizes) <= min(MOST_TOKENS, len(text) - position)
    # All that is left is scored, unless there are enough units or tokens.
    if len(sizes) < UNITS and sum(sizes) < MOST_TOKENS:
        assert sum(sizes) == len(text) - position


def test_the_five_units_before_a_place() -> None:
    start, end = Units.of(TEXT).before(22)
    assert TEXT[start:end] == "So 48/2 = $1,400.50"
    assert Units.of(TEXT).before(0) == (0, 0)
