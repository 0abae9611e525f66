"""How far the tuned model is from each other arm, with intervals: a paired bootstrap over texts.

Two arms answer the same examples, so their difference is surer than either's accuracy. Examples out
of one text (the marks of one solution) are not independent: texts are drawn, not examples.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from toolformer.evaluate.arm import Arm, Calls
from toolformer.evaluate.counts import ACCURACY, NORMALISED, PREDICTION
from toolformer.evaluate.metric import Interval
from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.trial import TOO_LONG, Trial

DRAWS = 2000
_AT_ONCE = 100  # draws held in memory together
_SEED = 0

Unit = Literal["points", "%"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One arm less another on one task.

    `points` are of accuracy; `%` is how much higher the perplexity is, per token of plain text.
    """

    task: str
    arm: str
    other: str
    unit: Unit
    value: float
    interval: Interval
    texts: int

    def __str__(self) -> str:
        """Writes the difference as the tables show it.

        >>> str(Difference("steps", "tuned", "control", "points", 20.0, Interval(15.1, 24.9), 300))
        '+20.0 (+15.1 to +24.9)'
        """
        low, high = self.interval
        percent = " %" if self.unit == "%" else ""
        return f"{self.value:+.1f}{percent} ({low:+.1f} to {high:+.1f})"


def compare_arms(
    task: Task,
    arms: Sequence[Arm],
    examples: Sequence[Example],
    trials_of: Callable[[Arm], Sequence[Trial] | None],
) -> Iterator[Difference]:
    """Yields how far one arm is from each of the others, for accuracies and perplexities.

    The one is the arm whose k is swept, the tuned model with live calls; where it was not tried, as
    on plain text, the same model with calls disabled.

    Args:
        task: what was measured.
        arms: in the order of the tables.
        examples: that they were tried with.
        trials_of: returns an arm's trials, at the largest k; None: it was not tried.
    """
    is_prediction = tuple(task.metrics) in (PREDICTION, NORMALISED)
    if not is_prediction and ACCURACY not in task.metrics:
        return
    tuned = [arm for arm in arms if arm.sweeps]
    same = [arm for arm in arms if tuned and arm.model == tuned[0].model]
    same.sort(key=lambda arm: (not arm.sweeps, arm.calls is Calls.NONE))
    tried = {arm.name: found for arm in arms if (found := trials_of(arm)) is not None}
    first = next((arm for arm in same if arm.name in tried), None)
    if first is None:
        return
    for other in (arm for arm in arms if arm is not first and arm.name in tried):
        pair = tried[first.name], tried[other.name]
        sums = _prediction_sums(*pair) if is_prediction else _accuracy_sums(examples, *pair)
        if sums is None or not len(sums):
            continue
        reduce = _percent_above if is_prediction else _points
        yield Difference(
            task.name,
            first.name,
            other.name,
            "%" if is_prediction else "points",
            _rounded(reduce(sums.sum(axis=0, keepdims=True))[0]),
            bootstrap(sums, reduce),
            len(sums),
        )


def bootstrap(sums: np.ndarray, reduce: Callable[[np.ndarray], np.ndarray]) -> Interval:
    """Returns the 95 % interval of a number that follows from sums over texts.

    The percentile bootstrap: as many texts as there are, drawn with replacement.

    >>> halves = np.array([[1.0, 1.0], [0.0, 1.0]] * 50)  # right, asked
    >>> low, high = bootstrap(halves, lambda drawn: drawn[:, 0] / drawn[:, 1])
    >>> 0.38 < low < 0.42, 0.58 < high < 0.62
    (True, True)

    Args:
        sums: (texts, columns) float64: what each text adds.
        reduce: maps (draws, columns) float64, sums over drawn texts, to (draws,).
    """
    rng = np.random.default_rng(_SEED)
    texts = len(sums)
    drawn = [
        reduce(rng.multinomial(texts, np.full(texts, 1 / texts), size=_AT_ONCE) @ sums)
        for _ in range(DRAWS // _AT_ONCE)
    ]
    low, high = np.percentile(np.concatenate(drawn), [2.5, 97.5])
    return Interval(_rounded(low), _rounded(high))


def _rounded(value: float) -> float:
    """Returns a number without the last digits, in which a sum's order shows."""
    return round(float(value), 6)


def _accuracy_sums(
    examples: Sequence[Example], tuned: Sequence[Trial], other: Sequence[Trial]
) -> np.ndarray:
    """Returns (texts, 2) float64: how much oftener right, and how many examples, for each text."""
    sums: dict[str, list[int]] = {}
    for example, *pair in zip(examples, tuned, other, strict=True):
        if any(trial.finish == TOO_LONG for trial in pair):
            continue
        added = sums.setdefault(example.source or example.id, [0, 0])
        added[0] += int(pair[0].is_right) - int(pair[1].is_right)
        added[1] += 1
    return np.array(list(sums.values()), dtype=float)


def _prediction_sums(tuned: Sequence[Trial], other: Sequence[Trial]) -> np.ndarray | None:
    """Returns (texts, 4) float64: nats and tokens, of one and the other.

    None where the tokens are not the same, as with another tokenizer.
    """
    rows = [
        (a.scores["nats"], _tokens(a.scores), b.scores["nats"], _tokens(b.scores))
        for a, b in zip(tuned, other, strict=True)
    ]
    rows = [row for row in rows if row[1] and row[3]]
    return None if any(row[1] != row[3] for row in rows) else np.array(rows, dtype=float)


def _tokens(scores: Mapping[str, int | float]) -> int | float:
    return scores.get("plain_tokens") or scores["tokens"]


def _points(sums: np.ndarray) -> np.ndarray:
    points: np.ndarray = 100 * sums[:, 0] / sums[:, 1]
    return points


def _percent_above(sums: np.ndarray) -> np.ndarray:
    above: np.ndarray = 100 * np.expm1(sums[:, 0] / sums[:, 1] - sums[:, 2] / sums[:, 3])
    return above
