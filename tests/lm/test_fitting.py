"""A part of a text that fits is found for any text and any tokenizer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lm.scripts import LONG, TEXTS, TOKENIZERS, token_ends_of
from toolformer.lm.fitting import beginning, ending

ENDS = {name: token_ends_of(name) for name in TOKENIZERS}


@pytest.mark.parametrize("name", TOKENIZERS)
@given(text=TEXTS, tokens=st.integers(1, 64))
@settings(max_examples=20, deadline=None)
def test_a_part_has_at_most_so_many_tokens_by_itself(name: str, text: str, tokens: int) -> None:
    ends = ENDS[name]
    first = beginning(text, ends, tokens=tokens)
    last = ending(text, ends, tokens=tokens)
    assert text.startswith(first)
    assert text.endswith(last)
    assert len(ends(first)) <= tokens
    assert len(ends(last)) <= tokens


@pytest.mark.parametrize("script", LONG)
def test_a_part_uses_the_room_there_is(script: str) -> None:
    ends = ENDS["bytes"]
    longest = max(len(ends(each)) for each in set(LONG[script]))
    for part in (beginning, ending):
        found = part(LONG[script], ends, tokens=100)
        assert len(ends(found)) > 100 - 2 * longest


def test_a_text_that_fits_stays_whole() -> None:
    assert beginning("née", ENDS["bytes"], tokens=4) == ending("née", ENDS["bytes"], tokens=4)
    assert beginning("née", ENDS["bytes"], tokens=4) == "née"


def test_a_part_ends_and_begins_where_a_token_does() -> None:
    text = "Out of 1400 participants"
    ends = ENDS["bytes"](text).tolist()
    assert len(beginning(text, ENDS["bytes"], tokens=5)) == ends[4]
    assert ending(text, ENDS["bytes"], tokens=5) == text[ends[-6] :]


def test_a_run_that_one_token_end_stands_behind_is_cut_inside() -> None:
    run = "我" * 500
    assert ENDS["unigram"](run).tolist().count(500) == 1
    found = beginning(run, ENDS["unigram"], tokens=100)
    assert 10 < len(found) <= 33
    assert ending(run, ENDS["unigram"], tokens=100) == found


def test_a_character_that_does_not_fit_leaves_nothing() -> None:
    assert beginning("\ufdfa", ENDS["normalizing"], tokens=8) == ""
    assert ending("\ufdfa", ENDS["normalizing"], tokens=8) == ""
