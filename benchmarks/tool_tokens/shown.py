"""The sections of this benchmark, and its numbers as they are shown in them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.tool_tokens.bench import Bench
from toolformer.studies.tool_tokens.measuring.tables import three_digits


def section(bench: Bench, title: str, parts: Sequence[str]) -> str:
    """Returns a section, under the sizes that it was measured with."""
    settings = {
        "tools": bench.given.tools,
        "APIs": f"{len(bench.catalogue().apis):,}",
        "model": Path(bench.given.model).name,
        "device": bench.given.device,
    }
    return report.section(title, parts, module="benchmarks.tool_tokens", settings=settings)


def score_of(
    scores: list[dict[str, Any]], system: str, split: str, tier: str | None
) -> dict[str, Any]:
    """Returns the one score of a system on a held-out kind of query; of all tiers where None."""
    wanted = (system, split, tier)
    found = next(s for s in scores if (s["system"], s["split"], s["tier"]) == wanted)
    score: dict[str, Any] = found["score"]
    return score


def completed(task: dict[str, Any]) -> str:
    """Writes the share of the tasks that were completed."""
    return three_digits(task["completed"] / max(1, task["tasks"]))
