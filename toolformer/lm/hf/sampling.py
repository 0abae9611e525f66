"""Choosing tokens from logits, on the device: the only numbers to come back are the chosen ids."""

from collections.abc import Collection, Mapping, Sequence

import torch

BLOCK = 256  # ids


@torch.inference_mode()
def choose(
    logits: torch.Tensor,
    temperatures: Sequence[float],
    uniforms: Sequence[Sequence[float | None]],
) -> list[list[int]]:
    """Draws tokens by the inverse of the cumulated probabilities; at temperature 0 the likeliest.

    Args:
        logits: (rows, vocabulary) float32.
        temperatures: one per row.
        uniforms: per row one number in [0, 1) for each draw, None for the likeliest token; rows may
            differ in how many.

    Returns:
        Per row one id for each of its numbers.
    """
    if logits.device.type == "mps":
        logits = logits.cpu()  # it has no float64
    hot = [temperature > 0 for temperature in temperatures]
    greedy = [row for row, numbers in enumerate(uniforms) if not hot[row] or None in numbers]
    drawn = [row for row, numbers in enumerate(uniforms) if hot[row] and set(numbers) - {None}]
    chosen: list[list[int]] = [[0] * len(numbers) for numbers in uniforms]
    if drawn:
        width = max(len(uniforms[row]) for row in drawn)
        numbers = [
            [*(number or 0.0 for number in uniforms[row]), *[0.0] * (width - len(uniforms[row]))]
            for row in drawn
        ]
        scaled = logits if len(drawn) == len(hot) else logits[drawn]
        if any(temperatures[row] != 1 for row in drawn):
            scaled = scaled / logits.new_tensor([temperatures[row] for row in drawn])[:, None]
        ids = _inverse(scaled, logits.new_tensor(numbers, dtype=torch.float64))
        for row, found in zip(drawn, ids.tolist(), strict=True):
            chosen[row] = found[: len(uniforms[row])]
    if greedy:
        for row, best in zip(greedy, logits[greedy].argmax(dim=-1).tolist(), strict=True):
            chosen[row] = [
                best if number is None or not hot[row] else found
                for number, found in zip(uniforms[row], chosen[row], strict=True)
            ]
    return chosen


def confine(logits: torch.Tensor, only: Mapping[int, Collection[int]]) -> torch.Tensor:
    """Returns logits in which rows have no tokens but some.

    Args:
        logits: (rows, vocabulary) float32; not changed.
        only: the tokens of some of the rows, at least one each.
    """
    if not only:
        return logits
    confined = logits.clone()
    for row, tokens in only.items():
        index = torch.tensor(list(tokens), device=logits.device)
        confined[row] = -torch.inf
        confined[row, index] = logits[row, index]
    return confined


def _inverse(logits: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
    """Returns (rows, draws) int64: the first id whose cumulated probability passes the number.

    The sum runs over blocks and then within one, in float64: in float32 its rounding, over fifty
    thousand ids, would depend on how the device adds, and with it the draw.
    """
    size = logits.shape[-1]
    weights = (logits - logits.amax(dim=-1, keepdim=True)).exp_()  # (rows, vocabulary)
    if size % BLOCK:
        weights = torch.nn.functional.pad(weights, (0, -size % BLOCK))
    blocks = weights.view(len(weights), -1, BLOCK)  # (rows, blocks, ids)
    sums = blocks.sum(dim=-1).double()
    cumulated = sums.cumsum(dim=-1)
    aims = numbers * cumulated[:, -1:]
    block = torch.searchsorted(cumulated, aims, right=True).clamp_(max=sums.shape[1] - 1)
    drawn = blocks.gather(1, block[..., None].expand(-1, -1, BLOCK)).double().cumsum(dim=-1)
    # How far into its block a number aims, as a part of what the block sums to.
    depth = (aims - cumulated.gather(1, block)) / sums.gather(1, block) + 1
    within = torch.searchsorted(drawn, (depth * drawn[..., -1])[..., None], right=True)
    ids = block * BLOCK + within[..., 0].clamp_(max=BLOCK - 1)
    return ids.clamp_(max=size - 1)
