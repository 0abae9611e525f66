"""The tables of the study as rows of texts: of scores, and of a sweep."""

from collections.abc import Mapping, Sequence

from toolformer.studies.api_bank.scores import METRICS, ApiGroup, ApiNumber
from toolformer.studies.api_bank.training import Diverged, Trained, best_of


def score_rows(
    groups: Mapping[str, Sequence[ApiGroup]], *, intervals: bool = False
) -> tuple[list[str], list[list[str]]]:
    """Returns header and rows: a row for each group of each system.

    Args:
        groups: by system.
        intervals: whether the cells are the 95 % intervals, in place of the numbers.
    """
    spell = _interval if intervals else _value
    measured = [
        metric
        for metric in METRICS
        if any(metric.name in group.numbers for found in groups.values() for group in found)
    ]
    header = ["system", "answers", "count", *(metric.title for metric in measured)]
    rows = [
        [
            system if number == 0 else "",
            group.name,
            f"{group.answers:,}",
            *(spell(group.numbers.get(metric.name)) for metric in measured),
        ]
        for system, found in groups.items()
        for number, group in enumerate(found)
    ]
    return header, rows


def sweep_rows(trained: Sequence[Trained]) -> tuple[list[str], list[list[str]]]:
    """Returns header and rows: a row for each rate."""
    header = ["rate", "steps", "loss", "eval loss before", "eval loss kept", "kept step", "outcome"]
    best = best_of(trained)
    rows = []
    for each in trained:
        report = each.report
        if isinstance(report, Diverged):
            rows.append([f"{each.rate:g}", "–", "–", "–", "–", "–", "diverged"])
            continue
        before = report.dev.get(0)
        rows.append(
            [
                f"{each.rate:g}",
                f"{report.steps:,}",
                f"{report.losses[0]:.3f} → {report.losses[-1]:.3f}" if report.losses else "–",
                "–" if before is None or before.loss is None else f"{before.loss:.3f}",
                "–" if each.loss is None else f"{each.loss:.3f}",
                f"{report.kept_step:,}",
                "best" if each is best else "done",
            ]
        )
    return header, rows


def _value(number: ApiNumber | None) -> str:
    """Writes a number in the four digits of the published figures."""
    return "–" if number is None else f"{number.value:.4f}"


def _interval(number: ApiNumber | None) -> str:
    """Writes an interval."""
    return (
        "–"
        if number is None
        else "–".join(f"{end:.3f}"[1:] if end < 1 else "1" for end in number.interval)
    )
