"""Calls at their places in texts that were read: what the text's next tokens then cost.

A row is a call and the tokens that are scored, but for the last; what stands before it is read
from the trunk.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from toolformer.lm.base import CallScoreRequest
from toolformer.lm.hf.branching.branches import BranchStart
from toolformer.lm.hf.branching.tree import Tree
from toolformer.lm.hf.engine import Engine
from toolformer.lm.hf.losses import log_probs
from toolformer.lm.hf.trunks.reading import Trunk


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """A call at a place, and the tokens after it."""

    request: CallScoreRequest
    lead: BranchStart  # the call and all but the last of the tokens
    targets: tuple[int, ...]


def scored_row(
    engine: Engine, trunk: Trunk, request: CallScoreRequest, *, row: int, before: int
) -> ScoredRow:
    """Encodes a call at a place that so many of its text's tokens precede.

    Raises:
        ModelError: if the row is longer than the model's context.
    """
    reading = trunk.readings[row]
    targets = reading.text.ids[before : before + request.tokens]
    ids = engine.encoding.call(request.call, request.output, first=False).ids + targets[:-1]
    seen = reading.before + before
    engine.check_length(seen + len(ids), engine.encoding.grammar.format(request.call))
    return ScoredRow(request, BranchStart(row, seen, ids, wanted=len(targets)), targets)


def score_rows(
    engine: Engine, trunk: Trunk, rows: Sequence[ScoredRow]
) -> dict[CallScoreRequest, np.ndarray]:
    """Returns (up to `tokens`,) float32 per request; rows of like length are one forward."""
    found: dict[CallScoreRequest, np.ndarray] = {}

    def run(batch: list[ScoredRow]) -> None:
        logits = trunk.decoder(engine).start([row.lead for row in batch], purpose="score")
        aimed = engine.forward.tensor([token for row in batch for token in row.targets])
        edges = np.cumsum([len(row.targets) for row in batch])[:-1]
        values = np.split(engine.numbers(log_probs(logits, aimed)), edges)
        found.update(zip([row.request for row in batch], values, strict=True))

    engine.forward.in_batches(_plan(engine, trunk, rows), run)
    return found


def _plan(engine: Engine, trunk: Trunk, rows: Sequence[ScoredRow]) -> list[list[ScoredRow]]:
    """Groups rows into forwards with little padding that fit into memory."""
    head = trunk.cache.head_length
    units = _by_text(engine, rows) if engine.decoding is Tree else [[row] for row in rows]
    batches = engine.forward.plan_dense(
        [sum(len(row.lead.ids) for row in unit) for unit in units],
        head_rows=[sum(row.lead.wanted for row in unit) for unit in units],
        cached=[
            engine.decoding.cached_tokens([row.lead.seen for row in unit], head=head)
            for unit in units
        ],
    )
    return [[row for index in batch for row in units[index]] for batch in batches]


def _by_text(engine: Engine, rows: Sequence[ScoredRow]) -> list[list[ScoredRow]]:
    """Groups the rows of a text, which a tree lays out one after the other, as far as they fit."""
    texts: dict[int, list[ScoredRow]] = {}
    for row in rows:
        texts.setdefault(row.lead.row, []).append(row)
    units: list[list[ScoredRow]] = []
    for group in texts.values():
        tokens = heads = 0
        for index, row in enumerate(group):
            tokens += len(row.lead.ids)
            heads += row.lead.wanted
            if (
                index == 0
                or tokens > engine.forward.dense_tokens
                or heads > engine.forward.head_rows
            ):
                units.append([])
                tokens, heads = len(row.lead.ids), row.lead.wanted
            units[-1].append(row)
    return units
