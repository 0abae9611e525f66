"""Which tokens would complete a text, and the text of tokens as they come."""

from pathlib import Path

import pytest
from transformers import AutoTokenizer

from tests.models import byte_level_tokenizer, save_sentencepiece_model
from toolformer.calls import InlineGrammar
from toolformer.lm.encoding import Encoding
from toolformer.lm.vocabulary import StreamText, Vocabulary


@pytest.fixture(scope="module")
def encoding() -> Encoding:
    tokenizer = byte_level_tokenizer().backend_tokenizer
    return Encoding(tokenizer, InlineGrammar(), start=0, name="tiny")


@pytest.fixture(scope="module")
def vocabulary(encoding: Encoding) -> Vocabulary:
    size = byte_level_tokenizer().backend_tokenizer.get_vocab_size()
    return Vocabulary(encoding, size=size, silent=frozenset({0}))


def all_tokens(vocabulary: Vocabulary) -> range:
    return range(len(vocabulary._texts))


@pytest.mark.parametrize(
    "text", ["", "So", "So ", "So [", "So [Calc", "So [Calculator", "[Calculator"]
)
def test_a_token_completes_a_lead_where_the_text_then_holds_it(
    vocabulary: Vocabulary, text: str
) -> None:
    lead = " [Calculator("
    expected = {t for t in all_tokens(vocabulary) if lead in text + vocabulary.text(t)}
    assert vocabulary.completing((lead,), text, ()) == expected


def test_a_character_in_bytes_is_completed_by_its_last_token(
    encoding: Encoding, vocabulary: Vocabulary
) -> None:
    *held, last = encoding.piece("é")
    assert held
    assert vocabulary.completing((" [é",), "So [", tuple(held)) == {last}
    assert vocabulary.completing((" [é",), "So ", tuple(held)) == set()


def test_what_is_to_be_said_next_is_all_of_it_or_a_part(vocabulary: Vocabulary) -> None:
    allowed = vocabulary.next_to_say(" [")
    texts = {vocabulary.text(token) for token in allowed}
    assert {" [", " "} <= texts
    assert all(text.startswith(" [") or text == " " for text in texts)
    assert vocabulary.next_to_say("\u3000") == ()


@pytest.mark.parametrize("said", [" plain words", " née 😀 — …", "€€ 日本語", "\n\t 5"])
def test_the_texts_of_tokens_join_to_what_was_encoded(
    encoding: Encoding, vocabulary: Vocabulary, said: str
) -> None:
    text = StreamText(encoding, vocabulary, "So")
    parts = [text.push(token) for token in encoding.piece(said)]
    assert "".join(parts) == said
    assert not any("�" in part for part in parts)
    assert text.text == "So" + said


def test_the_text_goes_back_to_where_it_was(encoding: Encoding, vocabulary: Vocabulary) -> None:
    text = StreamText(encoding, vocabulary, "So")
    ids = encoding.piece(" née")
    states = []
    for token in ids:
        states.append((text.text, text.held))
        text.push(token)
    for dropped in range(1, len(ids) + 1):
        text.drop(1)
        assert (text.text, text.held) == states[-dropped]


def test_sentencepiece_keeps_its_spaces_but_the_one_it_adds_to_a_row(tmp_path: Path) -> None:
    save_sentencepiece_model(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path).backend_tokenizer
    encoding = Encoding(tokenizer, InlineGrammar(), start=1, name="tiny")
    size = tokenizer.get_vocab_size()
    vocabulary = Vocabulary(encoding, size=size, silent=frozenset({0, 1, 2}))
    row = StreamText(encoding, vocabulary, "")
    assert "".join(row.push(token) for token in encoding.text("The sum é").ids) == "The sum é"
    behind = StreamText(encoding, vocabulary, "So")
    assert "".join(behind.push(token) for token in encoding.piece(" The")) == " The"
