"""How many wrong calls thresholds let pass: placebos beside calls, for many thresholds at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolformer.records import Candidate, Verdict
from toolformer.runs.directory import Run
from toolformer.runs.select import check_thresholds, is_judged, select
from toolformer.runs.thresholds import Thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class FalsePositives:
    """What thresholds let pass of a tool's placebos, and of its calls."""

    thresholds: Thresholds
    placebos: int = 0
    placebos_passed: int = 0
    calls: int = 0  # about which losses decide
    calls_passed: int = 0
    kept: int = 0  # of these: no stronger one was in their way

    @property
    def share(self) -> float | None:
        """The share of placebos that pass, None where there are none."""
        return self.placebos_passed / self.placebos if self.placebos else None

    @property
    def expected_false(self) -> float | None:
        """How many of the kept calls are false, if false calls pass as often as placebos do.

        It takes every call for false at first, and so is rather too high: of `calls` as many
        would pass as `share` says, and they lose against others as often as any that pass. A wrong
        call whose output is nearly right gains more than a placebo, which it does not count.

        >>> FalsePositives(
        ...     thresholds=Thresholds(0.75, -0.25), placebos=200, placebos_passed=2, calls=500,
        ...     calls_passed=50, kept=40,
        ... ).expected_false
        4.0
        """
        if self.share is None:
            return None
        if not self.calls_passed:
            return 0.0
        return self.kept * min(1.0, self.share * self.calls / self.calls_passed)


def sweep(
    run: Run,
    thresholds: Sequence[Mapping[str, Thresholds]],
    *,
    allow_peeking: bool | None = None,
) -> dict[str, list[FalsePositives]]:
    """Returns for each tool what each of some thresholds lets pass; the run is read once.

    Args:
        run: finished, or opened with `incomplete`.
        thresholds: each of all tools, by tool name in tool order.
        allow_peeking: whether calls that peek compete; as in the run when None.

    Raises:
        RunError: the run is not whole, or damaged.
        ConfigError: a threshold is below what the run can answer for.
    """
    for each in thresholds:
        check_thresholds(each, run.manifest.lowest_thresholds)
    peeking = run.manifest.allow_peeking if allow_peeking is None else allow_peeking
    counters = [PassCounter(each, allow_peeking=peeking) for each in thresholds]
    for annotated in run.documents():
        for counter in counters:
            counter.add(annotated.candidates)
    return {
        tool.name: [counter.counts(tool.name) for counter in counters]
        for tool in run.manifest.tools
    }


class PassCounter:
    """Counts what some thresholds let pass, as the candidates of texts come by."""

    def __init__(self, thresholds: Mapping[str, Thresholds], *, allow_peeking: bool) -> None:
        """Starts without any.

        Args:
            thresholds: of all tools of a run, by tool name in tool order.
            allow_peeking: whether calls that peek compete.
        """
        self._thresholds, self._allow_peeking = thresholds, allow_peeking
        self._tallies = {tool: _Tally() for tool in thresholds}

    def add(self, candidates: Sequence[Candidate]) -> None:
        """Selects anew among the candidates of one text, and counts."""
        selected = select(
            candidates, thresholds=self._thresholds, allow_peeking=self._allow_peeking
        )
        for candidate in selected:
            if is_judged(candidate, allow_peeking=self._allow_peeking):
                tally = self._tallies[candidate.tool]
                tally.add(candidate, self._thresholds[candidate.tool])
        for tool in {each.tool for each in selected if each.verdict is Verdict.KEPT}:
            self._tallies[tool].texts_kept += 1

    def counts(self, tool: str) -> FalsePositives:
        """Returns what passed of one tool."""
        return self._tallies[tool].counts(self._thresholds[tool])

    def texts_kept(self, tool: str) -> int:
        """Returns how many texts keep a call of one tool."""
        return self._tallies[tool].texts_kept


class _Tally:
    """Counts the calls of one tool at its thresholds."""

    def __init__(self) -> None:
        self.placebos = self.placebos_passed = self.calls = self.calls_passed = self.kept = 0
        self.texts_kept = 0

    def add(self, candidate: Candidate, thresholds: Thresholds) -> None:
        losses, placebo = candidate.losses, candidate.placebo
        if losses is None:
            return
        self.calls += 1
        self.calls_passed += thresholds.is_passed(losses)
        self.kept += candidate.verdict is Verdict.KEPT
        if placebo is not None:
            self.placebos += 1
            self.placebos_passed += thresholds.is_passed(placebo.beside(losses))

    def counts(self, thresholds: Thresholds) -> FalsePositives:
        return FalsePositives(
            thresholds=thresholds,
            placebos=self.placebos,
            placebos_passed=self.placebos_passed,
            calls=self.calls,
            calls_passed=self.calls_passed,
            kept=self.kept,
        )
