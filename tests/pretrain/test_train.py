"""A whole pretraining run of a very small model."""

import json
import math
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from toolformer.errors import ModelError, RunError
from toolformer.files import locked
from toolformer.lm.hf.load import load_pretrained
from toolformer.pretrain.config import (
    ModelConfig,
    PretrainConfig,
    SourceConfig,
    StageConfig,
    TokenizerConfig,
)
from toolformer.pretrain.progress import Step
from toolformer.pretrain.train import pretrain

CONFIG = PretrainConfig(
    mixture=(SourceConfig(name="counting", weight=1, corpus="counting.txt"),),
    tokenizer=TokenizerConfig(vocabulary_size=300, characters=2000, single_tokens=("]",)),
    model=ModelConfig(hidden_size=32, intermediate_size=64, layers=2, heads=2, context=64),
    stages=(StageConfig(steps=6, rows=4, length=32), StageConfig(steps=4, rows=2, length=64)),
    warmup_steps=2,
    dtype="float32",
    compile=False,
    checkpoint_every=2,
)


class KilledError(Exception):
    """Stands for a kill: nothing of the run survives but its files."""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    lines = (f"{n} [{n + 1}] {n + 2} {n + 3} {n + 4}" for n in range(400))
    (tmp_path / "counting.txt").write_text("\n".join(lines))
    return tmp_path


def weights(out: Path) -> dict[str, torch.Tensor]:
    model = AutoModelForCausalLM.from_pretrained(out, dtype="auto")
    state: dict[str, torch.Tensor] = model.state_dict()
    return state


def test_a_finished_model_loads_and_has_learned(corpus: Path) -> None:
    steps: list[Step] = []
    longer = CONFIG.override(stages=(StageConfig(steps=60, rows=8, length=32),), decay_fraction=0.3)
    perplexities = pretrain(
        longer, folder=corpus, out=corpus / "out", device="cpu", on_step=steps.append
    )
    tokenizer = AutoTokenizer.from_pretrained(corpus / "out")
    assert steps[-1].done == 60
    assert perplexities["counting"] < len(tokenizer) / 8  # a uniform guess has the vocabulary's
    metrics = json.loads((corpus / "out" / "metrics.json").read_text())
    assert metrics["held_out_perplexity"] == perplexities
    model = AutoModelForCausalLM.from_pretrained(corpus / "out")
    ids = tokenizer("5 [6]", return_tensors="pt").input_ids
    assert math.isfinite(model(input_ids=ids, labels=ids).loss.item())
    assert model.config.use_cache


def test_a_killed_run_goes_on_to_the_same_weights(corpus: Path) -> None:
    pretrain(CONFIG, folder=corpus, out=corpus / "whole", device="cpu")

    def kill(step: Step) -> None:
        if step.done == 7:  # in the second stage, one step after a checkpoint
            raise KilledError

    with pytest.raises(KilledError):
        pretrain(CONFIG, folder=corpus, out=corpus / "killed", device="cpu", on_step=kill)
    assert not (corpus / "killed" / "model.safetensors").exists()
    done: list[int] = []
    pretrain(
        CONFIG,
        folder=corpus,
        out=corpus / "killed",
        device="cpu",
        on_step=lambda step: done.append(step.done),
    )
    assert done == [7, 8, 9, 10]
    whole, killed = weights(corpus / "whole"), weights(corpus / "killed")
    assert whole.keys() == killed.keys()
    assert all(torch.equal(whole[name], killed[name]) for name in whole)


def test_a_run_with_other_settings_is_refused_and_the_difference_named(corpus: Path) -> None:
    out = corpus / "out"
    short = CONFIG.override(stages=(StageConfig(steps=1, rows=1, length=16),))
    pretrain(short, folder=corpus, out=out, device="cpu")
    with pytest.raises(RunError, match=r"learning_rate \(0\.002, now 0\.5\)"):
        pretrain(short.override(learning_rate=0.5), folder=corpus, out=out, device="cpu")


def test_a_run_goes_on_from_a_finished_model_with_its_tokenizer(corpus: Path) -> None:
    short = CONFIG.override(stages=(StageConfig(steps=2, rows=1, length=16),))
    pretrain(short, folder=corpus, out=corpus / "first", device="cpu")
    # A rate of almost nothing leaves the weights where they began.
    second = short.override(
        start_from="first", seed=5, learning_rate=1e-12, matrix_learning_rate=1e-12
    )
    pretrain(second, folder=corpus, out=corpus / "second", device="cpu")
    first, gone_on = weights(corpus / "first"), weights(corpus / "second")
    assert all(torch.allclose(first[name], gone_on[name], atol=1e-6) for name in first)
    names = [corpus / name / "tokenizer.json" for name in ("first", "second")]
    assert names[0].read_bytes() == names[1].read_bytes()


def test_a_model_to_start_from_that_is_not_there_is_named(corpus: Path) -> None:
    with pytest.raises(ModelError, match=r"gone.* cannot be loaded"):
        pretrain(
            CONFIG.override(start_from="gone"), folder=corpus, out=corpus / "out", device="cpu"
        )


def test_a_model_of_another_shape_is_no_start(corpus: Path) -> None:
    short = CONFIG.override(stages=(StageConfig(steps=1, rows=1, length=16),))
    pretrain(short, folder=corpus, out=corpus / "first", device="cpu")
    wider = short.override(start_from="first", model=CONFIG.model.override(intermediate_size=96))
    with pytest.raises(ModelError, match=r"Cannot start from .*first"):
        pretrain(wider, folder=corpus, out=corpus / "second", device="cpu")


def test_a_directory_of_something_else_or_of_another_process_is_refused(corpus: Path) -> None:
    (corpus / "model").mkdir()
    (corpus / "model" / "model.safetensors").write_text("my only copy")
    with pytest.raises(RunError, match=r"neither empty nor a run: it holds 'model\.safetensors'"):
        pretrain(CONFIG, folder=corpus, out=corpus / "model")
    assert [each.name for each in (corpus / "model").iterdir()] == ["model.safetensors"]
    with locked(corpus / "out"), pytest.raises(RunError, match="Another process is writing to"):
        pretrain(CONFIG, folder=corpus, out=corpus / "out")
    assert list((corpus / "out").iterdir()) == []


def test_a_model_is_not_written_below_a_file(corpus: Path) -> None:
    (corpus / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(RunError, match="Cannot write"):
        pretrain(CONFIG, folder=corpus, out=corpus / "file" / "x", device="cpu")
    assert (corpus / "file").read_text(encoding="utf-8") == "mine"


def test_a_damaged_state_is_named(corpus: Path) -> None:
    short = CONFIG.override(stages=(StageConfig(steps=1, rows=1, length=16),))
    pretrain(short, folder=corpus, out=corpus / "out", device="cpu")
    (corpus / "out" / "checkpoint" / "state.pt").write_bytes(b"damaged")
    with pytest.raises(RunError, match=r"state\.pt' cannot be read: delete"):
        pretrain(short, folder=corpus, out=corpus / "out", device="cpu")


def test_a_pretrained_models_tokenizer_begins_rows_as_the_pretraining_did(corpus: Path) -> None:
    short = CONFIG.override(stages=(StageConfig(steps=1, rows=1, length=16),))
    pretrain(short, folder=corpus, out=corpus / "out", device="cpu")
    loaded = load_pretrained(str(corpus / "out"), dtype="float32", device="cpu")
    assert loaded.start == loaded.tokenizer.token_to_id("<|startoftext|>")
