"""Tasks whose inputs are made up by seed."""

from collections.abc import Callable, Iterator
from typing import Any

from toolformer.errors import ConfigError
from toolformer.evaluate.task import Example, Task

# The prior is learned on as many inputs of another seed: of the same kinds, so that it is the best
# that can be guessed without working anything out.
_TRAINING_SEED = 1_000_003


def made_up_task(
    make: Callable[[int, int], Iterator[Example]], *, count: int, seed: int, **rest: Any
) -> Task:
    """Returns a task over made-up inputs, and over as many others for the prior.

    Args:
        make: makes inputs, given how many and a seed.
        count: how many.
        seed: random seed of the drawing.
        rest: the other fields of the task.

    Raises:
        ConfigError: there would be no input.
    """
    if count < 1:
        raise ConfigError(f"The option count is {count}: a task has at least one input.")
    return Task(
        examples=lambda: make(count, seed),
        training=lambda: make(count, seed + _TRAINING_SEED),
        **rest,
    )
