"""The progress of a training: how far it is, how well it does, and when it is lost."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_WATCHED_STEPS = 5  # so many losses are averaged, at the start and now
_FAR = 2.0  # times the loss at the start, and ...
_ABOVE = 1.0  # ... nats more: so far above nothing comes back by itself
# A training that diverges at once has a high start, too. The lowest of its first losses may be one
# lucky batch's, so more is asked of what is held against that.
_FAR_ABOVE_LOWEST = 5.0  # times it, and ...
_ABOVE_LOWEST = 2.0  # ... nats more


@dataclass(frozen=True, slots=True)
class DevScore:
    """How well held-out texts are predicted."""

    perplexity: float | None  # of the texts without calls, calls disabled; None: all have prompts
    loss: float | None  # nats a learned token of the texts as they are trained on; None: no such


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """How far a training is, after a step or a look at the held-out texts."""

    done: int  # steps
    steps: int
    loss: float | None = None  # nats a token in this step
    learning_rate: float | None = None
    tokens_per_second: float = 0.0  # 0 until it is known
    seconds_left: float = math.inf
    dev: DevScore | None = None  # where it was taken after this step


def is_lost(losses: Sequence[float]) -> bool:
    """Returns whether a training diverges: not finite, or far above where it started.

    >>> is_lost([3.0, 2.8, 2.9]), is_lost([3.0, 2.8, math.nan])
    (False, True)
    >>> is_lost([3.0] * 5 + [9.0] * 5), is_lost([3.0] * 5 + [9.0])
    (True, False)
    >>> is_lost([3.0] + [90.0] * 9), is_lost([1.0] + [3.2] * 9)
    (True, False)
    """
    if not losses:
        return False
    if not math.isfinite(losses[-1]):
        return True
    if len(losses) < _WATCHED_STEPS:  # one loss alone would weigh too much
        return False
    start, now = losses[:_WATCHED_STEPS], _mean(losses[-_WATCHED_STEPS:])
    is_far = now > _FAR * _mean(start) + _ABOVE
    return is_far or now > _FAR_ABOVE_LOWEST * min(start) + _ABOVE_LOWEST


def is_lost_on_held_out(losses: Sequence[float]) -> bool:
    """Returns whether held-out texts say that a training diverges: far above the best it had.

    Where completions are short, the loss of a step starts low and is one batch's, and a training
    that forgets everything may stay below what `is_lost` asks for.

    >>> is_lost_on_held_out([1.2, 0.3, 0.5]), is_lost_on_held_out([1.2, 0.3, 2.1])
    (False, True)
    """
    return bool(losses) and losses[-1] > _FAR * min(losses) + _ABOVE


def is_stale(losses: Sequence[float], patience: int | None) -> bool:
    """Returns whether so many evaluations have passed without a better one.

    >>> is_stale([3.0, 2.0, 2.1, 2.0], 2), is_stale([3.0, 2.0, 2.1], 2), is_stale([3.0, 4.0], None)
    (True, False, False)
    """
    if patience is None or not losses:
        return False
    return len(losses) - 1 - losses.index(min(losses)) >= patience


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
