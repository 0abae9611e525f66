"""How likely a call is to start where no token holds the open marker: its pieces one by one."""

from collections.abc import Sequence
from itertools import pairwise

import torch

from toolformer.lm.hf.streams.rows import StreamRow, StreamRows


@torch.inference_mode()
def ranks_in_pieces(
    logits: torch.Tensor,
    rows: Sequence[StreamRow],
    *,
    pieces: Sequence[int],
    most: Sequence[int],
    batches: StreamRows,
    max_length: int,
) -> list[int]:
    """Returns the marker's rank among all that could come next, 1 for the likeliest.

    The marker is never likelier than its first piece. Where that is not among the likeliest, its
    rank is returned and the others are not forwarded.

    Args:
        logits: (rows, vocabulary) float32 after the last token of each row.
        rows: are as they were when this returns.
        pieces: the marker's tokens.
        most: per row, the rank beyond which it does not matter; 0 where none matters.
        batches: forwards the rows.
        max_length: the longest row.
    """
    first = pieces[0]
    log_probs = logits.log_softmax(dim=-1)
    found: list[int] = (1 + (log_probs > log_probs[:, first, None]).sum(dim=-1)).tolist()
    could = [index for index, bound in enumerate(found) if bound <= most[index]]
    if not could:
        return found
    log_probs = log_probs[could]
    following = _following(
        [rows[index] for index in could],
        pieces,
        batches=batches,
        max_length=max_length,
        device=logits.device,
    )
    marker = log_probs[:, first] + following
    rest = log_probs[:, first].exp() - marker.exp()  # the first piece, and something else
    log_probs[:, first] = rest.clamp(min=0).log()
    ranks = (1 + (log_probs > marker[:, None]).sum(dim=-1)).tolist()
    for index, rank in zip(could, ranks, strict=True):
        found[index] = rank
    return found


def _following(
    rows: Sequence[StreamRow],
    pieces: Sequence[int],
    *,
    batches: StreamRows,
    max_length: int,
    device: torch.device,
) -> torch.Tensor:
    """Returns (rows,) float32: log p of the pieces after the first, once the first is said.

    A row without room for them would not say them: −inf.
    """
    others = len(pieces) - 1
    fitting = [n for n, row in enumerate(rows) if max_length - len(row.ids) >= others]
    going_on = [rows[n] for n in fitting]
    lengths = [len(row.ids) for row in going_on]
    summed = torch.full((len(rows),), -torch.inf, device=device)
    summed[fitting] = 0.0
    if going_on:
        for said, piece in pairwise(pieces):
            for row in going_on:
                row.ids.append(said)
            summed[fitting] += batches.logits(going_on).log_softmax(dim=-1)[:, piece]
    for row, length in zip(going_on, lengths, strict=True):
        del row.ids[length:]
        row.seen = min(row.seen, length)
    return summed
