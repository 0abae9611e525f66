"""Dropout by a schedule, and what a finished model keeps of it."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.pretrain.test_train import CONFIG, KilledError, weights
from toolformer.errors import ConfigError
from toolformer.pretrain.config import DropoutConfig
from toolformer.pretrain.dropout import Dropout
from toolformer.pretrain.model import new_model
from toolformer.pretrain.progress import Step
from toolformer.pretrain.tokenizer import load_tokenizer
from toolformer.pretrain.train import pretrain

FALLING = (DropoutConfig(at=0, rate=0.4), DropoutConfig(at=1, rate=0.0))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    lines = (f"{n} [{n + 1}] {n + 2} {n + 3} {n + 4}" for n in range(400))
    (tmp_path / "counting.txt").write_text("\n".join(lines))
    return tmp_path


def test_the_rate_is_on_straight_lines_between_the_points() -> None:
    config = CONFIG.override(
        dropout=(DropoutConfig(at=0.2, rate=0.1), DropoutConfig(at=0.65, rate=0.4))
    )
    assert config.steps == 10
    rates = [config.dropout_at(step) for step in range(10)]
    assert rates[0] == rates[1] == 0.1
    assert rates[4] == pytest.approx(0.1 + 0.3 * (4 / 9 - 0.2) / 0.45)
    assert rates[6:] == [0.4] * 4
    assert CONFIG.dropout_at(5) == 0


def test_points_out_of_order_and_a_compiled_schedule_are_refused() -> None:
    with pytest.raises(ConfigError, match="not in the order of the steps"):
        CONFIG.override(dropout=FALLING[::-1])
    with pytest.raises(ConfigError, match="compile: false"):
        CONFIG.override(dropout=FALLING, compile=True)


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_a_models_layers_are_dropped_out_while_it_is_trained_alone(
    corpus: Path, architecture: str
) -> None:
    config = CONFIG.override(
        dropout=FALLING, model=CONFIG.model.override(architecture=architecture)
    )
    pretrain(config, folder=corpus, out=corpus / "out", device="cpu")
    model = new_model(config, load_tokenizer(corpus / "out"))
    dropout = Dropout(model, config)
    ids = torch.arange(8)[None]

    def hidden(step: int) -> torch.Tensor:
        dropout.begin(step)
        with torch.no_grad():
            found: torch.Tensor = model.base_model(input_ids=ids).last_hidden_state
        return found

    model.train()
    assert torch.equal(hidden(0), hidden(0))
    assert not torch.equal(hidden(0), hidden(1))
    model.eval()
    assert torch.equal(hidden(0), hidden(1))
    assert AutoModelForCausalLM.from_pretrained(corpus / "out").config.model_type == architecture


def test_a_killed_run_with_dropout_goes_on_to_the_same_weights(corpus: Path) -> None:
    config = CONFIG.override(dropout=FALLING)
    pretrain(config, folder=corpus, out=corpus / "whole", device="cpu")

    def kill(step: Step) -> None:
        if step.done == 7:
            raise KilledError

    with pytest.raises(KilledError):
        pretrain(config, folder=corpus, out=corpus / "killed", device="cpu", on_step=kill)
    pretrain(config, folder=corpus, out=corpus / "killed", device="cpu")
    whole, killed = weights(corpus / "whole"), weights(corpus / "killed")
    assert all(torch.equal(whole[name], killed[name]) for name in whole)


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_a_head_of_its_own_is_a_table_of_further_weights(corpus: Path, architecture: str) -> None:
    short = CONFIG.override(stages=CONFIG.stages[:1])
    for tied in (True, False):
        shape = CONFIG.model.override(architecture=architecture, tied=tied)
        pretrain(short.override(model=shape), folder=corpus, out=corpus / str(tied), device="cpu")
    tied_model, own = (
        AutoModelForCausalLM.from_pretrained(corpus / str(each)) for each in (True, False)
    )
    assert own.num_parameters() - tied_model.num_parameters() == own.lm_head.weight.numel()
    assert not torch.equal(own.lm_head.weight, own.get_input_embeddings().weight)
