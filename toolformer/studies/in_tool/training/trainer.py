"""The training loop of a stack of models: AdamW on each, over batches that follow from the step.

Knows no disk. A state that was kept continues to the same bits.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from toolformer.lm.hf.memory import keep_freed_memory
from toolformer.studies.in_tool.training.config import LearnedConfig, ScheduleConfig
from toolformer.studies.in_tool.training.network import Weights, log_losses, new_weights
from toolformer.studies.in_tool.training.rows import Batch, draw, make_batch, rows_of
from toolformer.studies.in_tool.training.stepping import Stacked

_BETAS = 0.9, 0.999
_EPSILON = 1e-8


@dataclass(slots=True)
class State:
    """Everything that the next step follows from, besides the settings."""

    weights: Weights
    means: Weights  # of the gradients
    squares: Weights  # of the squared gradients
    done: int = 0  # steps

    @classmethod
    def new(cls, width: int, *, seeds: Sequence[int]) -> "State":
        """Returns the state before the first step."""
        weights = new_weights(width, seeds=seeds)
        return cls(weights, _zeros_like(weights), _zeros_like(weights))

    def to(self, device: torch.device) -> "State":
        """Returns the state on a device."""

        def moved(group: Weights) -> Weights:
            return {name: each.to(device) for name, each in group.items()}

        return State(moved(self.weights), moved(self.means), moved(self.squares), self.done)


def _zeros_like(weights: Weights) -> Weights:
    return {name: torch.zeros_like(each) for name, each in weights.items()}


def train(
    state: State,
    learned: Sequence[LearnedConfig],
    schedule: ScheduleConfig,
    *,
    on_step: Callable[[Stacked], None] | None = None,
    keep: Callable[[State], None] | None = None,
) -> State:
    """Trains a stack of models to the end and returns its state.

    Args:
        state: where to begin or continue; it is changed.
        learned: what each model learns, in the order of the stack.
        schedule: of all of them.
        on_step: called after each step.
        keep: called with the state every `checkpoint_every` steps and at the end.
    """
    keep_freed_memory()
    rows = [rows_of(each) for each in learned]
    device = state.weights["norm"].device
    for each in state.weights.values():
        each.requires_grad_()
    began = time.monotonic()
    while state.done < schedule.steps:
        numbers = [
            draw(each, step=state.done, batch_size=schedule.batch_size, seed=config.seed)
            for each, config in zip(rows, learned, strict=True)
        ]
        losses = _step(state, make_batch(rows, numbers).to(device), schedule)
        if on_step is not None:
            said = tuple(losses.tolist())
            on_step(Stacked(state.done, said, time.monotonic() - began))
        if keep is not None and (
            state.done % schedule.checkpoint_every == 0 or state.done == schedule.steps
        ):
            keep(state)
    return state


def losses_of(
    state: State, learned: Sequence[LearnedConfig], schedule: ScheduleConfig
) -> list[float]:
    """Returns the loss of each model on its first batch, in nats a learned token."""
    rows = [rows_of(each) for each in learned]
    numbers = [
        draw(each, step=0, batch_size=schedule.batch_size, seed=config.seed)
        for each, config in zip(rows, learned, strict=True)
    ]
    with torch.no_grad():
        batch = make_batch(rows, numbers).to(state.weights["norm"].device)
        losses: list[float] = _mean_losses(state.weights, batch).tolist()
    return losses


def _mean_losses(weights: Weights, batch: Batch) -> torch.Tensor:
    """Returns (models,) float32, nats a learned token."""
    counts = (batch.labels >= 0).sum(1)
    return log_losses(weights, batch.inputs, batch.places, batch.labels).sum(1) / counts


def _step(state: State, batch: Batch, schedule: ScheduleConfig) -> torch.Tensor:
    """Makes a step of AdamW and returns each model's loss, (models,)."""
    losses = _mean_losses(state.weights, batch)
    names = list(state.weights)
    grads = torch.autograd.grad(losses.sum(), list(state.weights.values()))
    with torch.no_grad():
        # Each model's gradients are clipped by its own norm: the others do not touch it.
        norms = torch.stack([each.flatten(1).square().sum(1) for each in grads]).sum(0).sqrt()
        scale = (schedule.max_grad_norm / (norms + 1e-6)).clamp(max=1.0)  # (models,)
        rate = schedule.rate_at(state.done)
        state.done += 1
        first, second = (1 - beta**state.done for beta in _BETAS)
        for name, grad in zip(names, grads, strict=True):
            grad = grad * scale.view(-1, *[1] * (grad.dim() - 1))
            weight = state.weights[name]
            mean = state.means[name].lerp_(grad, 1 - _BETAS[0])
            square = state.squares[name].mul_(_BETAS[1]).addcmul_(grad, grad, value=1 - _BETAS[1])
            weight.mul_(1 - rate * schedule.weight_decay)
            weight.addcdiv_(mean, square.div(second).sqrt_().add_(_EPSILON), value=-rate / first)
    return losses.detach()
