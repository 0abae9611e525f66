"""The forward pass of many Llama-like models of one width at once, over stacked weights.

Each weight has the models as its first dimension, so that M small products are one batched product.
What it computes for one model is what transformers computes with that model's weights.
"""

import math
from collections.abc import Sequence

import torch
from torch.nn import functional

from toolformer.studies.in_tool.training.byte_tokenizer import VOCABULARY
from toolformer.studies.in_tool.training.shape import EPSILON, HEADS, LAYERS, MLP, ROTARY_BASE

Weights = dict[str, torch.Tensor]  # by name, each (models, …)


def new_weights(width: int, *, seeds: Sequence[int]) -> Weights:
    """Returns fresh weights, those of each model from its own seed."""
    return stack([_new(width, seed) for seed in seeds])


def stack(models: Sequence[Weights]) -> Weights:
    """Returns the weights of several models, each given with a first dimension of 1, as one."""
    return {name: torch.cat([each[name] for each in models]) for name in models[0]}


def _new(width: int, seed: int) -> Weights:
    """Draws the weights of one model: normal, of variance 1 / inputs."""
    draws = torch.Generator().manual_seed(seed)

    def normal(*shape: int, inputs: int) -> torch.Tensor:
        return torch.randn(1, *shape, generator=draws) / math.sqrt(inputs)

    weights = {
        "embedding": normal(VOCABULARY, width, inputs=width),
        "head": normal(VOCABULARY, width, inputs=width),
        "norm": torch.ones(1, width),
    }
    for layer in range(LAYERS):
        weights |= {
            f"{layer}.attention_norm": torch.ones(1, width),
            f"{layer}.qkv": normal(width, 3 * width, inputs=width),
            f"{layer}.out": normal(width, width, inputs=width),
            f"{layer}.mlp_norm": torch.ones(1, width),
            f"{layer}.gate_up": normal(width, 2 * MLP * width, inputs=width),
            f"{layer}.down": normal(MLP * width, width, inputs=MLP * width),
        }
    return weights


def log_losses(
    weights: Weights, inputs: torch.Tensor, places: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """Returns the loss at each place that is learned.

    Args:
        weights: of the models.
        inputs: (models, rows, length) int64, tokens.
        places: (models, learned) int64, of the tokens of a model's rows, laid out one row after the
            other, those after which something is learned.
        labels: (models, learned) int64, the token that follows; below 0 where there is none.

    Returns:
        (models, learned) float32, nats; 0 where there is no label.
    """
    models, rows, length = inputs.shape
    width = weights["norm"].shape[1]
    offsets = VOCABULARY * torch.arange(models, device=inputs.device)[:, None]
    table = weights["embedding"].flatten(0, 1)
    hidden = functional.embedding(inputs.flatten(1) + offsets, table)  # (models, tokens, width)
    turns = _turns(length, width // HEADS, inputs.device)
    index = places[:, :, None].expand(-1, -1, width)
    for layer in range(LAYERS):
        normed = _norm(hidden, weights[f"{layer}.attention_norm"])
        mixed = _attend(
            torch.bmm(normed, weights[f"{layer}.qkv"]), turns, shape=(models * rows, length)
        )
        if layer == LAYERS - 1:  # from here on nothing looks at another token
            hidden, mixed = hidden.gather(1, index), mixed.view(models, -1, width).gather(1, index)
        hidden = hidden + torch.bmm(mixed.view(models, -1, width), weights[f"{layer}.out"])
        normed = _norm(hidden, weights[f"{layer}.mlp_norm"])
        gate, up = torch.bmm(normed, weights[f"{layer}.gate_up"]).chunk(2, dim=-1)
        hidden = hidden + torch.bmm(functional.silu(gate) * up, weights[f"{layer}.down"])
    final = _norm(hidden, weights["norm"])
    logits = torch.bmm(final, weights["head"].transpose(1, 2))  # (models, learned, vocabulary)
    losses = functional.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), reduction="none", ignore_index=-100
    )
    return losses.view(models, -1)


def _norm(hidden: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Returns the states (models, tokens, width) divided by their root mean square, and scaled."""
    scale = torch.rsqrt(hidden.square().mean(-1, keepdim=True) + EPSILON)
    return hidden * scale * weight[:, None, :]


def _attend(
    qkv: torch.Tensor, turns: tuple[torch.Tensor, torch.Tensor], *, shape: tuple[int, int]
) -> torch.Tensor:
    """Returns (rows of all models, length, width): what each token takes from those before it."""
    rows, length = shape
    parts = qkv.view(rows, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
    query, key = _turn(parts[:2], turns)
    mixed = functional.scaled_dot_product_attention(query, key, parts[2], is_causal=True)
    return mixed.transpose(1, 2).reshape(rows, length, -1)


def _turns(length: int, size: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the cosines and sines, (length, size), of rotary positions."""
    rates = ROTARY_BASE ** (-torch.arange(0, size, 2, device=device).float() / size)
    angles = torch.outer(torch.arange(length, device=device).float(), rates).repeat(1, 2)
    return angles.cos(), angles.sin()


def _turn(states: torch.Tensor, turns: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    first, second = states.chunk(2, dim=-1)
    return states * turns[0] + torch.cat((-second, first), dim=-1) * turns[1]
