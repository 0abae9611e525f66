"""`toolformer study tool-tokens`: what each action prints, writes and ends with."""

import json
from pathlib import Path

import pytest

from tests.studies.tool_tokens.given import tiny_base
from toolformer.cli.main import run

STUDY = ["study", "tool-tokens"]
SMALL = ["--tools", "3", "--held-out-queries", "6", "--held-out-categories", "0"]


def test_catalog_prints_how_much_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "catalogue")
    assert run([*STUDY, "catalog", "--out", out, *SMALL]) == 0
    assert "queries: instruction" in capsys.readouterr().out
    assert run([*STUDY, "catalog", "--out", out, *SMALL, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tools"] == 3


def test_what_is_no_indexing_or_stage_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "catalogue")
    run([*STUDY, "catalog", "--out", out, *SMALL])
    options = ["--model", "nano", "--out", str(tmp_path / "out")]
    assert run([*STUDY, "index", out, *options, "--indexing", "atomar"]) == 2
    assert "Did you mean 'atomic'" in capsys.readouterr().err
    options = ["--index", str(tmp_path / "out"), "--out", str(tmp_path / "trained")]
    assert run([*STUDY, "train", out, *options, "--stage", "memorise"]) == 2
    assert "Did you mean 'memorize'" in capsys.readouterr().err


@pytest.mark.slow
def test_a_catalogue_is_learned_in_three_stages_retrieved_from_and_acted_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue, index, out = (str(tmp_path / name) for name in ("catalogue", "index", "trained"))
    tiny_base(tmp_path / "base")
    run([*STUDY, "catalog", "--out", catalogue, *SMALL])
    assert run([*STUDY, "index", catalogue, "--model", str(tmp_path / "base"), "--out", index]) == 0
    assert "APIs, as in <<" in capsys.readouterr().out
    training = [*STUDY, "train", catalogue, "--index", index, "--out", out]
    training += ["--memorize-epochs", "60", "--retrieve-epochs", "1", "--agent-epochs", "1"]
    training += ["--agent-tasks", "4", "--learning-rate", "0.01", "--lora-rank", "4"]
    training += ["--device", "cpu"]
    assert run(training) == 0
    shown = capsys.readouterr()
    for folder in ("tool_memorization", "retrieval_training", "agent_tuning"):
        assert (tmp_path / "trained" / folder / "tools.json").exists()
        assert folder in shown.err
    # What is done is not done again: the directories are those of the same trainings.
    assert run([*training, "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert [each["stage"] for each in again] == ["memorize", "retrieve", "agent"]

    model = str(tmp_path / "trained" / "agent_tuning")
    assert run([*STUDY, "retrieve", model, "What does it cost?", "-k", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found) == len({each["api"] for each in found}) == 3
    assert run([*STUDY, "retrieve", model, "What does it cost?", "--free"]) == 0
    assert "name no API" in capsys.readouterr().err

    ended = run([*STUDY, "run", model, catalogue, "What does it cost?", "--max-turns", "1"])
    assert (ended == 1) is ("No answer within 1 calls" in capsys.readouterr().err)

    memorised = str(tmp_path / "trained" / "tool_memorization")
    options = ["--tasks", "2", "--split", "instruction", "--base", str(tmp_path / "base")]
    assert run([*STUDY, "evaluate", memorised, catalogue, *options, "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured["memory"]["accuracy"] > 0.9
    systems = {row["system"] for row in measured["retrieval"]}
    assert systems == {"tokens", "tokens, free", "BM25", "embeddings"}
    assert all(
        row["score"]["made_up"] == 0 for row in measured["retrieval"] if row["system"] == "tokens"
    )
    assert measured["tasks"][0]["tasks"] == 2
