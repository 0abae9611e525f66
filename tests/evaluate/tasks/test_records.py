"""Reading a task's files, with what is wrong in them told by line."""

from pathlib import Path

import pytest

from tests.evaluate.files import write_rows
from toolformer.errors import CorpusError
from toolformer.evaluate.tasks.records import TaskRecord, read_task_records


def test_a_pattern_stands_for_several_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    write_rows(tmp_path / "b.jsonl", [{"x": 3}])
    write_rows(tmp_path / "a.jsonl", [{"x": 1}, {"x": 2}])
    rows = list(read_task_records(str(tmp_path / "*.jsonl")))
    assert [row.id for row in rows] == ["a/1", "a/2", "b/1"]


def test_a_pattern_that_fits_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="No file fits"):
        list(read_task_records(str(tmp_path / "*.jsonl")))


def test_a_missing_file_offers_the_near_one(tmp_path: Path) -> None:
    write_rows(tmp_path / "svamp.jsonl", [{"x": 1}])
    with pytest.raises(CorpusError, match=r"Did you mean '.*svamp.jsonl'"):
        list(read_task_records(str(tmp_path / "swamp.jsonl")))


def test_a_line_that_is_no_json_ends_the_reading(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"x": 1}\nnonsense\n')
    with pytest.raises(CorpusError, match=r"a.jsonl, line 2: not JSON"):
        list(read_task_records(str(tmp_path / "a.jsonl")))


def test_a_missing_field_is_told_with_its_line_and_what_there_is() -> None:
    row = TaskRecord("a", 7, {"y": "z", "x": None})
    with pytest.raises(CorpusError, match=r"a, line 7: no field 'x' or 'w' with a value; it has y"):
        row.text("x", "w")


def test_the_first_field_with_a_value_is_taken() -> None:
    assert TaskRecord("a", 1, {"x": " ", "w": 43.0}).text("x", "w") == "43.0"


def test_tags_that_are_no_list_are_told() -> None:
    assert TaskRecord("a", 1, {"tags": ["hard"]}).texts("tags") == ("hard",)
    with pytest.raises(CorpusError, match="'tags' is 'hard'"):
        TaskRecord("a", 1, {"tags": "hard"}).texts("tags")
