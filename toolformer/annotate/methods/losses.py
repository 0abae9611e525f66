"""How log-probabilities make one loss: L = Σ w_t · (−log p), in nats, t a token or a unit."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from toolformer.lm.base import LanguageModel, LossRequest

# w_t = max(0, 1 − 0.2 t) over their sum, 3 (the paper, section 2). Fewer tokens at the end of a
# text contribute what they have: the weights are not normalised again, so that a threshold means
# the same everywhere.
WEIGHTS = np.array([1.0, 0.8, 0.6, 0.4, 0.2]) / 3.0  # (5,) float64


def weighted_losses(log_probs: Sequence[npt.NDArray[np.float32]]) -> list[float]:
    """Returns the loss of each row of up to five log-probabilities, rounded to float32.

    >>> rows = [[-3.0, 0, 0, 0, 0], [-3.0, -1.5, -0.5]]
    >>> weighted_losses([np.array(row, dtype=np.float32) for row in rows])
    [1.0, 1.5]
    """
    padded = np.zeros((len(log_probs), len(WEIGHTS)))  # (rows, 5) float64, 0 past a text's end
    for row, values in zip(padded, log_probs, strict=True):
        row[: len(values)] = values
    # Summed in one fixed order: a matrix product may sum in another one elsewhere.
    losses: list[float] = (0.0 - (padded * WEIGHTS).sum(axis=1)).astype(np.float32).tolist()
    return losses


def unit_loss(log_probs: npt.NDArray[np.float32], sizes: Sequence[int]) -> float:
    """Returns the loss over units, each of which costs what all its tokens do.

    Args:
        log_probs: (tokens,) float32, of the units' tokens in order.
        sizes: how many tokens each of up to five units takes; their sum is that of the tokens.

    >>> unit_loss(np.array([-1.0, -2.0, -1.5, -0.5], dtype=np.float32), (2, 1, 1))
    1.5
    """
    ends = np.cumsum(sizes)
    costs = np.diff(np.cumsum(log_probs.astype(np.float64))[ends - 1], prepend=0.0)
    return float(np.float32(0.0 - (costs * WEIGHTS[: len(sizes)]).sum()))


def ask_losses(model: LanguageModel, requests: Sequence[LossRequest]) -> list[float]:
    """Returns the loss of each request, in nats."""
    return weighted_losses(model.target_log_probs(requests)) if requests else []
