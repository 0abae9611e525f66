"""How sure a share is: the interval that a proportion of few cases lies in."""

from math import sqrt
from typing import NamedTuple

_Z = 1.959964  # two-sided 95 %


class Interval(NamedTuple):
    """Two ends of a range of shares."""

    low: float
    high: float


def wilson(part: int, whole: int) -> Interval:
    """Returns Wilson's 95 % interval of a share; everything for a share of nothing.

    It holds where the share is near 0 or 1 and the cases are few, unlike the normal one.

    >>> low, high = wilson(5, 10)
    >>> round(low, 4), round(high, 4)
    (0.2366, 0.7634)
    """
    if whole == 0:
        return Interval(0.0, 1.0)
    share, spread = part / whole, _Z * _Z / whole
    middle = share + spread / 2
    half = _Z * sqrt(share * (1 - share) / whole + spread / (4 * whole))
    ends = (middle - half) / (1 + spread), (middle + half) / (1 + spread)
    return Interval(max(0.0, ends[0]), min(1.0, ends[1]))
