"""`toolformer pretrain` from the command line: files, what it prints, how it continues."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from transformers import AutoModelForCausalLM, AutoTokenizer

from toolformer.cli.main import run

SETTINGS = {
    "mixture": [{"name": "counting", "weight": 1, "generator": "counting.py:make"}],
    "tokenizer": {"vocabulary_size": 280, "characters": 500, "single_tokens": ["]"]},
    "model": {"hidden_size": 16, "intermediate_size": 32, "layers": 1, "heads": 2, "context": 32},
    "stages": [{"steps": 4, "rows": 2, "length": 32}],
    "warmup_steps": 1,
    "dtype": "float32",
    "compile": False,
    "checkpoint_every": 2,
}
# A source of the user's. While a file `broken` lies beside it, it fails once the second step's
# checkpoint is there, as a full disk or a kill would.
COUNTING = """
from toolformer.pretrain.packing import PromptedText

def make(folder):
    def draw(rng):
        if (folder / "broken").exists() and (folder / "out/checkpoint/state.pt").exists():
            raise RuntimeError("the source is broken")
        first = rng.randrange(50)
        return PromptedText("", f"{first} [{first + 1}] {first + 2}")
    return draw
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(SETTINGS))
    (tmp_path / "counting.py").write_text(COUNTING)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pretrain(*arguments: str, out: str = "out") -> int:
    return run(["pretrain", "tiny.yaml", "--out", out, "--device", "cpu", *arguments])


def weights(out: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = AutoModelForCausalLM.from_pretrained(out).state_dict()
    return state


def test_it_ends_with_a_model_a_table_and_where_the_model_is(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pretrain() == 0
    printed, said = capsys.readouterr()
    perplexity = json.loads(Path("out/metrics.json").read_text())["held_out_perplexity"]["counting"]
    assert [line.split() for line in printed.splitlines() if "counting" in line] == [
        ["│", "counting", "│", f"{perplexity:.2f}", "│"]
    ]
    assert "4 steps" in printed
    assert "4/4 loss" in said
    assert "The model is in out: toolformer annotate --model out" in said
    model, tokenizer = (
        each.from_pretrained("out") for each in (AutoModelForCausalLM, AutoTokenizer)
    )
    assert model.config.vocab_size == len(tokenizer)


def test_a_training_that_broke_off_is_continued_by_the_same_command(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pretrain("--json", out="whole") == 0
    whole = json.loads(capsys.readouterr().out)
    Path("broken").touch()
    with pytest.raises(RuntimeError, match="the source is broken"):
        pretrain()
    assert not Path("out/model.safetensors").exists()
    Path("broken").unlink()
    assert pretrain("--json") == 0
    assert json.loads(capsys.readouterr().out) == whole
    ours, theirs = weights(here / "out"), weights(here / "whole")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_finished_training_makes_no_step_again(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = []
    for _ in range(2):
        assert pretrain("--json") == 0
        printed.append(capsys.readouterr())
    assert printed[0].out == printed[1].out
    assert "4/4 loss" in printed[0].err
    assert "0/4 drawing the first batch" in printed[1].err


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"seeds": 1}, "Unknown setting 'seeds'. Did you mean 'seed'?"),
        ({"stages": [{"steps": 1, "rows": 1, "length": 64}]}, "the model a context of 32"),
        (
            {"mixture": [{"name": "a", "weight": 1, "generator": "gone.py:make"}]},
            "gone.py to take 'make' from",
        ),
    ],
)
def test_what_the_user_can_put_right_is_one_sentence(
    here: Path, capsys: pytest.CaptureFixture[str], settings: dict[str, object], sentence: str
) -> None:
    (here / "tiny.yaml").write_text(yaml.safe_dump(SETTINGS | settings))
    assert pretrain() == 2
    printed, said = capsys.readouterr()
    assert printed == ""
    assert sentence in said
    assert "Traceback" not in said
