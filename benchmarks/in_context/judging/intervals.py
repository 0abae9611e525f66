"""Shares with the interval they are known to: pure functions over counts.

Where what is counted is independent, Wilson's interval; where the calls of one text depend on each
other, texts are drawn again (the bootstrap).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

DRAWS = 10_000  # of the bootstrap
_Z = 1.959964  # 95 %


@dataclass(frozen=True, slots=True)
class Share:
    """A share of something, and its 95 % interval."""

    part: float
    whole: float
    low: float  # of the share, between 0 and 1
    high: float

    @property
    def value(self) -> float:
        """The share itself, nan of nothing."""
        return self.part / self.whole if self.whole else float("nan")

    def __str__(self) -> str:
        """Returns the share as tables have it.

        >>> str(wilson(53, 100)), str(wilson(0, 0))
        ('53.0 % (43.3–62.5)', '–')
        """
        if not self.whole:
            return "–"
        return f"{100 * self.value:.1f} % ({100 * self.low:.1f}–{100 * self.high:.1f})"


def wilson(part: int, whole: int) -> Share:
    """Returns a share of independent things with Wilson's 95 % interval.

    >>> share = wilson(0, 50)
    >>> share.low, round(share.high, 3)
    (0.0, 0.071)
    """
    if not whole:
        return Share(part, whole, 0.0, 1.0)
    p, z = part / whole, _Z
    middle = (p + z * z / (2 * whole)) / (1 + z * z / whole)
    reach = z * sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole)) / (1 + z * z / whole)
    return Share(part, whole, max(0.0, middle - reach), min(1.0, middle + reach))


def by_text(parts: Sequence[float], wholes: Sequence[float], *, seed: int = 0) -> Share:
    """Returns Σ parts / Σ wholes with a 95 % interval from texts drawn again.

    Args:
        parts: what was counted in each text.
        wholes: out of how many in that text.
        seed: of the draws.

    >>> share = by_text([1, 0, 2], [2, 1, 2])
    >>> share.value, share.low < 0.6 < share.high
    (0.6, True)
    """
    part, whole = np.array(parts, dtype=float), np.array(wholes, dtype=float)
    if not whole.sum():
        return Share(float(part.sum()), 0.0, 0.0, 1.0)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(part), np.full(len(part), 1 / len(part)), size=DRAWS)
    above, below = drawn @ part, drawn @ whole
    low, high = np.quantile(above[below > 0] / below[below > 0], [0.025, 0.975])
    return Share(float(part.sum()), float(whole.sum()), float(low), float(high))


def ratio_by_text(
    numerators: Sequence[float], denominators: Sequence[float], *, seed: int = 0
) -> str:
    """Returns a ratio of sums over texts, or over groups of them, with its interval, as text.

    >>> ratio_by_text([2, 2], [1, 1])
    '2.00 (2.00–2.00)'
    """
    found = by_text(numerators, denominators, seed=seed)
    return f"{found.value:.2f} ({found.low:.2f}–{found.high:.2f})" if found.whole else "–"
