"""How well a gain tells right calls from wrong ones: pure functions over numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

DRAWS = 2000  # of the bootstrap


@dataclass(frozen=True, slots=True)
class Separation:
    """The area under the ROC curve with its 95 % interval, and recalls at few false positives."""

    right: int
    wrong: int
    auc: float
    low: float
    high: float
    recall_at_5: float  # at 5 % false positives
    recall_at_1: float

    def __str__(self) -> str:
        """Returns the area as tables have it."""
        return f"{self.auc:.3f} ({self.low:.3f}–{self.high:.3f})"


def separation(
    gains: Sequence[float], is_right: Sequence[bool], groups: Sequence[str], *, seed: int = 0
) -> Separation:
    """Returns how well gains separate; the interval is by drawing groups, such as texts, again.

    >>> found = separation([3.0, 1.0, 2.0, 0.0], [True, False, True, False], ["a", "a", "b", "b"])
    >>> found.auc, found.recall_at_5
    (1.0, 1.0)
    """
    values, right = np.array(gains), np.array(is_right)
    names = {name: number for number, name in enumerate(dict.fromkeys(groups))}
    group = np.array([names[name] for name in groups])
    wins, rights, wrongs = _by_group(values, right, group, len(names))
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=DRAWS)
    below = (weights @ rights) * (weights @ wrongs)
    drawn = ((weights @ wins) * weights).sum(axis=1)
    low, high = np.quantile(drawn[below > 0] / below[below > 0], [0.025, 0.975])
    wrong = values[~right]
    return Separation(
        right=int(right.sum()),
        wrong=int((~right).sum()),
        auc=float(wins.sum() / (rights.sum() * wrongs.sum())),
        low=float(low),
        high=float(high),
        recall_at_5=float((values[right] > np.quantile(wrong, 0.95)).mean()),
        recall_at_1=float((values[right] > np.quantile(wrong, 0.99)).mean()),
    )


def _by_group(
    values: npt.NDArray[np.float64],
    right: npt.NDArray[np.bool_],
    group: npt.NDArray[np.int64],
    count: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Returns how often a group's right calls beat another's wrong ones, and how many each has."""
    of_right, of_wrong = values[right], values[~right]
    beats = (of_right[:, None] > of_wrong) + 0.5 * (of_right[:, None] == of_wrong)
    wins = np.zeros((count, count))
    np.add.at(wins, (group[right][:, None], group[~right][None, :]), beats)
    rights = np.bincount(group[right], minlength=count)
    wrongs = np.bincount(group[~right], minlength=count)
    return wins, rights, wrongs
