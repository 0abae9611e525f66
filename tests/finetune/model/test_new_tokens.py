"""Tokens that were added to a model are trained beside an adapter, and no other row is."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import AddedToken
from transformers import AutoModelForCausalLM

from tests.finetune.model.test_adapters import needs
from tests.models import CONFIGS, byte_level_tokenizer, save_weights
from toolformer.errors import ConfigError
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.data.texts import TrainingText
from toolformer.finetune.train import finetune_texts
from toolformer.finetune.training.steps import TrainingStep
from toolformer.lm.hf.load import load_pretrained

COUNT = 4
CONFIG = FinetuneConfig(
    adapter="lora", merge=True, lora_rank=2, batch_size=4, learning_rate=1e-2, dtype="float32"
)


def _model(folder: Path, *, tied: bool, wide: bool = False) -> int:
    """Writes a model whose last tokens are new ones; returns the first of these."""
    tokenizer = deepcopy(byte_level_tokenizer())  # which is shared
    first = len(tokenizer)
    new = [AddedToken(f"<<{n}&&x>>", normalized=False, special=False) for n in range(COUNT)]
    tokenizer.add_tokens(new)
    tokenizer.save_pretrained(folder)
    config = CONFIGS["llama"](len(tokenizer))
    if wide:  # matrices that 4 bits can hold: their rows are blocks of 64
        config.update({"hidden_size": 64, "intermediate_size": 128, "head_dim": 16})
    config.tie_word_embeddings = tied
    save_weights(folder, config, seed=0)
    return first


def _told(folder: Path) -> list[int]:
    """Returns the token that a model writes behind each prompt."""
    loaded = load_pretrained(str(folder), dtype="float32", device="cpu")
    tokenizer: Any = loaded.whole_tokenizer
    prompts = [f"Query: number {number}\nAction:" for number in range(COUNT)]
    return [
        int(loaded.model(**tokenizer(prompt, return_tensors="pt")).logits[0, -1].argmax())
        for prompt in prompts
    ]


def _texts() -> list[TrainingText]:
    prompts = [f"Query: number {n}\nAction:" for n in range(COUNT)]
    return [
        TrainingText(str(n), f"{prompt}<<{n}&&x>>", prompt=len(prompt))
        for n, prompt in enumerate(prompts)
    ]


@pytest.mark.parametrize("tied", [True, False])
def test_the_new_rows_are_learned_and_the_others_stay_as_they_are(
    tied: bool, tmp_path: Path
) -> None:
    first = _model(tmp_path / "model", tied=tied)
    config = CONFIG.override(new_tokens_from=first, steps=30)
    finetune_texts(_texts(), model=str(tmp_path / "model"), out=tmp_path / "out", config=config)
    before, after = (
        AutoModelForCausalLM.from_pretrained(tmp_path / name) for name in ("model", "out")
    )
    for layer in ("get_input_embeddings", "get_output_embeddings"):
        old, new = (getattr(model, layer)().weight for model in (before, after))
        assert torch.equal(old[:first], new[:first])
        assert (old[first:] != new[first:]).any(dim=1).all() or not tied
    assert (after.get_output_embeddings().weight[first:]
            != before.get_output_embeddings().weight[first:]).any()  # fmt: skip
    assert after.config.tie_word_embeddings is tied
    assert _told(tmp_path / "out") == [first + number for number in range(COUNT)]


@needs("peft", "bitsandbytes")
@pytest.mark.parametrize("tied", [True, False])
def test_new_rows_are_learned_beside_weights_in_4_bits(tied: bool, tmp_path: Path) -> None:
    first = _model(tmp_path / "model", tied=tied, wide=True)
    config = CONFIG.override(adapter="qlora", new_tokens_from=first, steps=30)
    finetune_texts(_texts(), model=str(tmp_path / "model"), out=tmp_path / "out", config=config)
    assert _told(tmp_path / "out") == [first + number for number in range(COUNT)]


def test_an_adapter_alone_brings_its_new_rows(tmp_path: Path) -> None:
    first = _model(tmp_path / "model", tied=True)
    config = CONFIG.override(new_tokens_from=first, steps=30, merge=False)
    finetune_texts(_texts(), model=str(tmp_path / "model"), out=tmp_path / "out", config=config)
    assert not (tmp_path / "out" / "model.safetensors").exists()
    assert _told(tmp_path / "out") == [first + number for number in range(COUNT)]


class _KilledError(Exception):
    """Stands for a kill."""


def test_a_training_of_new_tokens_that_was_killed_ends_with_the_same_weights(
    tmp_path: Path,
) -> None:
    first = _model(tmp_path / "model", tied=True)
    config = CONFIG.override(new_tokens_from=first, steps=6, evaluate_every=2)

    def kill(step: TrainingStep) -> None:
        if step.done == 5:
            raise _KilledError

    def train(out: str, **options: object) -> None:
        finetune_texts(
            _texts(),
            model=str(tmp_path / "model"),
            out=tmp_path / out,
            config=config,
            **options,  # type: ignore[arg-type]
        )

    train("whole")
    with pytest.raises(_KilledError):
        train("killed", on_progress=kill)
    train("killed", resume=True)
    whole, killed = (
        (tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "killed")
    )
    assert whole == killed


def test_tokens_that_the_model_does_not_have_are_refused(tmp_path: Path) -> None:
    first = _model(tmp_path / "model", tied=True)
    config = CONFIG.override(new_tokens_from=first + COUNT, steps=1)
    with pytest.raises(ConfigError, match=f"no tokens from {first + COUNT} on"):
        finetune_texts(_texts(), model=str(tmp_path / "model"), out=tmp_path / "o", config=config)


def test_all_rows_are_trained_without_an_adapter_so_that_new_ones_are_not_named() -> None:
    with pytest.raises(ConfigError, match="for an adapter"):
        FinetuneConfig(new_tokens_from=5)
