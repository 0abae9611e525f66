"""A run read again: with other thresholds than it was made with, and without its model."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from heapq import nlargest, nsmallest
from typing import TypeVar

from toolformer.errors import ConfigError, closest
from toolformer.records import AnnotatedDocument, Candidate
from toolformer.runs.directory import Run
from toolformer.runs.select import FINAL, check_thresholds, reselect, strength
from toolformer.runs.stats import RunStats, StatsCounter
from toolformer.runs.thresholds import Thresholds

_Threshold = TypeVar("_Threshold", bound=float | Thresholds)


def resolve_thresholds(
    run: Run,
    threshold: float | Thresholds | Mapping[str, float | Thresholds] | None = None,
    *,
    min_used: float | None = None,
    min_help: float | None = None,
) -> dict[str, Thresholds]:
    """Returns what a call of each of a run's tools has to reach.

    Args:
        run: its own thresholds count where none are given.
        threshold: in nats, for all tools, or by tool name in any case; one number is both.
        min_used: in nats, for all tools, before what `threshold` says of the use.
        min_help: in nats, for all tools, before what `threshold` says of the help.

    Raises:
        ConfigError: a tool is not the run's, or a threshold is below what the run can answer for.
        RunError: the run has thresholds of its own that cannot be read.
    """
    thresholds = run.thresholds
    if isinstance(threshold, Mapping):
        names = {name.casefold(): name for name in thresholds}
        for name, value in threshold.items():
            if name.casefold() not in names:
                raise ConfigError(closest(name, thresholds, what="tool in this run"))
            thresholds[names[name.casefold()]] = Thresholds.of(value)
    elif threshold is not None:
        thresholds = dict.fromkeys(thresholds, Thresholds.of(threshold))
    thresholds = {
        name: Thresholds(
            each.used if min_used is None else min_used,
            each.help if min_help is None else min_help,
        )
        for name, each in thresholds.items()
    }
    check_thresholds(thresholds, run.manifest.lowest_thresholds)
    return thresholds


def read_selected(
    run: Run,
    threshold: float | Thresholds | Mapping[str, float | Thresholds] | None = None,
    *,
    min_used: float | None = None,
    min_help: float | None = None,
    allow_peeking: bool | None = None,
) -> Iterator[AnnotatedDocument]:
    """Yields a run's documents with their verdicts for other thresholds.

    Args:
        run: finished, or opened with `incomplete`.
        threshold: in nats, for all tools, or by tool name; one number is the paper's τf, the least
            of both gains. The run's own where not given.
        min_used: least L(e(c, ε)) − L(e(c, r)) for all tools, in nats, whatever `threshold` says.
        min_help: least L(ε) − L(e(c, r)) for all tools, in nats, whatever `threshold` says.
        allow_peeking: whether calls that peek compete; as in the run when None.

    Raises:
        RunError: the run is not whole, or damaged.
        ConfigError: a threshold is below what the run can answer for.
    """
    thresholds = resolve_thresholds(run, threshold, min_used=min_used, min_help=min_help)
    peeking = run.manifest.allow_peeking if allow_peeking is None else allow_peeking
    return (
        reselect(annotated, thresholds=thresholds, allow_peeking=peeking)
        for annotated in run.documents()
    )


def strongest_calls(
    calls: Iterable[tuple[AnnotatedDocument, Candidate]],
    thresholds: Mapping[str, Thresholds],
    *,
    limit: int,
) -> list[tuple[AnnotatedDocument, Candidate]]:
    """Returns the calls with the best gains (`Thresholds.strength`), the best first.

    Args:
        calls: with their documents; those whose losses are not all known are left out.
        thresholds: by tool name.
        limit: how many at most.
    """
    scored = _with_strength(calls, thresholds)
    best = nlargest(limit, enumerate(scored), key=lambda each: (each[1][1], -each[0]))
    return [call for _, (call, _) in best]


def nearest_calls(
    calls: Iterable[tuple[AnnotatedDocument, Candidate]],
    thresholds: Mapping[str, Thresholds],
    nats: float | None = None,
    *,
    limit: int,
) -> list[tuple[AnnotatedDocument, Candidate]]:
    """Returns the calls whose gains (`Thresholds.strength`) are nearest to some, the nearest first.

    Args:
        calls: with their documents; those about which losses do not decide are left out.
        thresholds: by tool name.
        nats: the gain; each tool's own threshold when None.
        limit: how many at most.
    """
    scored = (
        (abs(strength - (thresholds[call[1].tool].used if nats is None else nats)), call)
        for call, strength in _with_strength(calls, thresholds)
        if call[1].verdict not in FINAL
    )
    nearest = nsmallest(limit, enumerate(scored), key=lambda each: (each[1][0], each[0]))
    return [call for _, (_, call) in nearest]


def _with_strength(
    calls: Iterable[tuple[AnnotatedDocument, Candidate]], thresholds: Mapping[str, Thresholds]
) -> Iterator[tuple[tuple[AnnotatedDocument, Candidate], float]]:
    """Yields the calls whose losses are all known, with how strong they are."""
    for annotated, candidate in calls:
        if candidate.gain is not None:
            yield (annotated, candidate), strength(candidate, thresholds[candidate.tool])


def count_by_threshold(
    run: Run, thresholds: Sequence[_Threshold]
) -> dict[_Threshold, RunStats | None]:
    """Returns the counts of a run at some thresholds of all its tools; the run is read once.

    Args:
        run: finished, or opened with `incomplete`.
        thresholds: in nats; one number is the paper's τf.

    Returns:
        By threshold, in their order; None where the run's losses cannot answer.
    """
    resolved: dict[_Threshold, dict[str, Thresholds]] = {}
    for threshold in thresholds:
        with suppress(ConfigError):
            resolved[threshold] = resolve_thresholds(run, threshold)
    counters = {threshold: StatsCounter() for threshold in resolved}
    peeking = run.manifest.allow_peeking
    for annotated in run.documents() if resolved else ():
        for threshold, by_tool in resolved.items():
            counters[threshold].add(
                [reselect(annotated, thresholds=by_tool, allow_peeking=peeking)]
            )
    return {
        threshold: counters[threshold].stats() if threshold in resolved else None
        for threshold in thresholds
    }
