"""What the byte-level BPE of a pretrained model makes of digits and markers."""

import pytest

from toolformer.errors import ModelError
from toolformer.pretrain.tokenizer import train_tokenizer

TEXTS = ["She has 48 / 2 = 24 (see [Note: 24]) apples -> left.", "A [b] -> [c] 1,400 pears."] * 20
MARKERS = (" [", " ->", "]")


def pieces(text: str, texts: list[str] = TEXTS) -> list[str]:
    tokenizer = train_tokenizer(texts, vocabulary_size=400, single_tokens=MARKERS, context=64)
    return [tokenizer.decode([token]) for token in tokenizer.encode(text)]


def test_each_digit_is_a_token_and_the_first_carries_the_space() -> None:
    assert pieces(" = 1400") == [" =", " 1", "4", "0", "0"]


def test_a_marker_never_merges_with_its_neighbours() -> None:
    assert [piece for piece in pieces("x) [y.] -> ])]") if "[" in piece or "]" in piece] == [
        " [",
        "]",
        "]",
        "]",
    ]


def test_decoding_gives_the_text_back_for_any_bytes() -> None:
    text = "naïve  ☃\n\t[a] -> 1 2\u3000\U0001f600"
    assert "".join(pieces(text)) != text  # a character of several bytes may be several tokens
    tokenizer = train_tokenizer(TEXTS, vocabulary_size=400, single_tokens=MARKERS, context=64)
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_a_marker_that_the_texts_never_show_is_refused() -> None:
    with pytest.raises(ModelError, match="' ->' with 3 tokens"):
        pieces("", texts=["no arrows [here]"] * 20)


def test_without_markers_words_are_still_learned() -> None:
    tokenizer = train_tokenizer(TEXTS, vocabulary_size=400, single_tokens=(), context=64)
    assert len(tokenizer.encode(" apples")) == 1
