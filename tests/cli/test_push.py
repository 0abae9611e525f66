"""`toolformer push`, and `--push-to-hub` of the commands that make what is shared."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.finetune.given import tiny_model
from tests.finetune.given import write_run as write_tiny_run
from tests.hub.given import UPLOADS, environment, served, write_export, write_run
from tests.hub.stand_in import StandIn
from toolformer.cli.main import run as cli
from toolformer.hub.cards.card import is_made

pytestmark = UPLOADS


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[StandIn]:
    with served(tmp_path) as hub:
        yield hub


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_run(Path("run"))
    return tmp_path


def test_a_push_says_where_it_is(
    hub: StandIn, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli(["push", "run", "my-run", "--private", "--license", "mit"]) == 0
    printed, said = capsys.readouterr()
    assert printed == ""
    assert said == f"On the Hub: {hub.endpoint}/datasets/me/my-run (4 files, with a card).\n"
    assert hub.datasets("me/my-run").private
    assert b"\nlicense: mit\n" in hub.datasets("me/my-run").files["README.md"]


def test_a_push_is_also_json(hub: StandIn, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["push", "run", "us/run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "kind": "run",
        "repository": "us/run",
        "url": f"{hub.endpoint}/datasets/us/run",
        "files": ["manifest.json", "shards/00000.parquet", "shards/00001.parquet", "stats.json"],
        "card": "made",
    }


def test_a_dry_run_prints_the_card_and_asks_nobody(
    hub: StandIn, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli(["push", "run", "me/run", "--dry-run"]) == 0
    printed, said = capsys.readouterr()
    assert is_made(printed)
    assert said == "Nothing was sent: run, 4 files.\n"
    assert cli(["push", "run", "me/run", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["card"] == printed
    assert hub.asked == []


def test_what_the_hub_refuses_is_one_sentence_and_a_failure(
    hub: StandIn,
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    assert cli(["push", "run", "me/run"]) == 1
    assert "there is no token of the Hub" in capsys.readouterr().err
    assert cli(["push", "run", "a/b/c"]) == 2
    assert "cannot be the name of a repository" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["annotate", "export", "finetune"])
@pytest.mark.parametrize("flags", [["--private"], ["--license", "mit"]])
def test_an_option_of_sharing_needs_something_to_be_shared(
    here: Path, capsys: pytest.CaptureFixture[str], command: str, flags: list[str]
) -> None:
    words = {"annotate": [], "export": ["run"], "finetune": ["run"]}[command]
    assert cli([command, *words, "--out", "out", *flags]) == 2
    assert f"{flags[0]} is for what is shared: add --push-to-hub" in capsys.readouterr().err
    assert not Path("out").exists()


@pytest.mark.parametrize("command", ["annotate", "export", "finetune"])
def test_what_cannot_be_shared_is_told_before_the_work(
    hub: StandIn,
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    words = {"annotate": [], "export": ["run"], "finetune": ["run"]}[command]
    assert cli([command, *words, "--out", "out", "--push-to-hub", "me/it"]) == 1
    assert "there is no token of the Hub" in capsys.readouterr().err
    assert not Path("out").exists()


def test_what_is_annotated_is_shared(
    hub: StandIn, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("my.txt").write_text("There are 303 + 453 = 756 balloons in the room.\n")
    words = ["annotate", "my.txt", "--tool", "calculator", "--out", "new", "--device", "cpu"]
    assert cli([*words, "--push-to-hub", "me/new", "--json"]) == 0
    printed, said = capsys.readouterr()
    assert json.loads(printed)["documents"] == 1
    assert f"On the Hub: {hub.endpoint}/datasets/me/new" in said
    card = hub.datasets("me/new").files["README.md"].decode()
    assert "toolformer annotate my.txt --model nano --tool calculator" in card
    assert "The last try took" in card


def test_a_push_that_fails_after_the_work_says_how_to_do_it_again(
    hub: StandIn, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.failing["commit"] = 500
    assert cli(["export", "run", "--out", "dataset", "--push-to-hub", "me/texts"]) == 1
    said = capsys.readouterr().err
    assert "What was made is in 'dataset': toolformer push dataset me/texts" in said
    hub.failing.clear()
    assert cli(["push", "dataset", "me/texts"]) == 0
    assert "train-00000.parquet" in hub.datasets("me/texts").files


def test_an_adapter_is_shared_when_it_is_tuned(
    hub: StandIn, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_run(here / "sums", tiny_model(here / "model"))
    words = ["finetune", "sums", "--out", "tuned", "--lora", "--steps", "2", "--batch-size", "4"]
    assert cli([*words, "--device", "cpu", "--push-to-hub", "me/tuned"]) == 0
    assert f"On the Hub: {hub.endpoint}/me/tuned" in capsys.readouterr().err
    files = hub.models("me/tuned").files
    assert {"adapter_config.json", "adapter_model.safetensors", "toolformer.json"} < files.keys()
    assert "custom_generate/generate.py" in files
    assert not any(name.startswith("training") for name in files)
    card = files["README.md"].decode()
    assert "library_name: peft" in card
    assert "toolformer finetune sums --model" in card
    assert "which is not a name of the Hub" in card


_LOAD = """
import json, sys
from datasets import load_dataset
rows = load_dataset(sys.argv[1], split="train")
print(json.dumps([rows.column_names, list(rows)[:1]]))
"""


@pytest.mark.slow
def test_another_process_pushes_by_its_environment_and_loads_what_is_there(
    hub: StandIn, here: Path
) -> None:
    write_export(Path("dataset"), write_run(Path("run")))
    there = {"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)} | environment(hub, here)

    def python(*words: str) -> str:
        ended = subprocess.run(
            [sys.executable, *words], env=there, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    for path in ("run", "dataset"):
        python("-m", "toolformer", "push", path, f"me/{path}", "--private")
    names, [row] = json.loads(python("-c", _LOAD, "me/run"))
    assert names[:3] == ["id", "plain_text", "meta"]
    assert row["candidates"][0]["output"] == "7"
    names, [row] = json.loads(python("-c", _LOAD, "me/dataset"))
    assert names == ["id", "text"]
    assert row["text"].startswith("There were 3 + 4 = [Calculator(3 + 4) -> 7] 7 apples")
