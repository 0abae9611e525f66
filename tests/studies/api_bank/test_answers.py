"""Files of answers, of one system or of several."""

import json
from pathlib import Path

import pytest

from tests.studies.api_bank.given import WANTED, write_answers
from toolformer.calls import HermesGrammar, ToolCall
from toolformer.errors import ConfigError
from toolformer.studies.api_bank.answers import read_answers


def test_several_systems_stand_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    record = {"id": "row-2", "completion": "[Now()]", "predictions": {"a": "[Now()]", "b": "no"}}
    path.write_text(json.dumps(record))
    found = read_answers(str(path))
    assert {name: [each.answer for each in answers] for name, answers in found.items()} == {
        "a": ["[Now()]"],
        "b": ["no"],
    }


def test_the_rows_say_what_a_file_does_not(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"id": "row-2", "prediction": "[Now()]"}))
    with pytest.raises(ConfigError, match="does not say what was wanted: name the rows with"):
        read_answers(str(path))
    [[answer]] = read_answers(str(path), WANTED).values()
    assert (answer.completion, answer.prompt) == ("[Now()]", WANTED[2].prompt)


def test_answers_to_other_rows_are_refused(tmp_path: Path) -> None:
    path = write_answers(tmp_path / "mine.jsonl")
    with pytest.raises(ConfigError, match="answers 'row-2', which is none of the rows"):
        read_answers(str(path), WANTED[:2])
    path.write_text(json.dumps({"id": "row-2", "completion": "[A()]", "prediction": ""}))
    with pytest.raises(ConfigError, match=r"wants '\[A\(\)\]', and its row '\[Now\(\)\]'"):
        read_answers(str(path), WANTED)


def test_a_record_without_an_answer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps({"id": "row-2", "completion": "[Now()]"}))
    with pytest.raises(ConfigError, match=r"line 1, has no prediction: `toolformer study"):
        read_answers(str(path))


def test_calls_in_tags_are_answers_like_any(tmp_path: Path) -> None:
    written = HermesGrammar().format(ToolCall("SetAlarm", '{"time": "07:00", "days": 5}'))
    path = write_answers(tmp_path / "mine.jsonl", [written], WANTED[:1])
    [[answer]] = read_answers(str(path)).values()
    assert answer.answer == "[SetAlarm(time='07:00', days=5)]"
