"""Calls at their places in texts that were read: what the text's next tokens then cost.

What stands before a place is read from the trunk, and what of a call was sampled there from where
that is kept. A call with its output begins as the same call without it, and the calls of a place
with their tool. Where a model is exact under masks they are one row, in which what they share is
forwarded once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from toolformer.lm.base import CallScoreRequest
from toolformer.lm.hf.branching.branches import BranchStart
from toolformer.lm.hf.branching.forks import Trie
from toolformer.lm.hf.branching.tree import Tree
from toolformer.lm.hf.engine import Engine
from toolformer.lm.hf.trunks.reading import Trunk


@dataclass(frozen=True, slots=True)
class ScoredCall:
    """A call at a place, and the text's next tokens."""

    request: CallScoreRequest
    row: int  # of the trunk
    seen: int  # tokens of that row before the place, prompt included
    said: tuple[int, ...]  # of the call, the tokens that were said there, by number
    call: tuple[int, ...]  # the others
    targets: tuple[int, ...]


@dataclass(slots=True)
class _Row:
    """Calls at one place in one row of tokens."""

    row: int
    seen: int
    said: tuple[int, ...]  # what they begin with
    trie: Trie = field(default_factory=Trie)
    # Of each call, which of the row's logits predict its targets.
    calls: list[tuple[ScoredCall, list[int]]] = field(default_factory=list)

    def add(self, scored: ScoredCall) -> None:
        """Takes a call in."""
        ids = scored.call + scored.targets[:-1]
        self.calls.append((scored, self.trie.add(ids, heads=len(scored.targets))))

    @property
    def lead(self) -> BranchStart:
        """What is forwarded."""
        return BranchStart(
            self.row, self.seen, tuple(self.trie.ids), said=self.said, fork=self.trie.fork
        )


def scored_call(
    engine: Engine, trunk: Trunk, request: CallScoreRequest, *, row: int, before: int
) -> ScoredCall:
    """Encodes a call at a place that so many of its text's tokens precede.

    Raises:
        ModelError: if its row is longer than the model's context.
    """
    reading = trunk.readings[row]
    call = engine.encoding.call(request.call, request.output, first=False).ids
    targets = reading.text.ids[before : before + request.tokens]
    seen = reading.before + before
    engine.check_length(
        seen + len(call) + len(targets) - 1, engine.encoding.grammar.format(request.call)
    )
    # What follows the last token of a call is asked for, so that one is forwarded.
    said = () if trunk.said is None else trunk.said.path(row, seen, call[:-1])
    return ScoredCall(request, row, seen, said, call[len(said) :], targets)


def score_calls(
    engine: Engine, trunk: Trunk, calls: Sequence[ScoredCall]
) -> dict[CallScoreRequest, np.ndarray]:
    """Returns (up to `tokens`,) float32 per request; rows of like length are one forward."""
    found: dict[CallScoreRequest, np.ndarray] = {}

    def run(batch: list[_Row]) -> None:
        logits = trunk.decoder(engine).start([row.lead for row in batch], purpose="score")
        log_probs = engine.numbers(_log_probs(engine, logits, batch))
        scored = [call for row in batch for call, _ in row.calls]
        edges = np.cumsum([len(call.targets) for call in scored])[:-1]
        for call, values in zip(scored, np.split(log_probs, edges), strict=True):
            found[call.request] = values

    engine.forward.in_batches(_plan(engine, trunk, _rows(engine, calls)), run)
    return found


def _log_probs(engine: Engine, logits: torch.Tensor, rows: Sequence[_Row]) -> torch.Tensor:
    """Returns (targets of all calls,) float32, nats."""
    heads: list[int] = []
    targets: list[int] = []
    done = 0
    for row in rows:
        for call, own in row.calls:
            heads += [done + head for head in own]
            targets += call.targets
        done += len(row.trie.fork.heads)
    at, aimed = engine.forward.tensor([heads, targets])
    return logits[at, aimed] - logits.logsumexp(dim=-1)[at]


def _rows(engine: Engine, calls: Sequence[ScoredCall]) -> list[_Row]:
    """Puts the calls of a place into one row; each into its own where a row may not fork."""
    rows: dict[tuple[int, int, tuple[int, ...], int], _Row] = {}
    for index, call in enumerate(calls):
        key = call.row, call.seen, call.said, 0 if engine.exact_under_masks else index
        rows.setdefault(key, _Row(call.row, call.seen, call.said)).add(call)
    return list(rows.values())


def _plan(engine: Engine, trunk: Trunk, rows: Sequence[_Row]) -> list[list[_Row]]:
    """Groups rows into forwards with little padding that fit into memory."""
    head = trunk.cache.head_length
    units = _by_text(engine, rows) if engine.decoding is Tree else [[row] for row in rows]
    batches = engine.forward.plan_dense(
        [_width(unit) for unit in units],
        head_rows=[sum(len(row.trie.fork.heads) for row in unit) for unit in units],
        cached=[
            engine.decoding.cached_tokens([row.seen for row in unit], head=head)
            + sum(len(row.said) for row in unit)
            for unit in units
        ],
    )
    return [[row for index in batch for row in units[index]] for batch in batches]


def _by_text(engine: Engine, rows: Sequence[_Row]) -> list[list[_Row]]:
    """Groups the rows of each text, which stand side by side in a tree, as far as they fit."""
    forward = engine.forward
    units: list[list[_Row]] = []
    for row in sorted(rows, key=lambda each: (each.row, len(each.trie.ids))):
        if units and units[-1][0].row == row.row:
            grown = [*units[-1], row]
            heads = sum(len(each.trie.fork.heads) for each in grown)
            if _width(grown) <= forward.dense_tokens and heads <= forward.head_rows:
                units[-1] = grown
                continue
        units.append([row])
    return units


def _width(unit: Sequence[_Row]) -> int:
    """Returns how many tokens rows have that stand side by side, their padding included."""
    return len(unit) * max(len(row.trie.ids) for row in unit)
