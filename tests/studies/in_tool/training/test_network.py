"""The stacked forward pass: the models of transformers, and nothing of one another."""

import pytest
import torch
from torch.nn import functional

from toolformer.studies.in_tool.training.checkpoint import model_of
from toolformer.studies.in_tool.training.config import LearnedConfig
from toolformer.studies.in_tool.training.network import log_losses, new_weights
from toolformer.studies.in_tool.training.rows import draw, make_batch, rows_of
from toolformer.studies.in_tool.training.shape import parameters

LEARNED = [
    LearnedConfig(mode="tool", people=12, seed=0),
    LearnedConfig(mode="weight", people=9, seed=1),
]


@pytest.mark.parametrize("width", [4, 8, 20, 64])
def test_a_model_has_520_d_32_d_squared_and_5_d_parameters(width: int) -> None:
    weights = new_weights(width, seeds=[0])
    counted = 520 * width + 32 * width**2 + 5 * width
    assert sum(each[0].numel() for each in weights.values()) == counted == parameters(width)
    assert model_of(weights).num_parameters() == counted


def test_a_stack_computes_what_transformers_computes_for_each_of_its_models() -> None:
    weights = new_weights(16, seeds=[3, 4])
    rows = [rows_of(each) for each in LEARNED]
    numbers = [draw(each, step=2, batch_size=6, seed=0) for each in rows]
    batch = make_batch(rows, numbers)
    losses = log_losses(weights, batch.inputs, batch.places, batch.labels)
    for number in range(2):
        logits = model_of(weights, number=number)(batch.inputs[number]).logits.flatten(0, 1)
        wanted = functional.cross_entropy(
            logits[batch.places[number]], batch.labels[number], reduction="none", ignore_index=-100
        )
        torch.testing.assert_close(losses[number], wanted, atol=1e-5, rtol=1e-5)
