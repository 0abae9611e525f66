"""The settings of a training: what a model learns, and how."""

import math
from typing import Annotated, Self

from pydantic import Field, model_validator

from toolformer.config import Config
from toolformer.studies.in_tool.data.people import MOST_PEOPLE
from toolformer.studies.in_tool.data.questions import Mode
from toolformer.studies.in_tool.training.shape import HEADS

Positive = Annotated[int, Field(ge=1)]


class LearnedConfig(Config):
    """What one model learns: facts of which people, in the weights or by the tool."""

    mode: Mode
    """Facts in the weights, or by a request to the tool."""
    people: Annotated[int, Field(ge=1, le=MOST_PEOPLE)]
    """People to learn, with four facts each."""
    seed: int = 0
    """Random seed of people, weights and batches."""
    alpha: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Probability that a fact is the person's own and not decided by the last name."""


class ScheduleConfig(Config):
    """How models are trained that are trained together."""

    steps: Positive = 4000
    """Steps of the training."""
    batch_size: Positive = 128
    """Questions a step."""
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    """Highest learning rate of AdamW."""
    warmup_steps: Annotated[int, Field(ge=0)] = 100
    """Steps in which the rate rises from 0; a cosine takes it back to 0."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """Weight decay of AdamW."""
    max_grad_norm: Annotated[float, Field(gt=0)] = 1.0
    """Norm to which the gradients of each model are clipped."""
    checkpoint_every: Positive = 500
    """Steps between two checkpoints."""

    def rate_at(self, step: int) -> float:
        """Returns the learning rate of a step, from 0.

        >>> settings = ScheduleConfig(steps=300, warmup_steps=100, learning_rate=1.0)
        >>> settings.rate_at(49), round(settings.rate_at(200), 2)
        (0.5, 0.5)
        """
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        past = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * past))


class TrainConfig(ScheduleConfig, LearnedConfig):
    """One model of the study."""

    width: Positive
    """Width d: the model has 520 d + 32 d² + 5 d parameters."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_width(self.width)
        return self

    @property
    def learned(self) -> LearnedConfig:
        """What is learned."""
        return LearnedConfig(**{name: getattr(self, name) for name in LearnedConfig.model_fields})

    @property
    def schedule(self) -> ScheduleConfig:
        """How."""
        return ScheduleConfig(**{name: getattr(self, name) for name in ScheduleConfig.model_fields})


def check_width(width: int) -> None:
    """Refuses a width that two heads with rotary positions cannot share.

    Raises:
        ValueError: it is no multiple of four.
    """
    if width % (2 * HEADS):
        raise ValueError(f"the width {width} is not a multiple of {2 * HEADS}")
