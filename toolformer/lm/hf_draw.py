"""Choosing tokens from logits, on the device: the only numbers to come back are the chosen ids."""

from collections.abc import Sequence

import torch


@torch.inference_mode()
def choose(
    logits: torch.Tensor, temperatures: Sequence[float], uniforms: Sequence[Sequence[float]]
) -> list[list[int]]:
    """Draws tokens by the inverse of the cumulated probabilities; at temperature 0 the likeliest.

    Args:
        logits: (rows, vocabulary) float32.
        temperatures: one per row.
        uniforms: per row one number in [0, 1) for each draw; rows may differ in how many.

    Returns:
        Per row one id for each of its numbers.
    """
    counts = [len(row) for row in uniforms]
    greedy = [row for row, temperature in enumerate(temperatures) if temperature == 0]
    drawn = [row for row, temperature in enumerate(temperatures) if temperature > 0]
    chosen: list[list[int]] = [[] for _ in counts]
    if greedy:
        for row, best in zip(greedy, logits[greedy].argmax(dim=-1).tolist(), strict=True):
            chosen[row] = [best] * counts[row]
    if drawn:
        width = max(counts[row] for row in drawn)
        numbers = [[*uniforms[row], *[0.0] * (width - counts[row])] for row in drawn]
        heats = logits.new_tensor([temperatures[row] for row in drawn])[:, None]
        scaled = logits if len(drawn) == len(counts) else logits[drawn]
        ids = _inverse(scaled / heats, logits.new_tensor(numbers, dtype=torch.float64))
        for row, best in zip(drawn, ids.tolist(), strict=True):
            chosen[row] = best[: counts[row]]
    return chosen


def _inverse(logits: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
    """Returns (rows, draws) int64: the first id whose cumulated probability passes the number.

    The sum runs in float64: in float32 its rounding, over fifty thousand ids, would depend on how
    the device adds, and with it the draw.
    """
    cumulated = torch.softmax(logits.double(), dim=-1).cumsum(dim=-1)  # (rows, vocabulary)
    ids = torch.searchsorted(cumulated, numbers * cumulated[:, -1:], right=True)
    return ids.clamp_(max=logits.shape[-1] - 1)
