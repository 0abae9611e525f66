"""Tokens say what arguments may say, wherever the tokenizer cuts it."""

from pathlib import Path

import pytest
from transformers import AutoTokenizer

from tests.models import byte_level_tokenizer, save_sentencepiece_model
from toolformer.calls import InlineGrammar
from toolformer.lm.encoding import Encoding
from toolformer.lm.spelling import Spelled, refused_tokens, spelled, tokens_to_say
from toolformer.lm.vocabulary import Vocabulary
from toolformer.tools import tool

VALUES = ["capital", "capital of", "calling code", "île", "日本", "née 😀"]


def look_up(entity: str, attribute: str) -> str:
    """Looks up a fact."""
    return f"{attribute} of {entity}"


MADE = tool(look_up, values={"attribute": VALUES})
SPELL = MADE.spelling(InlineGrammar())


@pytest.fixture(scope="module", params=["bytes", "sentencepiece"])
def vocabulary(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Vocabulary:
    tokenizer = byte_level_tokenizer()
    if request.param == "sentencepiece":
        directory: Path = tmp_path_factory.mktemp("model") / "saved"
        tokenizer = AutoTokenizer.from_pretrained(save_sentencepiece_model(directory))
    encoding = Encoding(tokenizer.backend_tokenizer, InlineGrammar(), start=0, name="tiny")
    return Vocabulary(encoding, size=len(tokenizer), silent=frozenset({0}))


def written(vocabulary: Vocabulary, ids: tuple[int, ...]) -> Spelled:
    return spelled(ids, vocabulary.encoding)


@pytest.mark.parametrize("value", VALUES)
def test_each_value_is_said_as_the_tokenizer_says_it(vocabulary: Vocabulary, value: str) -> None:
    assert SPELL is not None
    ids = vocabulary.encoding.piece("France,")
    for token in vocabulary.encoding.piece(f" {value})"):
        allowed = tokens_to_say(SPELL, written(vocabulary, ids), vocabulary)
        assert allowed is not None
        assert token in allowed
        ids = (*ids, token)
    assert tokens_to_say(SPELL, written(vocabulary, ids), vocabulary) is None


def test_the_tokens_are_those_with_which_the_text_begins_a_value(vocabulary: Vocabulary) -> None:
    assert SPELL is not None
    whole = [f" {value})" for value in VALUES] + [" attribute="]
    for text in ("France,", "France, ca", "France, capital"):
        begun = text.removeprefix("France,")
        rests = [each[len(begun) :] for each in whole if each.startswith(begun)]
        allowed = tokens_to_say(SPELL, Spelled(text), vocabulary)
        assert allowed is not None
        said = {vocabulary.text(token) for token in allowed}
        expected = {
            text
            for token in range(vocabulary.size)
            if (text := vocabulary.text(token))
            and any(rest.startswith(text) or text.startswith(rest) for rest in rests)
        }
        assert {each for each in said if "�" not in each} == expected


def test_a_token_that_ends_a_free_value_too_early_is_refused(vocabulary: Vocabulary) -> None:
    assert SPELL is not None
    close, comma = (vocabulary.encoding.piece(sign)[0] for sign in "),")
    assert refused_tokens(SPELL, Spelled("France"), vocabulary, drawn=[comma]) == []
    refused = refused_tokens(SPELL, Spelled("France"), vocabulary, drawn=[comma, close])
    assert close in refused
    assert comma not in refused
    assert all(")" in vocabulary.text(token) for token in refused)
