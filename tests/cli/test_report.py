"""`toolformer report` writes a page and says what is in it."""

import json
from pathlib import Path

import pytest

from tests.report.pages import document, read_page, write_documents, write_evaluation
from toolformer.cli.main import run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "run"
    write_documents(path, [document(n, "Some words.", gain=n / 4) for n in range(8)])
    return path


def test_what_was_written_is_said_on_stderr(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page.html"
    assert run(["report", str(made), "--out", str(out), "--max-texts", "3"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert f"'{out}' holds 3 texts, 5 more are counted only (" in said.err
    assert read_page(out).row("kept")[1] == "6"


def test_json_has_the_same(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "page.html"
    evaluation = str(write_evaluation(tmp_path / "evaluation"))
    options = ["--evaluation", evaluation, "--threshold", "1", "--title", "What we saw", "--json"]
    assert run(["report", str(made), str(made), "--out", str(out), *options]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "out": str(out),
        "bytes": out.stat().st_size,
        "texts": 16,
        "texts_left_out": 0,
    }
    page = read_page(out)
    assert page.row("kept")[1] == "4"
    assert page.row("", "run", "run (2)")
    assert "What we saw" in page.said


def test_what_cannot_be_reported_is_one_sentence(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"'{tmp_path}' is not a run directory: it has no manifest.json.\n"
    )
    assert run(["report", str(made), "--threshold", "-9"]) == 2
    assert "Choose at least -2" in capsys.readouterr().err
