"""Inputs that are made up by seed, for a task and for its prior."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

from toolformer.errors import ConfigError
from toolformer.evaluate.task import Example

# The prior is learned on as many inputs of another seed: of the same kinds, so that it is the best
# that can be guessed without working anything out.
_TRAINING_SEED = 1_000_003


class MakeExamples(Protocol):
    """Makes inputs by seed."""

    def __call__(self, count: int, *, seed: int) -> Iterator[Example]:
        """Yields `count` inputs; another seed draws others."""


Begin = Callable[[], Iterator[Example]]  # begins a stream


def made_up(make: MakeExamples, *, count: int, seed: int) -> tuple[Begin, Begin]:
    """Returns made-up inputs, and as many others for the prior.

    Raises:
        ConfigError: there would be no input.
    """
    if count < 1:
        raise ConfigError(f"The option count is {count}: a task has at least one input.")
    return partial(make, count, seed=seed), partial(make, count, seed=seed + _TRAINING_SEED)
