"""Recalls reduced to the numbers of the tables, with intervals over people. Pure numbers.

A person's facts are learned together and asked together, so intervals draw people anew, not items.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import exp

from toolformer.studies.inject.data.facts import Item
from toolformer.studies.inject.measuring import Recall

Asked = tuple[Item, Recall]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Reduced:
    """What some items come to.

    Attributes:
        items: How many there are.
        exact: Per cent whose answers greedy decoding writes.
        token_rank: Mean of the worst ranks in the vocabulary.
        choice_rank: Mean rank among values of the slot; None where there is no slot.
        choices: Among how many, at most.
        perplexity: A token of the answers.
    """

    items: int
    exact: Estimate
    token_rank: Estimate
    choice_rank: Estimate | None
    choices: int
    perplexity: Estimate


def reduce_items(asked: Sequence[Asked]) -> Reduced:
    """Returns what items come to; there is at least one."""
    ranked = [(item, found) for item, found in asked if found.choice_rank is not None]
    return Reduced(
        items=len(asked),
        exact=estimate(asked, lambda each: (100.0 * each.is_exact, 1)),
        token_rank=estimate(asked, lambda each: (each.token_rank, 1)),
        choice_rank=estimate(ranked, lambda each: (each.choice_rank or 0, 1)) if ranked else None,
        choices=max((found.choices for _, found in asked), default=0),
        perplexity=_exponential(estimate(asked, lambda each: (each.nats, each.tokens))),
    )


def estimate(asked: Iterable[Asked], part: Callable[[Recall], tuple[float, float]]) -> Estimate:
    """Returns the sum of some parts over the sum of their weights, with its interval.

    Args:
        asked: items with their recalls.
        part: returns what an item adds, and its weight.
    """
    import numpy as np

    from toolformer.evaluate.compare.differences import bootstrap

    people: dict[str, list[float]] = {}
    for item, found in asked:
        added, weight = part(found)
        sums = people.setdefault(person_of(item), [0.0, 0.0])
        sums[0] += added
        sums[1] += weight
    table = np.array(list(people.values()))
    interval = bootstrap(table, lambda drawn: drawn[:, 0] / drawn[:, 1])
    return Estimate(float(table[:, 0].sum() / table[:, 1].sum()), *interval)


def person_of(item: Item) -> str:
    """Returns which person an item is about, as a part of its fact's id."""
    return item.fact.rpartition("/")[0]


def _exponential(of: Estimate) -> Estimate:
    return Estimate(*(exp(min(each, 100.0)) for each in (of.value, of.low, of.high)))
