"""What wrong calls gain by chance, and the threshold that lets one in a hundred of them pass.

A placebo is a call that a model proposed, with the output of another call of its tool: its words
are a call's, and what it says is wrong. Where a call cannot help enough with its own output, that
of another one is not scored, and counts among those that do not pass. Knows numbers only; the
placebos are the candidates' own.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, StrictInt

from toolformer.records import AnnotatedDocument
from toolformer.runs.manifest import ManifestTool
from toolformer.runs.select import is_judged
from toolformer.runs.thresholds import Thresholds

ONE_IN = 100  # placebos, of which one may pass
STEPS = 100  # of a calibrated threshold in a nat
_MOST_PAIRS = 500  # of a tool in `stats.json`; shards have all of them

_Nats = Annotated[float, Field(strict=True, allow_inf_nan=False)]
_Count = Annotated[StrictInt, Field(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A tool's placebos, and the thresholds that are right for them."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    min_used: _Nats
    min_help: _Nats
    placebos: _Count
    placebos_passed: _Count  # that reach both thresholds
    unscored: _Count = 0  # placebos of calls that cannot help enough themselves
    # (used, help) of the scored ones in rising order; of many, as many as are kept, evenly spaced.
    pairs: Annotated[Sequence[tuple[_Nats, _Nats]], Field(max_length=_MOST_PAIRS)] = ()

    @property
    def thresholds(self) -> Thresholds:
        """What a kept call has to reach."""
        return Thresholds(self.min_used, self.min_help)

    @property
    def is_provisional(self) -> bool:
        """Whether there are too few placebos to show what one in a hundred gains."""
        return self.placebos < ONE_IN

    def share_passed(self, thresholds: Thresholds) -> float | None:
        """Returns the share of placebos that reach both thresholds, None where there are none.

        Of more placebos than are stored it is an estimate by those that are.

        >>> pairs = [(0.1, -1.0), (0.5, 0.5), (0.9, -0.5), (1.0, 0.0)]
        >>> Calibration(
        ...     min_used=1.0, min_help=-0.25, placebos=4, placebos_passed=1, pairs=pairs
        ... ).share_passed(Thresholds(0.5, -0.25))
        0.5
        """
        if not self.pairs:
            return None
        is_scored = (self.placebos - self.unscored) / self.placebos
        return _passed(self.pairs, thresholds) / len(self.pairs) * is_scored


class Placebos:
    """The gains of placebos by tool, collected as documents come by, in any order."""

    def __init__(self, *, allow_peeking: bool) -> None:
        """Starts without any.

        Args:
            allow_peeking: whether calls that peek compete, and so their placebos count.
        """
        self._allow_peeking = allow_peeking
        self._gains: dict[str, array[float]] = {}  # used, help, used, …: float32, as stored
        self._unscored: Counter[str] = Counter()

    def add(self, documents: Iterable[AnnotatedDocument]) -> None:
        """Takes in the placebos of calls about which losses decide."""
        for annotated in documents:
            for each in annotated.candidates:
                if each.placebo is None or each.losses is None:
                    continue
                if not is_judged(each, allow_peeking=self._allow_peeking):
                    continue
                beside = each.placebo.beside(each.losses)
                if beside.used is None or beside.help is None:
                    self._unscored[each.tool] += 1
                else:
                    gains = self._gains.setdefault(each.tool, array("f"))
                    gains.extend((beside.used, beside.help))

    def calibrate(self, tools: Sequence[ManifestTool]) -> dict[str, Calibration]:
        """Returns what follows for the tools that have placebos, or are to be calibrated."""
        found: dict[str, Calibration] = {}
        for tool in tools:
            gains = self._gains.get(tool.name, array("f"))
            pairs = list(zip(gains[::2], gains[1::2], strict=True))
            unscored = self._unscored[tool.name]
            if pairs or unscored or tool.calibrated:
                found[tool.name] = calibrate(
                    pairs,
                    unscored=unscored,
                    thresholds=tool.thresholds,
                    is_fixed=not tool.calibrated,
                )
        return found


def calibrate(
    pairs: Sequence[tuple[float, float]],
    *,
    unscored: int = 0,
    thresholds: Thresholds,
    is_fixed: bool = False,
) -> Calibration:
    """Returns the least `used` threshold at which at most one placebo in a hundred passes.

    It is a multiple of a hundredth of a nat and not below zero: an output that makes what follows
    harder is not used. Of n placebos n // 100 may reach both thresholds, so that of equal ones
    either all or none do. Fewer than a hundred cannot show what one in a hundred gains: none of
    them may pass, and the threshold is not below the provisional one.

    Args:
        pairs: (used, help) of the scored placebos of one tool, in nats, in any order.
        unscored: how many there are besides, none of which passes.
        thresholds: the `help` threshold, and the provisional one of `used`.
        is_fixed: whether these count, whatever the placebos gain.

    >>> pairs = [(number / 100, 0.0) for number in range(200)]
    >>> found = calibrate(pairs, thresholds=Thresholds(0.75, -0.25))
    >>> found.min_used, found.placebos_passed
    (1.98, 2)
    """
    placebos = len(pairs) + unscored
    if not is_fixed:
        helping = sorted((used for used, help_ in pairs if help_ >= thresholds.help), reverse=True)
        may_pass = placebos // ONE_IN
        least = 0.0 if len(helping) <= may_pass else _next_step(helping[may_pass])
        if placebos < ONE_IN:
            least = max(least, thresholds.used)
        thresholds = Thresholds(least, thresholds.help)
    return Calibration(
        min_used=thresholds.used,
        min_help=thresholds.help,
        placebos=placebos,
        placebos_passed=_passed(pairs, thresholds),
        unscored=unscored,
        pairs=_thinned(sorted(pairs)),
    )


def settled_thresholds(
    tools: Sequence[ManifestTool], calibrations: Mapping[str, Calibration]
) -> dict[str, Thresholds]:
    """Returns what counts for each tool: its own thresholds, or those that were calibrated."""
    return {
        tool.name: calibrations[tool.name].thresholds if tool.calibrated else tool.thresholds
        for tool in tools
    }


def _passed(pairs: Sequence[tuple[float, float]], thresholds: Thresholds) -> int:
    return sum(used >= thresholds.used and help_ >= thresholds.help for used, help_ in pairs)


def _next_step(nats: float) -> float:
    """Returns the least hundredth of a nat above a number, zero for one below it.

    >>> _next_step(0.74), _next_step(0.745), _next_step(-3.0)
    (0.75, 0.75, 0.0)
    """
    steps = max(0, floor(nats * STEPS))
    while steps / STEPS <= nats:
        steps += 1
    return steps / STEPS


def _thinned(pairs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Returns as many pairs as are stored, from the first to the last, evenly spaced."""
    if len(pairs) <= _MOST_PAIRS:
        return list(pairs)
    last, gaps = len(pairs) - 1, _MOST_PAIRS - 1
    return [pairs[(number * last + gaps // 2) // gaps] for number in range(_MOST_PAIRS)]
