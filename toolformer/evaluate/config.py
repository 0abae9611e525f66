"""What decides an evaluation, apart from models, tasks and tools."""

from datetime import date

from pydantic import Field, field_validator

from toolformer.config import Config


class EvaluateConfig(Config):
    """The paper's numbers by default: k = 10 and one call an input."""

    # k: a call starts when the open marker is among the k likeliest tokens. Several: table 9's
    # sweep; the largest is the one that stands in the tables.
    ks: tuple[int, ...] = Field(default=(10,), min_length=1)
    max_calls: int = Field(default=1, ge=1)  # per input
    limit: int | None = Field(default=None, ge=1)  # inputs of a task, drawn by seed
    seed: int = 0
    max_new_tokens: int | None = Field(default=None, ge=1)  # the task's own when None
    max_streams: int = Field(default=32, ge=1)  # inputs decoded side by side
    dtype: str = "float32"  # in which models are loaded
    # What tools take for today where an input has no day of its own: the day the paper came out, so
    # that numbers do not change from day to day.
    today: date = date(2023, 2, 9)

    @field_validator("ks")
    @classmethod
    def _check_ks(cls, ks: tuple[int, ...]) -> tuple[int, ...]:
        if any(k < 0 for k in ks) or max(ks, default=0) == 0:
            raise ValueError("none is below 0, and one is at least 1")
        return tuple(sorted(set(ks)))
