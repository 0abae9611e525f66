"""A long text is cut into overlapping windows; nothing of it is lost and no place comes twice."""

import re

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lm.scripts import LONG, TOKENIZERS, token_ends_of
from tests.lm.scripts import TEXTS as SCRIPTS
from toolformer.annotate.texts.windows import Window, whole, windows

ENDS = {name: token_ends_of(name) for name in TOKENIZERS}


def word_ends(text: str) -> npt.NDArray[np.int64]:
    """Ends of words, each with the white space before it."""
    return np.array([m.end() for m in re.finditer(r"\s*\S+|\s+$", text)], dtype=np.int64)


def cut(text: str, *, size: int = 8, overlap: int = 4) -> list[Window]:
    return list(windows(text, word_ends, window_tokens=size, overlap_tokens=overlap))


TEXTS = st.text(alphabet="ab  \né", min_size=1, max_size=300).filter(lambda text: text.strip())


@given(TEXTS)
def test_each_offset_of_the_text_belongs_to_exactly_one_window(text: str) -> None:
    owned = [window.start + offset for window in cut(text) for offset in range(*window.places)]
    assert owned == list(range(len(text)))


@given(TEXTS)
def test_a_window_is_the_text_from_its_start(text: str) -> None:
    for window in cut(text):
        assert text.startswith(window.text, window.start)


@given(TEXTS)
def test_no_window_has_more_tokens_than_asked_for(text: str) -> None:
    assert all(len(word_ends(window.text)) <= 8 for window in cut(text))


@given(TEXTS)
def test_a_window_knows_the_tokens_before_it(text: str) -> None:
    for window in cut(text):
        assert window.first_token == len(word_ends(text[: window.start]))


def test_a_place_has_half_an_overlap_of_text_on_either_side() -> None:
    text = " ".join(f"w{number}" for number in range(100))
    for window in cut(text, size=20, overlap=8):
        first, end = window.places
        if window.start > 0:
            assert len(window.text[:first].split()) >= 4
        if window.start + len(window.text) < len(text):
            assert len(window.text[end:].split()) >= 4


def test_a_text_that_fits_is_one_window() -> None:
    assert cut("a b c") == [whole("a b c", tokens=3)]


def test_a_window_ends_before_white_space_where_it_can() -> None:
    def letters(text: str) -> npt.NDArray[np.int64]:
        return np.arange(1, len(text) + 1)

    parts = list(
        windows("aaaaaaaaaaaaaaaaaaaaa bbbbbbbbb", letters, window_tokens=24, overlap_tokens=4)
    )
    assert parts[0].text == "aaaaaaaaaaaaaaaaaaaaa"


def test_a_long_text_is_never_tokenised_whole() -> None:
    text = "word " * 400_000
    longest = 0

    def ends(piece: str) -> npt.NDArray[np.int64]:
        nonlocal longest
        longest = max(longest, len(piece))
        return word_ends(piece)

    parts = windows(text, ends, window_tokens=4096, overlap_tokens=64)
    assert next(parts).start == 0
    assert longest < 50_000
    *_, last = parts
    assert last.start + len(last.text) == len(text)
    assert longest < 50_000


def test_a_text_whose_tokens_are_very_long_is_cut_without_reading_on_for_ever() -> None:
    text = " " * 5_000 + "x"
    parts = cut(text)
    assert parts[-1].start + len(parts[-1].text) == len(text)
    assert all(len(part.text) <= 8 * 64 * 2 for part in parts)


@pytest.mark.parametrize("name", TOKENIZERS)
@given(text=SCRIPTS, size=st.integers(8, 64))
@settings(max_examples=15, deadline=None)
def test_the_windows_of_any_text_fit_and_cover_it(name: str, text: str, size: int) -> None:
    ends = ENDS[name]
    parts = list(windows(text, ends, window_tokens=size, overlap_tokens=size // 4))
    owned = [part.start + offset for part in parts for offset in range(*part.places)]
    assert owned == list(range(len(text)))
    for part in parts:
        assert text.startswith(part.text, part.start)
        assert part.tokens == len(ends(part.text))
        assert part.tokens <= size or len(part.text) == 1


@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize("script", LONG)
def test_a_long_text_in_any_script_is_cut_into_few_windows(name: str, script: str) -> None:
    text, ends = LONG[script], ENDS[name]
    parts = list(windows(text, ends, window_tokens=128, overlap_tokens=32))
    assert all(part.tokens <= 128 for part in parts)
    assert len(parts) <= 2 + len(ends(text)) // 30


def test_the_tokens_before_a_window_are_those_of_the_text() -> None:
    text, ends = LONG["russian"], ENDS["bytes"]
    for part in windows(text, ends, window_tokens=128, overlap_tokens=32):
        assert part.first_token == len(ends(text[: part.start]))
