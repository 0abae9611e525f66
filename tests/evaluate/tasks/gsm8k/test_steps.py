"""The next number at human marks."""

from pathlib import Path

import pytest

from tests.evaluate.files import write_rows
from toolformer.errors import ConfigError, CorpusError
from toolformer.evaluate.registry import load_task
from toolformer.evaluate.task import Example
from toolformer.evaluate.tasks.gsm8k.steps import steps

ROWS = [
    {
        "question": "How many?",
        "answer": "She sold 48/2 = <<48/2=24>>24 in May, for $<<24*2=48>>48.\n#### 48",
    },
    {"question": "How far?", "answer": "He ran 10/3 = <<10/3=3.333>>3.333 miles.\n#### 3.333"},
    {"question": "Who?", "answer": "<<1+1=2>>2 of x=<<x=y>>y.\n#### 2"},
]


def file_of(folder: Path, count: int = 3) -> str:
    return write_rows(folder / "gsm.jsonl", ROWS[:count])


def test_a_prompt_is_the_solution_up_to_a_marks_place_and_nothing_after_it(tmp_path: Path) -> None:
    examples = list(steps(file_of(tmp_path, 1)).examples())
    assert [each.prompt for each in examples] == [
        "She sold 48/2 =",
        "She sold 48/2 = 24 in May, for",
    ]
    assert [each.answers for each in examples] == [("24",), ("48",)]
    assert [(each.id, each.source) for each in examples] == [
        ("gsm/1/1", "gsm/1"),
        ("gsm/1/2", "gsm/1"),
    ]


@pytest.mark.parametrize(
    ("output", "right"),
    [
        (" 24 in May", True),
        (" $24.00.", True),
        (" 23, not 24", False),
        (" 7 = 24", False),
        ("", False),
    ],
)
def test_right_is_the_number_that_comes_next(tmp_path: Path, output: str, right: bool) -> None:
    task = steps(file_of(tmp_path, 1))
    assert task.is_right(output, next(iter(task.examples()))) is right


def test_what_is_written_after_the_number_is_not_judged(tmp_path: Path) -> None:
    assert steps(file_of(tmp_path, 1)).judged(" 24 and 48 = 72") == 3


def test_a_value_of_many_decimals_may_be_rounded_to_two(tmp_path: Path) -> None:
    task = steps(file_of(tmp_path), first=2)
    [*_, example] = task.examples()
    assert example.answers == ("3.333", "3.33")
    assert task.is_right(" 3.33 miles", example)
    assert not task.is_right(" 3.3 miles", example)


def test_marks_that_cannot_be_asked_are_counted(tmp_path: Path) -> None:
    task = steps(file_of(tmp_path))
    assert len(list(task.examples())) == 3
    assert task.dropped == {
        "marks with nothing before them": 1,
        "marks whose value is not a number": 1,
    }


def test_a_range_of_records_can_be_asked(tmp_path: Path) -> None:
    def asked(**options: int) -> list[str]:
        return [each.source for each in steps(file_of(tmp_path), **options).examples()]

    assert asked(first=1) == ["gsm/1", "gsm/1"]
    assert asked(last=2) == ["gsm/2"]


@pytest.mark.parametrize("options", [{"first": 1, "last": 1}, {"last": 0}, {"digits": 2}])
def test_a_range_that_says_nothing_is_refused(tmp_path: Path, options: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        steps(file_of(tmp_path), **options)


def test_a_file_without_marks_is_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="has a mark such as"):
        steps(file_of(tmp_path), last=1, digits=4)


def test_with_large_numbers_the_same_marks_are_asked_and_what_is_left_out_is_counted(
    tmp_path: Path,
) -> None:
    task = load_task(f"steps:path={file_of(tmp_path)},digits=4")
    examples: list[Example] = list(task.examples())
    assert task.name == "steps, 4 to 6 digits"
    assert [each.id for each in examples] == ["gsm/1/1", "gsm/1/2"]
    assert all(1000 <= int(each.answers[0]) < 10**6 for each in examples)
    assert int(examples[1].answers[0]) == 2 * int(examples[0].answers[0])
    assert task.dropped == {
        "solutions with a mark that is not an exact sum": 2,
    }
