"""`toolformer study api-bank`: what each action prints, writes and ends with."""

import json
from pathlib import Path

import pytest

from tests.finetune.given import tiny_model
from tests.studies.api_bank.given import WANTED, alarms, write_answers, write_rows
from toolformer.cli.main import run

STUDY = ["study", "api-bank"]


def test_clean_prints_what_was_kept_and_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_rows(tmp_path / "rows.jsonl", [*alarms(10), *alarms(1)])
    assert run([*STUDY, "clean", str(source), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "left out: the same prompt and call again" in said
    assert (tmp_path / "out" / "train.jsonl").read_text().count("\n") == 9


def test_score_prints_a_row_for_each_group(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = str(write_answers(tmp_path / "mine.jsonl"))
    rows = str(write_rows(tmp_path / "rows.jsonl", WANTED))
    options = [answers, "--rows", rows, "--train", rows, "--no-rouge"]
    assert run([*STUDY, "score", *options]) == 0
    said = capsys.readouterr().out
    for word in ("mine", "utterance", "seen function", "0.6000", "contained"):
        assert word in said
    assert run([*STUDY, "score", *options, "--json"]) == 0
    numbers = json.loads(capsys.readouterr().out)
    assert numbers["mine"]["all"]["equal"]["value"] == 0.6


def test_two_files_of_one_system_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = str(write_answers(tmp_path / "mine.jsonl"))
    assert run([*STUDY, "score", answers, answers, "--no-rouge"]) == 2
    assert "Two of the files answer as 'mine'" in capsys.readouterr().err


def test_export_writes_a_row_for_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = str(write_rows(tmp_path / "rows.jsonl", alarms(3)))
    out = tmp_path / "out.jsonl"
    assert run([*STUDY, "export", rows, "--out", str(out), "--format", "openai"]) == 0
    assert len(out.read_text().splitlines()) == 3
    assert "3 rows in" in capsys.readouterr().err
    assert run([*STUDY, "export", rows, "--out", str(out), "--format", "xml"]) == 2


def test_rates_that_are_no_numbers_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = str(write_rows(tmp_path / "rows.jsonl", alarms(3)))
    options = ["--model", "nano", "--out", str(tmp_path / "out"), "--lr", "fast"]
    assert run([*STUDY, "train", rows, *options]) == 2
    assert "--lr 'fast' is not a list of numbers" in capsys.readouterr().err


@pytest.mark.slow
def test_a_sweep_trains_answers_and_scores_and_names_the_rate_that_diverged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_model(tmp_path / "model")
    rows = str(write_rows(tmp_path / "rows.jsonl", alarms(12)))
    held_out = str(write_rows(tmp_path / "eval.jsonl", alarms(3, first=12)))
    options = ["--model", str(tmp_path / "model"), "--eval", held_out, "--adapter", "none"]
    options += ["--steps", "8", "--evaluate-every", "1", "--batch-size", "4", "--warmup", "0.5"]
    out = tmp_path / "sweep"
    command = [*STUDY, "train", rows, *options, "--lr", "1e-3,30", "--out", str(out)]
    assert run([*command, "--device", "cpu"]) == 1
    shown = capsys.readouterr()
    assert "diverged" in shown.out
    assert "At a rate of 30: The training diverges: the loss" in shown.err
    assert run([*command, "--device", "cpu", "--json"]) == 1
    good, lost = json.loads(capsys.readouterr().out)
    assert good["steps"] == 8
    assert "diverges" in lost["diverged"]

    answers = tmp_path / "answers.jsonl"
    asked = [*STUDY, "predict", str(out / "lr-0.001"), held_out, "--out", str(answers)]
    assert run([*asked, "--limit", "2", "--max-new-tokens", "4"]) == 0
    assert len(answers.read_text().splitlines()) == 2
    assert run([*STUDY, "score", str(answers), "--rows", held_out, "--no-rouge"]) == 0
    assert "answers" in capsys.readouterr().out
