"""`toolformer study inject` from the command line: make, train, evaluate, generate, compare."""

import json
from pathlib import Path

import pytest
import yaml

from tests.studies.inject.given import config_of, make_background
from toolformer.cli.main import run


def study(*arguments: str) -> int:
    return run(["study", "inject", *arguments])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_background(tmp_path)
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(config_of().to_dict()))
    (tmp_path / "small.yaml").write_text(yaml.safe_dump({"defaults": "base.yaml", "seed": 3}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_make_counts_what_it_made_and_refuses_what_does_not_go_together(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ["--facts", "32", "--types", "4", "--control", "8", "--others", "8"]
    assert study("make", *sizes, "--out", "made") == 0
    assert "│ injected │ 32     │ 224   │" in capsys.readouterr().out
    assert len(Path("made/facts.jsonl").read_text().splitlines()) == 48
    assert study("make", "--facts", "33", "--types", "4", "--out", "other") == 2
    assert "take a multiple of 4, such as 32" in capsys.readouterr().err
    assert not Path("other").exists()


def test_a_training_is_evaluated_generated_from_and_compared(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cpu = ["--device", "cpu"]
    assert study("train", "small.yaml", "--out", "with", *cpu) == 0
    assert study("train", "small.yaml", "--set", "injection=null", "--out", "without", *cpu) == 0
    assert "toolformer study inject evaluate with" in capsys.readouterr().err
    drawn = Path("with/tracking.svg").read_text()
    assert drawn.startswith("<?xml")
    assert "memorisation" in drawn
    for name in ("with", "without"):
        assert study("evaluate", name, "--out", f"{name}-e", "--choices", "3", *cpu) == 0
    printed = capsys.readouterr().out
    assert "with: recall by kind and exposures" in printed
    assert "without: held-out texts" in printed
    assert study("generate", "with", "--limit", "2", *cpu) == 0
    assert capsys.readouterr().out.count("│") == 2 * 4
    assert study("compare", "with-e", "without-e") == 0
    assert "with beside without" in capsys.readouterr().out
    assert study("compare", "with-e", "without-e", "--json") == 0
    assert json.loads(capsys.readouterr().out)["held_out_loss_percent"]["value"] != 0


def test_what_the_user_can_put_right_is_one_sentence(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert study("evaluate", "gone", "--out", "e") == 2
    assert study("train", "small.yaml", "--set", "injection.percent=3", "--out", "x") == 2
    assert study("injekt") == 2
    said = capsys.readouterr().err
    assert "'gone' holds no training of toolformer study inject train." in said
    assert "name one of exposures, facts_per_epoch and percent" in said
    assert "Traceback" not in said


def test_an_unknown_study_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["study", "injekt"]) == 2
    assert "Did you mean 'inject'?" in capsys.readouterr().err
