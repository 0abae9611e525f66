"""What calls and placebos gain, counted in bins as they come by. Draws nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import floor, isfinite

from toolformer.records import Candidate, Losses, Verdict
from toolformer.runs.select import is_judged
from toolformer.runs.thresholds import Thresholds

BIN = 0.05  # nats


@dataclass(frozen=True, slots=True)
class Gains:
    """How many calls of a tool gain how much: counts by bin, of which bin 0 begins at 0 nats."""

    threshold: float  # nats, of what is counted
    is_used: bool  # whether `used` is counted; otherwise the gain, the lesser of `used` and `help`
    kept: Counter[int] = field(default_factory=Counter)
    others: Counter[int] = field(default_factory=Counter)  # judged, and not kept
    placebos: Counter[int] = field(default_factory=Counter)

    @property
    def calls(self) -> int:
        """The number of calls that were counted."""
        return self.kept.total() + self.others.total()


class GainCounter:
    """Counts the gains of calls about which losses decide, by tool."""

    def __init__(self, thresholds: Mapping[str, Thresholds], *, allow_peeking: bool) -> None:
        """Starts without any.

        Args:
            thresholds: of all tools, by name: by the paper's rule the gain is counted, where they
                differ what is used of the output.
            allow_peeking: whether calls that peek compete.
        """
        self._allow_peeking = allow_peeking
        self._gains = {
            name: Gains(each.used, is_used=not each.are_equal) for name, each in thresholds.items()
        }

    def add(self, candidates: Sequence[Candidate]) -> None:
        """Counts the candidates of one text, which have their verdicts."""
        for each in candidates:
            if each.losses is None or not is_judged(each, allow_peeking=self._allow_peeking):
                continue
            gains = self._gains[each.tool]
            is_kept = each.verdict is Verdict.KEPT
            _count(each.losses, gains, gains.kept if is_kept else gains.others)
            if each.placebo is not None:
                _count(each.placebo.beside(each.losses), gains, gains.placebos)

    def gains(self) -> dict[str, Gains]:
        """Returns what was counted, by tool name."""
        return dict(self._gains)


def bin_of(nats: float) -> int:
    """Returns the bin of a gain.

    >>> bin_of(0.0), bin_of(0.07), bin_of(-0.01)
    (0, 1, -1)
    """
    return floor(nats / BIN)


def _count(losses: Losses, gains: Gains, bins: Counter[int]) -> None:
    nats = losses.used if gains.is_used else losses.gain
    if nats is not None and isfinite(nats):
        bins[bin_of(nats)] += 1
