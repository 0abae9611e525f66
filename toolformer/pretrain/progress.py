"""How far a training run is, how well it does, and how long it will take."""

import math
from dataclasses import dataclass

from toolformer.pretrain.config import PretrainConfig


@dataclass(frozen=True, slots=True)
class Step:
    """How far a run is after a step."""

    done: int  # steps
    loss: float  # nats a token, averaged over about fifty steps
    tokens_per_second: float
    seconds_left: float  # infinite until it is known


class Pace:
    """Averages loss and speed over the last steps."""

    def __init__(self, config: PretrainConfig) -> None:
        self._config = config
        self._loss: float | None = None
        self._seconds_per_token: float | None = None
        self._length = 0

    def after(self, step: int, *, loss: float, seconds: float) -> Step:
        """Takes in a finished step, numbered from 0, and returns how far the run is."""
        stage = self._config.stage_at(step)
        self._loss = loss if self._loss is None else 0.98 * self._loss + 0.02 * loss
        if stage.length == self._length:  # the first step of a length compiles: it tells no speed
            measured = seconds / (stage.rows * stage.length)
            known = self._seconds_per_token
            self._seconds_per_token = measured if known is None else 0.95 * known + 0.05 * measured
        self._length = stage.length
        pace = self._seconds_per_token
        return Step(
            done=step + 1,
            loss=self._loss,
            tokens_per_second=0.0 if pace is None else 1 / pace,
            seconds_left=math.inf if pace is None else pace * self._tokens_after(step),
        )

    def _tokens_after(self, step: int) -> int:
        tokens, first = 0, 0
        for stage in self._config.stages:
            left = first + stage.steps - max(first, step + 1)
            tokens += max(0, left) * stage.rows * stage.length
            first += stage.steps
        return tokens
