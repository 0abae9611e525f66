"""Metrics: what the scores of a task's trials come to. Pure numbers: knows no model and no file.

A metric gets the scores of each trial: its own, beside those that `Counts` has of every output
(`inputs`, `right`, `started`, `called`, ...). It reduces those of all trials, and of each tag.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Annotated, NamedTuple

from pydantic import Field

Scores = Mapping[str, float]  # of one trial, by name
NOTHING = "–"

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


def share(part: float, whole: float) -> float:
    """Returns a share; 0 of nothing."""
    return part / whole if whole else 0.0


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the tables: a proportion where it has an interval, else written in its form.

    >>> str(Number(0.5, Interval(0.237, 0.763))), str(Number(1234.5)), str(Number(2, form=".2f"))
    ('50.0 % (23.7–76.3)', '1,234', '2.00')
    """

    value: float
    interval: Interval | None = None
    # As `format` takes it; a file must not ask for a million digits.
    form: Annotated[str, Field(pattern=r"^[-+ ]?,?\d{0,2}(\.\d{1,2})?[eEfFgG%]?$")] = ",.4g"

    def __str__(self) -> str:
        """Writes the number as the tables show it."""
        if self.interval is None:
            return format(self.value, self.form)
        low, high = self.interval
        return f"{100 * self.value:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that the scores of trials are reduced to: a row of the tables.

    Attributes:
        name: The row's.
        reduce: Returns the number; None where the trials have nothing to take it of.
    """

    name: str
    reduce: Callable[[Sequence[Scores]], Number | None]

    @classmethod
    def proportion(cls, part: str, of: str = "inputs", *, name: str = "") -> "Metric":
        """Returns the share of one score that counts in another, with its 95 % interval.

        >>> right = Metric.proportion("right", name="accuracy")
        >>> str(right.reduce([{"inputs": 1, "right": 1}, {"inputs": 1, "right": 0}]))
        '50.0 % (9.5–90.5)'
        """

        def reduce(scores: Sequence[Scores]) -> Number | None:
            counted, whole = round(total(scores, part)), round(total(scores, of))
            if not whole:
                return None
            return Number(share(counted, whole), wilson(counted, whole))

        return cls(name or part, reduce)

    @classmethod
    def mean(cls, score: str, *, name: str = "", form: str = ",.4g") -> "Metric":
        """Returns the mean of a score over the trials that have it.

        >>> str(Metric.mean("words").reduce([{"words": 2}, {"words": 3}, {}]))
        '2.5'
        """

        def reduce(scores: Sequence[Scores]) -> Number | None:
            values = [each[score] for each in scores if score in each]
            return Number(sum(values) / len(values), form=form) if values else None

        return cls(name or score, reduce)


def total(scores: Iterable[Scores], name: str) -> float:
    """Returns the sum of one score; a trial that does not have it adds nothing."""
    added: float = 0
    for each in scores:  # in this order, as a newer Python's `sum` would not add floats
        added += each.get(name, 0)
    return added


Numbers = Mapping[str, Number]  # by the name of their metric


def reduce_all(metrics: Iterable[Metric], scores: Sequence[Scores]) -> dict[str, Number]:
    """Returns the number of each metric that has one for these trials."""
    found = ((metric.name, metric.reduce(scores)) for metric in metrics)
    return {name: number for name, number in found if number is not None}
