"""A plan for a run that was begun before: its shards are cut as they were."""

import logging
from dataclasses import replace

from toolformer.annotate.plan import Plan
from toolformer.runs.manifest import RunManifest

_log = logging.getLogger(__name__)


def as_begun(plan: Plan, begun: RunManifest | None, *, out: object) -> Plan:
    """Returns a plan, its shards cut as those of a run are that was begun, if one was.

    Args:
        plan: as the settings alone have it.
        begun: the manifest of that run.
        out: what messages call it.
    """
    if begun is None:
        return plan
    if plan.config.documents_per_shard not in (None, begun.documents_per_shard):
        _log.warning(
            "'%s' was begun with %d documents per shard and continues with them, not with %d.",
            out,
            begun.documents_per_shard,
            plan.documents_per_shard,
        )
    return replace(
        plan,
        documents_per_shard=begun.documents_per_shard,
        characters_per_shard=begun.characters_per_shard,
        ends=tuple(begun.grown(plan.config.max_documents).ends),
    )
