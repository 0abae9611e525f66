"""The losses' rows: alike ones once, cut after the last token that counts, batched by length."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from toolformer.errors import ModelError
from toolformer.lm.base import SCORED_TOKENS, LossRequest
from toolformer.lm.encoded import EncodedText
from toolformer.lm.hf.engine import Engine


@dataclass(frozen=True, slots=True)
class _Target:
    """The tokens a request asks for."""

    request: LossRequest
    first: int  # where in the row they start
    count: int


@dataclass(slots=True)
class _Row:
    """A row of tokens and all that is asked of it."""

    ids: tuple[int, ...]
    targets: list[_Target] = field(default_factory=list)

    @property
    def length(self) -> int:
        """How many tokens are forwarded: nothing after the last target matters, nor it itself."""
        return max(target.first + target.count for target in self.targets) - 1

    @property
    def wanted(self) -> list[int]:
        """The targets' indices. Places near each other share some: the head sees each once."""
        spans = (range(target.first, target.first + target.count) for target in self.targets)
        return sorted({index for span in spans for index in span})


def target_log_probs(engine: Engine, requests: Sequence[LossRequest]) -> list[np.ndarray]:
    """Returns (up to 5,) float32 per request: log p of the tokens from the place on.

    Requests that put the same call, or none, before the same text are one row for all their places.
    """
    texts = list(dict.fromkeys(request.text for request in requests))
    encoded = dict(zip(texts, engine.encoding.texts(texts), strict=True))
    rows: dict[LossRequest, _Row] = {}
    for request in dict.fromkeys(requests):
        _add(engine, rows, request, encoded[request.text])
    found: dict[LossRequest, np.ndarray] = {}
    todo = list(rows.values())
    batches = engine.forward.plan_dense(
        [row.length for row in todo], head_rows=[len(row.wanted) for row in todo]
    )
    engine.forward.in_batches(
        [[todo[index] for index in batch] for batch in batches],
        lambda batch: found.update(_score(engine, batch)),
    )
    return [found[request] for request in requests]


def _add(
    engine: Engine, rows: dict[LossRequest, _Row], request: LossRequest, text: EncodedText
) -> None:
    """Finds or makes the row of a request and puts down what is asked of it."""
    before = text.tokens_before(request.position)
    inline = request.inline and request.call is not None
    start = engine.encoding.start
    if before is None or (before == 0 and not start and (inline or request.call is None)):
        raise ModelError(
            f"Position {request.position} is not a place of {request.text[:60]!r}: places are the"
            " ends of its tokens but the last, as `token_ends` gives them."
        )
    call: tuple[int, ...] = ()
    if request.call is not None:
        call = engine.encoding.call(request.call, request.output, first=not inline).ids
    # All places of a text share a row, unless the call stands at the place itself.
    kind = LossRequest(
        request.text, request.position if inline else 0, request.call, request.output, inline
    )
    row = rows.get(kind)
    if row is None:
        ahead, behind = (text.ids[:before], text.ids[before:]) if inline else ((), text.ids)
        row = rows[kind] = _Row(start + ahead + call + behind)
    first = len(start) + len(call) + before
    target = _Target(request, first, min(SCORED_TOKENS, len(row.ids) - first))
    engine.check_length(target.first + target.count, request.text)
    row.targets.append(target)


def _score(engine: Engine, rows: Sequence[_Row]) -> dict[LossRequest, np.ndarray]:
    """Forwards rows and reads off what is asked of them."""
    forward = engine.forward
    ids = forward.padded([row.ids[: row.length] for row in rows])
    width = ids.shape[1]
    wanted = [row.wanted for row in rows]
    logits = forward.logits(
        ids,
        forward.tensor([n * width + i - 1 for n, indices in enumerate(wanted) for i in indices]),
        purpose="score",
        padding=ids.numel() - sum(row.length for row in rows),
    )
    aimed = forward.tensor([row.ids[i] for row, js in zip(rows, wanted, strict=True) for i in js])
    plain = freed = engine.numbers(log_probs(logits, aimed))
    if any(target.request.without_marker for row in rows for target in row.targets):
        freed = engine.numbers(log_probs_without_marker(engine, logits, aimed))
    found: dict[LossRequest, np.ndarray] = {}
    done = 0
    for row, indices in zip(rows, wanted, strict=True):
        seat = {index: done + n for n, index in enumerate(indices)}
        for target in row.targets:
            values = freed if target.request.without_marker else plain
            at = seat[target.first]
            found[target.request] = values[at : at + target.count]
        done += len(indices)
    return found


def log_probs(logits: torch.Tensor, aimed: torch.Tensor) -> torch.Tensor:
    """Returns (targets,) float32: log p of each target."""
    return logits.gather(1, aimed[:, None])[:, 0] - logits.logsumexp(dim=-1)


def log_probs_without_marker(
    engine: Engine, logits: torch.Tensor, aimed: torch.Tensor
) -> torch.Tensor:
    """Returns (targets,) float32: log p of each target once the open marker is impossible.

    Where the target itself is the marker, nothing is removed.

    Raises:
        ModelError: if no token holds the marker.
    """
    if not engine.encoding.marker_ids:
        raise ModelError(
            f"The tokenizer of {engine.name} has no token for the marker"
            f" {engine.encoding.grammar.open!r}, so calls cannot be disabled. Choose another"
            " marker, or for annotating a prompt style other than none."
        )
    markers = engine.forward.tensor(engine.encoding.marker_ids)
    freed = log_probs(logits.index_fill(1, markers, -torch.inf), aimed)
    return torch.where(torch.isin(aimed, markers), log_probs(logits, aimed), freed)
