"""BIG-Bench's questions about dates."""

from pathlib import Path

import pytest

from tests.evaluate.files import write_rows
from toolformer.errors import CorpusError
from toolformer.evaluate.tasks.date_understanding import date_understanding

ROW = {
    "input": "Today is Christmas Eve of 1937. What is the date tomorrow?\nOptions:\n"
    "(A) 12/11/1937\n(B) 12/25/1937",
    "target": "(B)",
}


def test_the_right_option_may_be_named_by_letter_or_by_text(tmp_path: Path) -> None:
    task = date_understanding(write_rows(tmp_path / "d.jsonl", [ROW]))
    [example] = task.examples()
    assert example.prompt == f"{ROW['input']}\nThe answer is"
    assert example.answers == ("(B)", "12/25/1937")
    assert task.is_right(" (B).", example)
    assert task.is_right(" 12/25/1937 and not (A).", example)
    assert not task.is_right(" 12/11/1937 or 12/25/1937.", example)
    assert not task.is_right(" Christmas.", example)


def test_a_target_that_is_no_option_is_told_by_line(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "d.jsonl", [ROW, {**ROW, "target": "(F)"}])
    with pytest.raises(CorpusError, match=r"d, line 2: '\(F\)' is not one of its options"):
        date_understanding(source)
