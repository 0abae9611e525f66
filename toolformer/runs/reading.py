"""A run read again: with other thresholds than it was made with, and without its model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isnan

from toolformer.errors import ConfigError, closest
from toolformer.records import AnnotatedDocument
from toolformer.runs.directory import Run
from toolformer.runs.manifest import RunManifest
from toolformer.runs.select import check_thresholds, select
from toolformer.runs.stats import RunStats, count_documents


def run_thresholds(manifest: RunManifest) -> dict[str, float]:
    """Returns the τf that a run was made with, by tool name, in tool order."""
    return {tool.name: tool.gain_threshold for tool in manifest.tools}


def lowest_thresholds(manifest: RunManifest) -> dict[str, float]:
    """Returns the lowest τf that a run's losses can answer for, by tool name."""
    return {
        tool.name: float("-inf")
        if manifest.keep_all_losses and tool.prune_below <= 0
        else tool.prune_below
        for tool in manifest.tools
    }


def resolve_thresholds(
    manifest: RunManifest, threshold: float | Mapping[str, float] | None = None
) -> dict[str, float]:
    """Returns the τf of each of a run's tools.

    Args:
        manifest: the run's.
        threshold: one for all tools, or by tool name in any case; the run's own where not given.

    Raises:
        ConfigError: a tool is not the run's, or a threshold is below what the run can answer for.
    """
    thresholds = run_thresholds(manifest)
    given = threshold.values() if isinstance(threshold, Mapping) else [threshold]
    if any(value is not None and isnan(value) for value in given):
        raise ConfigError("A threshold cannot be nan: give a number of nats.")
    if isinstance(threshold, Mapping):
        names = {name.casefold(): name for name in thresholds}
        for name, value in threshold.items():
            if name.casefold() not in names:
                raise ConfigError(closest(name, thresholds, what="tool in this run"))
            thresholds[names[name.casefold()]] = value
    elif threshold is not None:
        thresholds = dict.fromkeys(thresholds, threshold)
    check_thresholds(thresholds, lowest_thresholds(manifest))
    return thresholds


def read_selected(
    run: Run,
    threshold: float | Mapping[str, float] | None = None,
    *,
    allow_peeking: bool | None = None,
) -> Iterator[AnnotatedDocument]:
    """Yields a run's documents with their verdicts for other thresholds.

    Args:
        run: finished, or opened with `incomplete`.
        threshold: τf for all tools, or by tool name; the run's own where not given.
        allow_peeking: whether calls that peek compete; as in the run when None.

    Raises:
        RunError: the run is not whole, or damaged.
        ConfigError: a threshold is below what the run can answer for.
    """
    thresholds = resolve_thresholds(run.manifest, threshold)
    peeking = run.manifest.allow_peeking if allow_peeking is None else allow_peeking
    return (
        replace(
            annotated,
            candidates=select(annotated.candidates, thresholds=thresholds, allow_peeking=peeking),
        )
        for annotated in run.documents()
    )


def count_by_threshold(run: Run, thresholds: Sequence[float]) -> dict[float, RunStats | None]:
    """Returns the counts of a run at each τf, None where its losses cannot answer."""
    counted: dict[float, RunStats | None] = {}
    for threshold in thresholds:
        try:
            counted[threshold] = count_documents(read_selected(run, threshold))
        except ConfigError:
            counted[threshold] = None
    return counted
