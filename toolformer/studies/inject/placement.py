"""At which steps of a training each fact stands. Pure numbers: no texts, no tokens, no model."""

import random
from collections.abc import Sequence
from typing import Literal

Strategy = Literal["start", "end", "random", "uniform"]


def exposures_of_blocks(facts: int, exposures: Sequence[int], *, size: int) -> list[int]:
    """Returns how often each fact is placed if people are parted into blocks, one an exposure.

    The blocks are of neighbouring people, whose teachers are neighbours too, so that both facts of
    an inference have the same exposure but where two blocks meet.

    Args:
        facts: how many there are.
        exposures: of the blocks.
        size: how many facts a person has.

    >>> exposures_of_blocks(8, [1, 4], size=2)
    [1, 1, 1, 1, 4, 4, 4, 4]
    """
    people = -(-facts // size)
    return [exposures[fact // size * len(exposures) // people] for fact in range(facts)]


def exposures_in_turn(facts: int, *, total: int) -> list[int]:
    """Returns how often each fact is placed if all take turns until so many were placed.

    >>> exposures_in_turn(3, total=7)
    [3, 2, 2]
    """
    return [total // facts + (fact < total % facts) for fact in range(facts)]


def place(
    exposures: Sequence[int], *, steps: int, strategy: Strategy, share: float, seed: int
) -> list[list[int]]:
    """Returns for each step which facts stand in it, by their numbers.

    `start` and `end` fill the first or the last share of the steps, `uniform` and `random` all of
    them. But for `random`, which draws each place by itself, a fact's places lie evenly apart, and
    all steps get as many facts as any other or one more or less.

    Args:
        exposures: how often each fact is placed.
        steps: of the whole training.
        strategy: where they go.
        share: of the steps that `start` and `end` fill.
        seed: of the order of the facts and of the random places.

    >>> place([2, 1], steps=6, strategy="start", share=0.5, seed=0)
    [[1], [0], [0], [], [], []]
    >>> place([2, 1], steps=6, strategy="end", share=0.5, seed=0)
    [[], [], [], [1], [0], [0]]
    """
    rng = random.Random(f"{seed}/placement")  # noqa: S311
    placed: list[list[int]] = [[] for _ in range(steps)]
    if strategy == "random":
        for fact, count in enumerate(exposures):
            for _ in range(count):
                placed[rng.randrange(steps)].append(fact)
        return placed
    width = steps if strategy == "uniform" else max(1, round(share * steps))
    first = steps - width if strategy == "end" else 0
    # When each exposure is due, as a share of the window; an order drawn once parts the facts.
    due: list[tuple[float, int]] = []
    order = list(range(len(exposures)))
    rng.shuffle(order)
    for rank, fact in enumerate(order):
        phase = (rank + 0.5) / len(order)
        due += [((turn + phase) / exposures[fact], fact) for turn in range(exposures[fact])]
    due.sort()
    for number, (_, fact) in enumerate(due):
        placed[first + number * width // len(due)].append(fact)
    return placed
