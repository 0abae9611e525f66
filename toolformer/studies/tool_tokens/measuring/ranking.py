"""The measures of a ranking, by its names and the gold ones. Pure arithmetic.

ToolGen's NDCG takes for the ideal ranking that of the gold APIs that were predicted. Three gold
APIs of which one is found, in the first place, score 1 there. Here all gold APIs count: .469.
"""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

CUTS = (1, 3, 5)


@dataclass(frozen=True, slots=True)
class Ranked:
    """What was retrieved for a query, the best first, and what was to be."""

    names: tuple[str, ...]
    gold: frozenset[str]
    made_up: int = 0  # how many of the names, of which these are not, no API has

    def __post_init__(self) -> None:
        if not self.gold:
            raise ValueError("a query without a gold API says nothing of a ranking")


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingScore:
    """The means of some rankings."""

    queries: int
    ndcg: dict[int, float]  # by cut, over all gold APIs
    ndcg_of_predicted: dict[int, float]  # by cut, as ToolGen has it
    recall: dict[int, float]  # by cut: the share of the gold APIs that is found
    reciprocal_rank: float  # MRR
    made_up: float  # share of the answers that name no API


def ndcg(names: Sequence[str], gold: Collection[str], cut: int) -> float:
    """Returns NDCG at a cut; the ideal ranking has all gold names first.

    >>> round(ndcg(["a"], {"a", "b", "c"}, 3), 3), ndcg(["a"], {"a", "b", "c"}, 1)
    (0.469, 1.0)
    """
    return _gain(names, gold, cut) / _ideal(min(len(gold), cut))


def ndcg_of_predicted(names: Sequence[str], gold: Collection[str], cut: int) -> float:
    """Returns NDCG as ToolGen has it: the ideal ranking has only the gold names that were found.

    >>> ndcg_of_predicted(["a"], {"a", "b", "c"}, 3)
    1.0
    """
    found = sum(name in gold for name in names[:cut])
    return _gain(names, gold, cut) / _ideal(found) if found else 0.0


def reciprocal_rank(names: Sequence[str], gold: Collection[str]) -> float:
    """Returns 1 / the place of the first gold name; 0 where there is none.

    >>> reciprocal_rank(["x", "a"], {"a"}), reciprocal_rank(["x"], {"a"})
    (0.5, 0.0)
    """
    return next((1 / place for place, name in enumerate(names, 1) if name in gold), 0.0)


def recall(names: Sequence[str], gold: Collection[str], cut: int) -> float:
    """Returns the share of the gold names that are among the first.

    >>> recall(["a", "x", "b"], {"a", "b"}, 1), recall(["a", "x", "b"], {"a", "b"}, 3)
    (0.5, 1.0)
    """
    return len(set(names[:cut]) & set(gold)) / len(gold)


def score_ranking(ranked: Sequence[Ranked]) -> RankingScore:
    """Returns the means of the measures.

    A name that comes twice counts where it comes first.

    Raises:
        ValueError: there is no ranking.
    """
    if not ranked:
        raise ValueError("there is no ranking to score")
    each = [(tuple(dict.fromkeys(one.names)), one.gold) for one in ranked]
    answers = sum(len(one.names) for one in ranked)
    return RankingScore(
        queries=len(ranked),
        ndcg={cut: _mean([ndcg(*one, cut) for one in each]) for cut in CUTS},
        ndcg_of_predicted={
            cut: _mean([ndcg_of_predicted(*one, cut) for one in each]) for cut in CUTS
        },
        recall={cut: _mean([recall(*one, cut) for one in each]) for cut in CUTS},
        reciprocal_rank=_mean([reciprocal_rank(*one) for one in each]),
        made_up=sum(one.made_up for one in ranked) / answers if answers else 0.0,
    )


def accuracy(told: Sequence[str], wanted: Sequence[str]) -> float:
    """Returns the share of the answers that are the wanted ones."""
    return _mean([float(a == b) for a, b in zip(told, wanted, strict=True)])


def macro_f1(told: Sequence[str], wanted: Sequence[str]) -> float:
    """Returns the mean over all wanted names of 2 · hits / (times told + times wanted).

    >>> macro_f1(["a", "a"], ["a", "b"])
    0.3333333333333333
    """
    hits = Counter(a for a, b in zip(told, wanted, strict=True) if a == b)
    said, asked = Counter(told), Counter(wanted)
    return _mean([2 * hits[name] / (said[name] + asked[name]) for name in asked])


def _gain(names: Sequence[str], gold: Collection[str], cut: int) -> float:
    return sum(
        1 / math.log2(place + 1) for place, name in enumerate(names[:cut], 1) if name in gold
    )


def _ideal(hits: int) -> float:
    return sum(1 / math.log2(place + 1) for place in range(1, hits + 1))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
