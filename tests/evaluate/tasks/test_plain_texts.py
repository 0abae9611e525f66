"""Texts as they are."""

from pathlib import Path

import pytest

from tests.evaluate.files import write_rows
from toolformer.errors import ConfigError, CorpusError
from toolformer.evaluate.tasks.plain_texts import perplexity, restraint


def test_a_text_file_is_cut_at_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "valid.txt"
    path.write_text("one two\nthree\nfour\n\nfive\n")
    texts = [each.prompt for each in perplexity(str(path), characters=10).examples()]
    assert texts == ["one two\nthree\n", "four\nfive\n"]


def test_documents_stay_whole(tmp_path: Path) -> None:
    source = write_rows(tmp_path / "w.jsonl", [{"id": "a", "text": "x" * 9000}])
    [example] = perplexity(source).examples()
    assert (example.id, len(example.prompt)) == ("a", 9000)


def test_a_task_can_be_begun_again(tmp_path: Path) -> None:
    task = perplexity(write_rows(tmp_path / "w.jsonl", [{"text": "x"}, {"text": "y"}]))
    assert list(task.examples()) == list(task.examples())


def test_restraint_says_how_much_is_given_and_how_much_is_written(tmp_path: Path) -> None:
    task = restraint(write_rows(tmp_path / "c4.jsonl", [{"text": "x"}]), prompt=8, tokens=16)
    assert (task.measure, task.prompt_tokens, task.max_new_tokens) == ("restraint", 8, 16)
    assert task.name == "restraint c4"


def test_a_wrong_column_is_told_when_the_task_is_made(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"has no column 'body'. Available: text"):
        perplexity(write_rows(tmp_path / "w.jsonl", [{"text": "x"}]), text_column="body")


def test_an_empty_file_is_told_when_the_task_is_made(tmp_path: Path) -> None:
    (tmp_path / "valid.txt").write_text("\n\n")
    with pytest.raises(CorpusError, match="There is no text in"):
        perplexity(str(tmp_path / "valid.txt"))


def test_a_prompt_of_no_tokens_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least 1"):
        restraint(write_rows(tmp_path / "c4.jsonl", [{"text": "x"}]), prompt=0)
