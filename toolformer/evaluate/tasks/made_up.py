"""Inputs that are made up by seed, for a task and for its prior."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class MadeUp:
    """The two streams of a task, as its fields of these names take them."""

    examples: Callable[[], Iterator[Example]]
    training: Callable[[], Iterator[Example]]


def made_up(make: MakeExamples, *, count: int, seed: int) -> MadeUp:
    """Returns made-up inputs, and as many others for the prior.

    Raises:
        ConfigError: there would be no input.
    """
    if count < 1:
        raise ConfigError(f"The option count is {count}: a task has at least one input.")
    return MadeUp(
        examples=lambda: make(count, seed=seed),
        training=lambda: make(count, seed=seed + _TRAINING_SEED),
    )
