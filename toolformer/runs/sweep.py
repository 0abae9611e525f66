"""How many wrong calls thresholds let pass: placebos beside calls, for many thresholds at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from toolformer.records import Candidate
from toolformer.runs.directory import Run
from toolformer.runs.select import check_thresholds, is_judged, winners
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


def thresholds_beside(
    thresholds: Mapping[str, Thresholds], nats: Iterable[float], *, lowest: Mapping[str, float]
) -> Iterator[dict[str, Thresholds]]:
    """Yields other thresholds, of those that a run can answer for.

    Args:
        thresholds: by tool name in tool order.
        nats: of `used`, or of both where both are equal.
        lowest: what the run can answer for, `RunManifest.lowest_thresholds`.

    >>> settled = {"QA": Thresholds(1.0, 1.0), "MT": Thresholds(0.75, -0.5)}
    >>> [other] = thresholds_beside(settled, [0.25, 0.5], lowest={"QA": 0.5, "MT": -2.0})
    >>> str(other["QA"]), str(other["MT"])
    ('0.5', 'used 0.5, help -0.5')
    """
    for each in nats:
        others = {
            name: Thresholds(each, each if own.are_equal else own.help)
            for name, own in thresholds.items()
        }
        if all(own.help >= lowest[name] for name, own in others.items()):
            yield others


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
    counter = PassCounter(thresholds, allow_peeking=peeking)
    for annotated in run.documents():
        counter.add(annotated.candidates)
    return {tool.name: counter.counts(tool.name) for tool in run.manifest.tools}


class PassCounter:
    """Counts what each of some thresholds lets pass, as the candidates of texts come by."""

    def __init__(
        self, thresholds: Sequence[Mapping[str, Thresholds]], *, allow_peeking: bool
    ) -> None:
        """Starts without any.

        Args:
            thresholds: each of all tools of a run, by tool name in tool order.
            allow_peeking: whether calls that peek compete.
        """
        self._allow_peeking = allow_peeking
        self._levels = [_Level(each) for each in thresholds]

    def add(self, candidates: Sequence[Candidate]) -> None:
        """Counts the candidates of one text; each of the thresholds selects anew among them."""
        judged = [
            _Judged.of(each)
            for each in candidates
            if is_judged(each, allow_peeking=self._allow_peeking)
        ]
        if judged:
            for level in self._levels:
                level.add(judged)

    def counts(self, tool: str) -> list[FalsePositives]:
        """Returns what passed of one tool, by the thresholds in their order."""
        return [level.tallies[tool].counts(level.thresholds[tool]) for level in self._levels]

    def texts_kept(self, tool: str) -> list[int]:
        """Returns how many texts keep a call of one tool, by the thresholds in their order."""
        return [level.tallies[tool].texts_kept for level in self._levels]


@dataclass(frozen=True, slots=True)
class _Judged:
    """A candidate about which losses decide, with its gains, which are taken once."""

    candidate: Candidate
    used: float | None
    help: float | None
    has_placebo: bool
    placebo_used: float | None
    placebo_help: float | None

    @classmethod
    def of(cls, candidate: Candidate) -> "_Judged":
        losses, placebo = candidate.losses, candidate.placebo
        if losses is None:
            raise ValueError(f"losses cannot decide about a candidate without any: {candidate}")
        beside = None if placebo is None else placebo.beside(losses)
        return cls(
            candidate,
            losses.used,
            losses.help,
            beside is not None,
            None if beside is None else beside.used,
            None if beside is None else beside.help,
        )


class _Level:
    """What one choice of thresholds lets pass, by tool."""

    def __init__(self, thresholds: Mapping[str, Thresholds]) -> None:
        self.thresholds = thresholds
        self.tallies = {tool: _Tally() for tool in thresholds}
        self._order = {tool: number for number, tool in enumerate(thresholds)}

    def add(self, judged: Sequence[_Judged]) -> None:
        passed: list[Candidate] = []
        for each in judged:
            tool = each.candidate.tool
            thresholds, tally = self.thresholds[tool], self.tallies[tool]
            tally.calls += 1
            if thresholds.are_reached(each.used, each.help):
                tally.calls_passed += 1
                passed.append(each.candidate)
            if each.has_placebo:
                tally.placebos += 1
                if thresholds.are_reached(each.placebo_used, each.placebo_help):
                    tally.placebos_passed += 1
        kept = [candidate.tool for candidate in self._winners(passed)]
        for tool in kept:
            self.tallies[tool].kept += 1
        for tool in set(kept):
            self.tallies[tool].texts_kept += 1

    def _winners(self, passed: Sequence[Candidate]) -> Sequence[Candidate]:
        """Returns those that no other one is in the way of, as `select` keeps them."""
        if len(passed) < 2:
            return passed
        thresholds = [self.thresholds[each.tool] for each in passed]
        stay = winners(passed, thresholds=thresholds, order=self._order)
        return [passed[number] for number in stay]


@dataclass(slots=True)
class _Tally:
    """The counts of one tool at its thresholds."""

    placebos: int = 0
    placebos_passed: int = 0
    calls: int = 0
    calls_passed: int = 0
    kept: int = 0
    texts_kept: int = 0

    def counts(self, thresholds: Thresholds) -> FalsePositives:
        return FalsePositives(
            thresholds=thresholds,
            placebos=self.placebos,
            placebos_passed=self.placebos_passed,
            calls=self.calls,
            calls_passed=self.calls_passed,
            kept=self.kept,
        )
