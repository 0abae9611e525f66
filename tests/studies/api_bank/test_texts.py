"""Rows as texts with calls, in either format."""

import json

import pytest

from tests.studies.api_bank.given import FORM, WANTED, row
from toolformer.calls import HermesGrammar, ToolCall
from toolformer.studies.api_bank.texts import calls_of, grammar_of, prompt_of, training_texts

INLINE, HERMES = grammar_of("inline"), grammar_of("hermes")


def test_a_call_is_learned_as_it_is_written_behind_its_prompt() -> None:
    given = row(0, "[Say( text = 'it's on' )]")
    [text] = training_texts([given], INLINE)
    prompt = given.prompt.rstrip()
    assert text.prompt == len(text.text) == len(prompt)
    [placed] = text.calls
    assert INLINE.format(placed.call) == " [Say(text = 'it's on' )]"
    assert placed.position == len(prompt)


def test_a_call_in_tags_has_its_values_as_json_and_its_prompt_tells_that_form() -> None:
    [text] = training_texts(WANTED[:1], HERMES)
    [placed] = text.calls
    assert json.loads(placed.call.arguments) == {"time": "07:00", "days": 5}
    assert FORM not in text.text
    assert HermesGrammar().lead("ApiName") in text.text
    assert prompt_of(WANTED[0], INLINE).count(FORM) == 2


def test_two_calls_stand_side_by_side() -> None:
    calls = calls_of(row(0, "[Now(), Add(a=1)]"), INLINE)
    assert calls == [ToolCall("Now", ""), ToolCall("Add", "a=1")]


@pytest.mark.parametrize("completion", ["no call", "[Say(text=':-)')]"])
def test_a_call_that_cannot_be_written_is_passed_over(completion: str) -> None:
    assert calls_of(row(0, completion), INLINE) is None
    assert list(training_texts([row(0, completion)], INLINE)) == []
