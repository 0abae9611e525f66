"""Answers to rows: greedy, in a file that can be continued, of the prompt's own APIs if wanted."""

import json
from pathlib import Path

import pytest

from tests.finetune.given import tiny_model
from tests.studies.api_bank.given import SEARCH, UTTERANCE, row
from toolformer.calls import InlineGrammar
from toolformer.errors import ConfigError
from toolformer.lm.base import LanguageModel
from toolformer.lm.hf.model import load
from toolformer.lm.scripted import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation
from toolformer.studies.api_bank.answers import read_answers
from toolformer.studies.api_bank.predict import PredictConfig, continue_file, predict
from toolformer.studies.api_bank.rows import ApiRow, api_names, query_type_of

QUICK = PredictConfig(max_new_tokens=8, streams=2)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LanguageModel:
    folder = tmp_path_factory.mktemp("predict") / "model"
    tiny_model(folder)
    return load(folder, device="cpu")


def short(number: int, described: str = SEARCH) -> ApiRow:
    """A row that fits the tiny model's 256 tokens."""
    prompt = f"{described[:90]}\nUser: {number}\nGenerate API Request:\n"
    return ApiRow(
        id=f"row-{number}",
        instruction="",
        input="",
        prompt=prompt,
        completion="[Now()]",
        query_type=query_type_of(prompt),
    )


ROWS = [short(number) for number in range(5)]


def test_an_answer_stands_beside_what_was_wanted(model: LanguageModel) -> None:
    rows = list(predict(model, ROWS, QUICK))
    assert [found["id"] for found in rows] == [given.id for given in ROWS]
    for found, given in zip(rows, ROWS, strict=True):
        assert found["prompt"] == given.prompt
        assert found["completion"] == "[Now()]"
        assert found["prediction"] == "".join(each["text"] for each in found["segments"])
        assert found["tokens"] <= 8


def test_a_file_is_continued_where_it_ends(model: LanguageModel, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole.jsonl", tmp_path / "broken.jsonl"
    assert list(continue_file(whole, model, ROWS, QUICK)) == [0, 1, 2, 3, 4, 5]
    lines = whole.read_bytes().splitlines(keepends=True)
    broken.write_bytes(b"".join(lines[:2]) + lines[2][:-9])
    assert list(continue_file(broken, model, ROWS, QUICK.override(streams=1))) == [2, 3, 4, 5]
    assert broken.read_bytes() == whole.read_bytes()
    with pytest.raises(ConfigError, match="comes from another model, other tools or other sett"):
        list(continue_file(whole, model, ROWS, QUICK.override(confined=True)))
    assert len(read_answers(str(whole), ROWS)["whole"]) == 5


def test_confined_an_answer_is_a_call_of_an_api_of_the_prompt(model: LanguageModel) -> None:
    assert api_names(ROWS[0].prompt) == ("ToolSearcher",)
    config = QUICK.override(confined=True, max_new_tokens=24)
    lead = InlineGrammar().lead("ToolSearcher")
    free = [row["prediction"] for row in predict(model, ROWS, QUICK)]
    assert not any(lead in answer for answer in free)  # it was never taught to
    for found in predict(model, ROWS, config):
        assert found["prediction"].startswith(lead)


def test_what_a_model_says_is_taken_with_or_without_the_names() -> None:
    said = Continuation("Request:", " [SetAlarm(time='07:00')]")
    given = row(0, "[SetAlarm(time='07:00')]")
    model = ScriptedLanguageModel(continuations=[said], max_length=2000)
    for confined in (False, True):
        config = PredictConfig(confined=confined)
        [found] = predict(model, [given], config)
        assert found["prediction"] == " [SetAlarm(time='07:00')]"


def test_a_prompt_that_is_too_long_has_an_error_and_no_prediction(model: LanguageModel) -> None:
    [found] = predict(model, [row(0, "[Now()]", instruction=UTTERANCE, said="so " * 400)], QUICK)
    assert "leave no room in the" in found["error"]
    assert found["prediction"] == ""
    assert json.dumps(found)
