"""Questions of GSM8K, answered by a solution."""

from pathlib import Path

import pytest

from tests.evaluate.files import write_rows
from toolformer.errors import ConfigError, CorpusError
from toolformer.evaluate.task import Task
from toolformer.evaluate.tasks.gsm8k.word_problems import gsm8k

ROWS = [
    {"question": "She had 48 and sold half.  How many?", "answer": "48/2 = <<48/2=24>>24\n#### 24"},
    {"question": "And 15 days of 72?", "answer": "72*15 = <<72*15=1080>>1,080.\n#### 1,080"},
]


def task_of(folder: Path, **options: object) -> Task:
    return gsm8k(write_rows(folder / "gsm.jsonl", ROWS), **options)  # type: ignore[arg-type]


def test_a_question_is_asked_for_its_last_number(tmp_path: Path) -> None:
    task = task_of(tmp_path)
    first, second = task.examples()
    assert first.prompt == "Question: She had 48 and sold half. How many?\nAnswer:"
    assert (first.answers, second.answers) == (("24",), ("1,080",))
    assert task.is_right(" 72*15 = 1080.", second)
    assert task.is_right(" 72*15 = 99.\n#### 1080\nor 7", second)
    assert not task.is_right(" 1080, less 80 is 1000.", second)
    assert not task.is_right(" many", second)


def test_the_answer_ends_where_its_number_ends(tmp_path: Path) -> None:
    assert task_of(tmp_path).judged(" 2+2\n#### 4 or 5") == len(" 2+2\n#### 4")


def test_worked_problems_stand_before_the_others_and_are_not_asked(tmp_path: Path) -> None:
    task = task_of(tmp_path, shots=1)
    [example] = task.examples()
    assert example.prompt == (
        "Question: She had 48 and sold half. How many?\nAnswer: 48/2 = 24\n#### 24\n\n"
        "Question: And 15 days of 72?\nAnswer:"
    )
    assert task.stop == ("\n\n",)
    assert task_of(tmp_path).stop == ("\nQuestion:",)


def test_larger_numbers_are_asked_in_question_and_answer(tmp_path: Path) -> None:
    task = task_of(tmp_path, digits=4)
    first, second = task.examples()
    number = int(first.answers[0]) * 2
    assert first.prompt == f"Question: She had {number} and sold half. How many?\nAnswer:"
    assert number % 48 == 0
    assert number > 1000
    # Of 72 and 15 the larger one is what is counted.
    assert "15 days" in second.prompt
    assert int(second.answers[0].replace(",", "")) % 1080 == 0


def test_what_cannot_be_told_with_larger_numbers_is_counted(tmp_path: Path) -> None:
    rows = [*ROWS, {"question": "Two and two?", "answer": "2+2 = <<2+2=4>>4\n#### 4"}]
    task = gsm8k(write_rows(tmp_path / "gsm.jsonl", rows), digits=4)
    assert len(list(task.examples())) == 2
    [(reason, count)] = task.dropped.items()
    assert (reason, count) == (
        "solutions with a number that its question does not give in digits",
        1,
    )


@pytest.mark.parametrize("options", [{"shots": -1}, {"prompt": "Q:"}])
def test_a_wrong_option_is_refused(tmp_path: Path, options: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="question"):
        task_of(tmp_path, **options)


def test_nothing_left_to_ask_is_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="left to be asked"):
        task_of(tmp_path, shots=2)


def test_an_answer_that_is_no_number_is_told(tmp_path: Path) -> None:
    row = {"question": "Who?", "answer": "Tom\n#### Tom"}
    with pytest.raises(CorpusError, match="gsm/1: the answer 'Tom'"):
        gsm8k(write_rows(tmp_path / "gsm.jsonl", [row]))
