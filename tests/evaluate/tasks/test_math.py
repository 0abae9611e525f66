"""Word problems in the forms that the usual files have."""

from pathlib import Path

import pytest

from tests.evaluate.files import write_rows
from toolformer.errors import CorpusError
from toolformer.evaluate.task import Example
from toolformer.evaluate.tasks.math import math

MAWPS = {"input": "Tom has 2 pens . He buys 3 . How many ?", "target": 5.0}


def only(source: str, **options: str) -> Example:
    [example] = math(source, **options).examples()
    return example


def test_a_problem_of_mawps_is_asked_for_its_answer(tmp_path: Path) -> None:
    example = only(write_rows(tmp_path / "mawps.jsonl", [MAWPS]))
    assert example.prompt == "Tom has 2 pens . He buys 3 . How many ? The answer is"
    assert example.answers == ("5.0",)


def test_a_problem_of_svamp_is_its_body_and_its_question(tmp_path: Path) -> None:
    row = {"Body": "Dan had $ 3 left", "Question": "How much did it cost?", "Answer": 1.0}
    example = only(write_rows(tmp_path / "svamp.jsonl", [row]))
    assert example.prompt == "Dan had $ 3 left. How much did it cost? The answer is"


def test_an_answer_of_gsm8k_is_what_stands_behind_the_marks(tmp_path: Path) -> None:
    row = {"question": "How many?", "answer": "48/2 = <<48/2=24>>24\n#### 1,072"}
    assert only(write_rows(tmp_path / "gsm.jsonl", [row])).answers == ("1,072",)


def test_the_prompt_can_be_another(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "m.jsonl", [{"problem": "1 + 1?", "result": "2"}])
    assert only(source, prompt="Q: {problem} A:").prompt == "Q: 1 + 1? A:"


def test_right_is_the_first_number(tmp_path: Path) -> None:
    task = math(write_rows(tmp_path / "m.jsonl", [MAWPS]))
    [example] = task.examples()
    assert task.is_right(" 5 pens, not 6.", example)
    assert not task.is_right(" 6 pens, not 5.", example)


def test_several_files_are_reported_apart_too(tmp_path: Path) -> None:
    write_rows(tmp_path / "mawps1.jsonl", [MAWPS])
    write_rows(tmp_path / "mawps2.jsonl", [MAWPS])
    examples = list(math(str(tmp_path / "mawps*.jsonl")).examples())
    assert [example.tags for example in examples] == [("mawps1",), ("mawps2",)]


def test_an_answer_that_is_no_number_is_told_by_line(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "m.jsonl", [MAWPS, {"input": "Who?", "target": "Tom"}])
    with pytest.raises(CorpusError, match="m, line 2: the answer 'Tom' is not a number"):
        math(source)


def test_a_problem_without_an_answer_is_told_by_line(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "m.jsonl", [{"input": "How many?"}])
    with pytest.raises(CorpusError, match="m, line 1: no field 'target' or"):
        math(source)
