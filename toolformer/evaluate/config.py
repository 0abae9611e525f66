"""The settings of an evaluation."""

from datetime import date

from pydantic import Field, field_validator

from toolformer.config import Config


class EvaluateConfig(Config):
    """The paper's numbers by default: k = 10 and one call an input."""

    ks: tuple[int, ...] = Field(default=(10,), min_length=1)
    """k: a call starts when its marker is among the k likeliest tokens. Several, as in 0,1,3,10:
    a sweep; the tables show the largest."""
    max_calls: int = Field(default=1, ge=1)
    """Calls per input; a task that needs several allows as many as it needs."""
    limit: int | None = Field(default=None, ge=1)
    """Inputs of each task, drawn by seed. Default: all."""
    seed: int = 0
    """Random seed for drawing inputs."""
    max_new_tokens: int | None = Field(default=None, ge=1)
    """Tokens of an output, its calls included. Default: the task's."""
    max_streams: int = Field(default=32, ge=1)
    """Inputs decoded side by side."""
    dtype: str = "float32"
    """Models are loaded in float32, bfloat16 or float16."""
    # The day the paper came out, so that numbers do not change from day to day.
    today: date = date(2023, 2, 9)
    """What tools take for today where an input has no day of its own."""

    @field_validator("ks")
    @classmethod
    def _check_ks(cls, ks: tuple[int, ...]) -> tuple[int, ...]:
        if any(k < 0 for k in ks) or max(ks, default=0) == 0:
            raise ValueError("none is below 0, and one is at least 1")
        return tuple(sorted(set(ks)))
