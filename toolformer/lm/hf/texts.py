"""How well whole texts are predicted, token by token."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from toolformer.lm.hf.engine import Engine
from toolformer.lm.hf.losses import log_probs, log_probs_without_marker


@dataclass(frozen=True, slots=True)
class ScoredSpan:
    """A run of a row's tokens that is forwarded together."""

    start: int
    end: int
    first: int  # the first token that is scored here; those before it only tell


def scored_spans(length: int, *, longest: int, first: int) -> list[ScoredSpan]:
    """Cuts a row into windows that overlap by half, so that each token is scored once.

    Args:
        length: of the row, in tokens.
        longest: the most tokens of a window.
        first: the first token of the row that is to be scored.

    >>> [(each.start, each.end, each.first) for each in scored_spans(9, longest=4, first=1)]
    [(0, 4, 1), (2, 6, 4), (4, 8, 6), (6, 9, 8)]
    """
    found: list[ScoredSpan] = []
    start = 0
    while first < length:
        end = min(start + longest, length)
        found.append(ScoredSpan(start, end, first))
        first, start = end, end - longest // 2
    return found


@dataclass(frozen=True, slots=True)
class _Row:
    """A window of a text, with its tokens."""

    text: int
    ids: tuple[int, ...]
    first: int  # of the window's tokens, the first that is scored


def text_log_probs(
    engine: Engine, texts: Sequence[str], *, without_marker: bool
) -> list[np.ndarray]:
    """Returns (tokens,) float32 per text: log p of each token given those before it, nats."""
    start = engine.encoding.start
    rows: list[_Row] = []
    for index, encoded in enumerate(engine.encoding.texts(texts)):
        ids = start + encoded.ids
        rows += [
            _Row(index, ids[each.start : each.end], each.first - each.start)
            for each in scored_spans(len(ids), longest=engine.max_length, first=1)
        ]
    scored: dict[_Row, np.ndarray] = {}
    batches = engine.forward.plan_dense(
        [len(row.ids) for row in rows], head_rows=[len(row.ids) - row.first for row in rows]
    )
    engine.forward.in_batches(
        [[rows[index] for index in batch] for batch in batches],
        lambda batch: scored.update(_score(engine, batch, without_marker=without_marker)),
    )
    parts: list[list[np.ndarray]] = [[np.zeros(0, dtype=np.float32)] for _ in texts]
    for row in rows:
        parts[row.text].append(scored[row])
    return [np.concatenate(each) for each in parts]


def _score(engine: Engine, rows: Sequence[_Row], *, without_marker: bool) -> dict[_Row, np.ndarray]:
    """Forwards rows, their last tokens left out, and reads off what follows each token."""
    forward = engine.forward
    given = [row.ids[:-1] for row in rows]
    ids = forward.padded(given)
    width = ids.shape[1]
    spans = [range(row.first - 1, len(row.ids) - 1) for row in rows]
    logits = forward.logits(
        ids,
        forward.tensor([n * width + i for n, span in enumerate(spans) for i in span]),
        purpose="score",
        padding=ids.numel() - sum(map(len, given)),
    )
    aimed = forward.tensor([token for row in rows for token in row.ids[row.first :]])
    found = (
        log_probs_without_marker(engine, logits, aimed)
        if without_marker
        else log_probs(logits, aimed)
    )
    split = np.split(engine.numbers(found), np.cumsum([len(span) for span in spans])[:-1])
    return dict(zip(rows, split, strict=True))
