"""How well a model in training predicts held-out text while it may not call."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from toolformer.lm.encoding import Encoding

_BATCH_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a text's tokens, of which the last ones are scored."""

    ids: tuple[int, ...]  # the start token included
    scored: int


def make_windows(texts: Sequence[str], *, encoding: Encoding, context: int) -> list[Window]:
    """Encodes texts so that each of their tokens is scored once.

    A text that is longer than the context becomes windows that overlap by half. Without a start
    token a text's first token is not scored.
    """
    windows = []
    room = context - len(encoding.start)
    for encoded in encoding.texts(texts):
        done = 0 if encoding.start else 1
        begin = 0
        while done < len(encoded.ids):
            end = min(begin + room, len(encoded.ids))
            windows.append(Window(encoding.start + encoded.ids[begin:end], end - done))
            done = end
            begin = end - room // 2
    return windows


def summed_loss(
    logits_of: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    windows: Sequence[Window],
    *,
    markers: Sequence[int],
    device: torch.device,
) -> float:
    """Returns −Σ log p of the scored tokens, nats, with the open marker made impossible.

    Where the marker itself is the token to be predicted, nothing is removed.

    Args:
        logits_of: from ids and attention mask, (rows, width) each, to (rows, width, vocabulary).
        windows: of the texts.
        markers: the ids that hold the open marker; none when it cannot be told by one token.
        device: where the ids go.
    """
    total = 0.0
    barred = torch.tensor(list(markers), dtype=torch.long, device=device)
    for batch in _batches(windows):
        width = max(len(window.ids) for window in batch)
        ids = torch.zeros(len(batch), width, dtype=torch.long)
        mask = torch.zeros(len(batch), width, dtype=torch.long)
        counts = torch.zeros(len(batch), width, dtype=torch.bool)
        for number, window in enumerate(batch):
            length = len(window.ids)
            ids[number, :length] = torch.tensor(window.ids)
            mask[number, :length] = 1
            counts[number, length - window.scored : length] = True
        ids, mask, counts = ids.to(device), mask.to(device), counts[:, 1:].to(device)
        logits = logits_of(ids, mask)[:, :-1][counts].float()  # (scored, vocabulary)
        aimed = ids[:, 1:][counts]
        if len(barred):
            is_marker = torch.isin(aimed, barred)
            free = logits.index_fill(1, barred, -torch.inf)
            logits = torch.where(is_marker[:, None], logits, free)
        total += functional.cross_entropy(logits, aimed, reduction="sum").item()
    return total


def perplexity(loss: float, tokens: int) -> float:
    """Returns e to the mean loss.

    >>> perplexity(0.0, 4)
    1.0
    """
    return math.exp(loss / tokens) if math.isfinite(loss) and loss / tokens < 700 else math.inf


def _batches(windows: Sequence[Window]) -> list[list[Window]]:
    """Puts windows of like length together."""
    batches: list[list[Window]] = []
    size = 0
    for window in sorted(windows, key=lambda each: len(each.ids), reverse=True):
        if not batches or (len(batches[-1]) + 1) * size > _BATCH_TOKENS:
            batches.append([])
            size = len(window.ids)
        batches[-1].append(window)
    return batches
