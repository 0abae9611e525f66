"""The sections of this benchmark, and its numbers as they are shown in them."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.tool_tokens.bench import Bench
from toolformer.studies.tool_tokens.catalog.records import Split, Tier
from toolformer.studies.tool_tokens.measuring.evaluate import TierScore
from toolformer.studies.tool_tokens.measuring.ranking import RankingScore


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
    scores: Sequence[TierScore], system: str, split: Split, tier: Tier | None
) -> RankingScore:
    """Returns the one score of a system on a held-out kind of query; of all tiers where None."""
    wanted = (system, split, tier)
    return next(s.score for s in scores if (s.system, s.split, s.tier) == wanted)
