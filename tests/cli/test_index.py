"""`toolformer index`: from a corpus to a tool that searches in it."""

import json
from pathlib import Path

import pytest

from toolformer.cli.main import run

ROWS = [
    {"id": "1", "title": "Canberra", "text": "The capital of Australia."},
    {"id": "2", "text": "A lake in the mountains."},
]


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    (tmp_path / "pages.jsonl").write_text(lines)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_corpus_becomes_a_tool(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["index", "pages.jsonl", "--out", "idx"]) == 0
    said = capsys.readouterr()
    assert "2 texts, 2 passages" in said.out
    assert "toolformer tools search:index=idx 'some words'" in said.out
    assert run(["tools", "search:index=idx", "capital of Australia"]) == 0
    assert "Canberra > The capital of Australia." in capsys.readouterr().out
    assert run(["tools", "search:index=idx", "mountain"]) == 0
    assert "2 > A lake in the mountains." in capsys.readouterr().out
    assert run(["index", "pages.jsonl", "--out", "idx", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["passages"] == 2


def test_standard_input_is_refused(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["index", "-", "--out", "idx"]) == 2
    assert "cannot be read again after a kill" in capsys.readouterr().err


def test_a_changed_corpus_is_another_index(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["index", "pages.jsonl", "--out", "idx"]) == 0
    (where / "pages.jsonl").write_text(json.dumps(ROWS[0]))
    assert run(["index", "pages.jsonl", "--out", "idx"]) == 2
    assert "holds an index over something else" in capsys.readouterr().err
