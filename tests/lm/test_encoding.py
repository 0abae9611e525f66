"""Tokens put together from pieces decode to the text they stand for."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer

from tests.models import (
    SHARED_DATA,
    byte_level_tokenizer,
    gpt2_tokenizer,
    save_sentencepiece_tokenizer,
    save_stories260k,
)
from toolformer.calls import HermesGrammar, InlineGrammar, PlacedCall, ToolCall
from toolformer.errors import ModelError
from toolformer.lm.base import Prompt
from toolformer.lm.encoding import Encoding

GRAMMAR = InlineGrammar()
TEXT = "The sum of 12 and 30 is 42 — née, 😀!"
CALL = ToolCall("Calculator", "12 + (30)")
Make = Callable[[Path], Tokenizer]


def sentencepiece(directory: Path) -> Tokenizer:
    save_sentencepiece_tokenizer(directory)
    return AutoTokenizer.from_pretrained(directory).backend_tokenizer


def stories(directory: Path) -> Tokenizer:
    return AutoTokenizer.from_pretrained(save_stories260k(directory)).backend_tokenizer


def with_prefix_space(directory: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_str(byte_level_tokenizer().backend_tokenizer.to_str())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    return tokenizer


@pytest.fixture(
    params=[
        pytest.param(lambda _: byte_level_tokenizer().backend_tokenizer, id="byte-level"),
        pytest.param(lambda _: gpt2_tokenizer().backend_tokenizer, id="gpt2"),
        pytest.param(with_prefix_space, id="byte-level with a prefix space"),
        pytest.param(sentencepiece, id="sentencepiece"),
        pytest.param(
            stories,
            id="stories260k",
            marks=pytest.mark.skipif(not SHARED_DATA.exists(), reason="no real data"),
        ),
    ]
)
def tokenizer(request: pytest.FixtureRequest, tmp_path: Path) -> Tokenizer:
    make: Make = request.param
    return make(tmp_path)


@pytest.fixture
def encoding(tokenizer: Tokenizer) -> Encoding:
    return Encoding(tokenizer, GRAMMAR, start=0, name="tiny")


@pytest.mark.parametrize("output", [None, "42"])
def test_a_call_within_a_text_decodes_to_the_rendered_text(
    encoding: Encoding, output: str | None
) -> None:
    text = encoding.text(TEXT)
    place = text.tokens_before(20)
    call = encoding.call(CALL, output, first=False)
    row = text.ids[:place] + call.ids + text.ids[place:]
    rendered = GRAMMAR.render(TEXT, [PlacedCall(20, CALL, output)])
    # Some tokenizers put a space before every text, and their decoder may keep it.
    assert encoding.decode_row(row).removeprefix(" ") == rendered


@pytest.mark.parametrize("output", [None, "42"])
def test_a_call_in_the_format_of_a_chat_model_decodes_to_the_rendered_text(
    tokenizer: Tokenizer, output: str | None
) -> None:
    encoding = Encoding(tokenizer, HermesGrammar(), start=0, name="tiny")
    call = ToolCall("Calculator", '{"expression": "12 + (30)"}')
    row = encoding.annotated(TEXT, [PlacedCall(20, call, output)])
    rendered = encoding.grammar.render(TEXT, [PlacedCall(20, call, output)])
    assert encoding.decode_row(row.ids).removeprefix(" ") == rendered
    supplied = [index for index, given in zip(row.ids, row.supplied, strict=True) if given]
    told = "" if output is None else "\n<tool_response>\n42\n</tool_response>"
    assert encoding.decode(supplied) == told
    lead = encoding.grammar.lead("Calculator")
    assert encoding.piece(lead) == encoding.call(call, first=False).lead


def test_a_call_before_a_text_decodes_without_its_leading_space(encoding: Encoding) -> None:
    call = encoding.call(CALL, "42", first=True)
    rendered = GRAMMAR.format(CALL, "42")
    assert encoding.decode_row(call.ids).lstrip(" ") == rendered.lstrip(" ")


def test_the_pieces_of_a_call_are_encoded_each_on_its_own(encoding: Encoding) -> None:
    call = encoding.call(CALL, "42", first=False)
    pieces = [call.lead, call.arguments, call.arrow, call.output, call.close]
    expected = [" [Calculator(", "12 + (30))", " ->", " 42", "]"]
    assert [encoding.decode(piece) for piece in pieces] == expected
    assert encoding.call(CALL, first=False).ids == call.lead + call.arguments + call.close


def test_what_sampling_starts_from_is_what_scoring_reads(encoding: Encoding) -> None:
    assert encoding.piece(GRAMMAR.lead("Calculator")) == encoding.call(CALL, first=False).lead


def test_a_prompt_and_the_text_after_it_decode_to_themselves(encoding: Encoding) -> None:
    prompt = Prompt("Tool: Calculator(expression)\n", f"Input:\n{TEXT}\nOutput:\n")
    encoded = encoding.prompt(prompt)
    assert encoded.shared[0] == 0, "every row begins with the start token"
    row = encoding.decode_row(encoded.shared[1:] + encoded.own).removeprefix(" ")
    assert row == prompt.shared + prompt.own


def test_an_empty_prompt_is_the_start_token_alone(encoding: Encoding) -> None:
    encoded = encoding.prompt(Prompt("", ""))
    assert (encoded.shared, encoded.own) == ((0,), ())


def test_tokens_end_where_their_characters_do(encoding: Encoding) -> None:
    text = encoding.text(TEXT)
    for position in text.ends[text.ends > 0].tolist():
        count = text.tokens_before(position) or len(text.ids)
        assert encoding.decode_row(text.ids[:count]).removeprefix(" ") == TEXT[:position]


def test_there_is_no_place_inside_a_character() -> None:
    encoding = Encoding(byte_level_tokenizer().backend_tokenizer, GRAMMAR, start=0, name="tiny")
    text = encoding.text("a😀b")
    assert len(text.ids) == 6, "the emoji is four tokens of one byte"
    assert text.ends.tolist() == [1, -1, -1, -1, 2, 3]
    assert [text.tokens_before(position) for position in (1, 2, 3)] == [1, 5, None]


def test_special_tokens_in_a_text_are_plain_text() -> None:
    encoding = Encoding(byte_level_tokenizer().backend_tokenizer, GRAMMAR, start=0, name="tiny")
    assert 0 not in encoding.text("a <|start|> b").ids
    assert encoding.decode(encoding.text("a <|start|> b").ids) == "a <|start|> b"


def test_a_token_counts_as_marker_only_if_a_name_can_follow_in_it() -> None:
    vocabulary = [" [", " [C", " [Ca", " [[", " [(", " [ ", "[", " ", "x [", " ["[::-1]]
    tokenizer = word_level(vocabulary)
    encoding = Encoding(tokenizer, GRAMMAR, start=None, name="tiny")
    assert [vocabulary[index] for index in encoding.marker_ids] == [" [", " [C", " [Ca"]


def test_a_marker_no_token_holds_is_spelled_in_pieces() -> None:
    encoding = Encoding(word_level([" ", "["]), GRAMMAR, start=None, name="tiny")
    assert encoding.marker_ids == ()
    assert [encoding.decode((piece,)) for piece in encoding.marker_pieces] == [" ", "["]


def test_a_tokenizer_that_cannot_spell_the_markers_is_refused() -> None:
    tokenizer = Tokenizer(models.WordLevel({"a": 0, "b": 1}, unk_token="b"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    with pytest.raises(ModelError, match=r"tokenizer of tiny cannot spell the markers ' \['"):
        Encoding(tokenizer, GRAMMAR, start=None, name="tiny")


def word_level(extra: list[str]) -> Tokenizer:
    """A byte-level BPE without merges, but for these tokens."""
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    spelled = ["".join("Ġ" if sign == " " else sign for sign in token) for token in extra]
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys([*spelled, *alphabet]))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def test_a_text_with_calls_keeps_the_tokens_it_has_without_them(encoding: Encoding) -> None:
    placed = [PlacedCall(23, CALL, "42"), PlacedCall(10, CALL, None)]
    row = encoding.annotated(TEXT, placed)
    whole = encoding.text(TEXT)
    calls = [encoding.call(each.call, each.output, first=False).ids for each in placed]
    first, second = whole.tokens_before(10), whole.tokens_before(23)
    expected = whole.ids[:first] + calls[1] + whole.ids[first:second] + calls[0]
    assert row.ids == expected + whole.ids[second:]
    assert encoding.decode_row(row.ids).removeprefix(" ") == GRAMMAR.render(TEXT, placed)


def test_what_decoding_supplies_of_a_call_is_its_arrow_its_output_and_its_close(
    encoding: Encoding,
) -> None:
    row = encoding.annotated(TEXT, [PlacedCall(23, CALL, "42")])
    supplied = [index for index, given in zip(row.ids, row.supplied, strict=True) if given]
    assert encoding.decode(supplied) == " -> 42]"


def test_a_row_tells_where_the_tokens_of_each_call_lie(encoding: Encoding) -> None:
    placed = [PlacedCall(0, CALL, "42"), PlacedCall(3, CALL, "42")]
    row = encoding.annotated(TEXT, placed)
    told = [encoding.decode(row.ids[each.start : each.stop]) for each in row.calls]
    assert [each.strip() for each in told] == [encoding.grammar.format(CALL, "42").strip()] * 2
    assert row.calls[0].start == 0


def test_a_call_inside_a_token_or_at_an_end_of_a_text_is_encoded_too(encoding: Encoding) -> None:
    placed = [PlacedCall(1, CALL, "42"), PlacedCall(len(TEXT), CALL, None)]
    row = encoding.annotated(TEXT, placed)
    assert encoding.decode_row(row.ids).removeprefix(" ") == GRAMMAR.render(TEXT, placed)


def test_merges_that_training_left_out_at_random_are_made() -> None:
    tokenizer = Tokenizer.from_str(byte_level_tokenizer().backend_tokenizer.to_str())
    usual = Encoding(tokenizer, GRAMMAR, start=None, name="usual").text(TEXT).ids
    tokenizer.model.dropout = 0.5
    assert Encoding(tokenizer, GRAMMAR, start=None, name="random").text(TEXT).ids == usual
