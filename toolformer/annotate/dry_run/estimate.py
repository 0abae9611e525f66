"""What a corpus would take, by what documents drawn from it took.

Numbers only: no model, no text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

_SURE = 1.96  # standard errors, on either side, that hold 95 %


@dataclass(frozen=True, slots=True)
class DocumentCost:
    """What a document of the sample took."""

    characters: int
    seconds: float  # to read it, to write calls, to run and to score them; without placebos
    placebo_s: float = 0.0  # to score calls with other calls' outputs


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the annotation of a corpus would take on the device of the sample."""

    documents: int  # of the corpus
    start_s: float  # once: what is shared by all texts is read, and the device warms up
    seconds: float  # of all, the start included
    margin_s: float  # 95 % of samples are so near to the truth, or nearer, at this speed
    bytes: int  # of the run on disk

    def seconds_on(self, devices: int) -> float:
        """Returns the seconds that so many such devices would take together.

        Args:
            devices: each has its own model, and shares of the documents.
        """
        return self.start_s + (self.seconds - self.start_s) / devices

    def margin_on(self, devices: int) -> float:
        """Returns the margin of `seconds_on`."""
        return self.margin_s / devices


def estimate(
    costs: Sequence[DocumentCost],
    *,
    start_s: float,
    sample_bytes: int,
    fixed_bytes: int = 0,
    documents: int,
    characters: int,
    with_placebos: int,
    rounds: int = 1,
) -> Estimate:
    """Returns what a corpus would take, its time in proportion to its characters.

    The ratio estimator of a random sample without replacement, with its standard error from the
    residuals (Cochran, Sampling Techniques, chapter 6).

    Args:
        costs: of the documents of the sample, at least one.
        start_s: what was taken once.
        sample_bytes: of the sample on disk, which grow with the corpus.
        fixed_bytes: of the whole run, whatever its texts.
        documents: of the corpus.
        characters: of its texts.
        with_placebos: for how many of the documents placebos are scored.
        rounds: how often the corpus is annotated.

    >>> costs = [DocumentCost(100, 2.0, 1.0), DocumentCost(300, 6.0, 3.0)]
    >>> found = estimate(costs, start_s=5, sample_bytes=900, documents=1000, characters=200_000,
    ...     with_placebos=500)
    >>> found.seconds, found.margin_s, found.bytes, found.seconds_on(4)
    (5005.0, 0.0, 450000, 1255.0)
    """
    share = min(1.0, with_placebos / documents) if documents else 0.0
    taken = [each.seconds + share * each.placebo_s for each in costs]
    sampled = max(1, sum(each.characters for each in costs))
    ratio = sum(taken) / sampled
    residuals = [
        seconds - ratio * each.characters for seconds, each in zip(taken, costs, strict=True)
    ]
    count = len(costs)
    variance = sum(each * each for each in residuals) / max(1, count - 1)
    unseen = max(0.0, 1 - count / documents) if documents else 0.0
    scale = characters / sampled
    return Estimate(
        documents=documents,
        start_s=start_s,
        seconds=rounds * (start_s + ratio * characters),
        margin_s=rounds * _SURE * scale * sqrt(count * variance * unseen),
        bytes=fixed_bytes + round(sample_bytes * scale),
    )
