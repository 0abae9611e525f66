"""The order in which rows are seen, and how a batch of them is put together.

The order is drawn once, for all steps, so that a resumed training sees the same batches.
"""

import inspect
from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.data import Dataset

from toolformer.finetune.data.rows import TrainingRow
from toolformer.lm.hf.backend import additive
from toolformer.lm.hf.branching.forks import depths_of, seen_of

IGNORED = -100  # a label that has no part in the loss
# A device takes so many tokens at a time, and logits of these over the whole vocabulary.
_DEVICE_TOKENS = 4096
_DEVICE_LOGITS = 100_000_000
_SORTED_BATCHES = 50  # so many batches' rows are put in order of length together
# Logits over the whole vocabulary cost as much as a third of a small model's layers. Where fewer
# than this share of a batch's places predict something learned, only theirs are computed.
_FEW = 0.5


def draw_order(
    lengths: Sequence[int], *, batch_size: int, steps: int, seed: int, by_length: bool = False
) -> list[int]:
    """Returns the rows of all steps, one batch after the other.

    Rows are shuffled in every epoch. Within a batch they go by length, so that a device that takes
    a part of them at a time pads little, while what a step learns from does not depend on length.
    With `by_length` it does: rows of like length, out of a stretch of the shuffled ones, make a
    batch, and it pads nearly nothing.

    >>> draw_order([5, 3, 9, 1], batch_size=2, steps=3, seed=0)
    [0, 2, 3, 1, 3, 0]
    """
    drawn: list[int] = []
    epoch = 0
    while len(drawn) < steps * batch_size:
        rng = np.random.default_rng([seed, epoch])
        shuffled: list[int] = rng.permutation(len(lengths)).tolist()
        if by_length:
            shuffled = _by_length(shuffled, lengths, batch_size=batch_size, rng=rng)
        drawn += shuffled
        epoch += 1
    return [
        row
        for step in range(steps)
        for row in sorted(
            drawn[step * batch_size : (step + 1) * batch_size], key=lambda row: (lengths[row], row)
        )
    ]


def _by_length(
    shuffled: Sequence[int], lengths: Sequence[int], *, batch_size: int, rng: np.random.Generator
) -> list[int]:
    """Returns shuffled rows in batches of like length, the batches in an order drawn anew.

    Only whole batches of an epoch are moved: what is left over stays at its end.
    """
    batches: list[list[int]] = []
    size = _SORTED_BATCHES * batch_size
    for start in range(0, len(shuffled), size):
        stretch = sorted(shuffled[start : start + size], key=lambda row: lengths[row])
        batches += [
            stretch[first : first + batch_size] for first in range(0, len(stretch), batch_size)
        ]
    whole = [batch for batch in batches if len(batch) == batch_size]
    rest = [row for batch in batches if len(batch) < batch_size for row in batch]
    order = rng.permutation(len(whole))
    return [row for number in order for row in whole[number]] + rest


def device_rows_for(*, batch_size: int, longest: int, vocabulary: int, devices: int = 1) -> int:
    """Returns how many rows a device takes at a time: a divisor of its part of the batch.

    >>> device_rows_for(batch_size=32, longest=200, vocabulary=4096)
    16
    >>> device_rows_for(batch_size=128, longest=1024, vocabulary=50_257)
    1
    """
    share = batch_size // devices
    tokens = min(_DEVICE_TOKENS, _DEVICE_LOGITS // vocabulary)
    fitting = [rows for rows in range(1, share + 1) if share % rows == 0]
    return max((rows for rows in fitting if rows * longest <= tokens), default=1)


class OrderedRows(Dataset[TrainingRow]):
    """The rows of all steps in the order they are seen."""

    def __init__(self, rows: Sequence[TrainingRow], order: Sequence[int]) -> None:
        self._rows = rows
        self._order = order

    def __len__(self) -> int:
        """Counts the rows of all steps."""
        return len(self._order)

    def __getitem__(self, index: int) -> TrainingRow:
        """Returns the row that is seen at this place."""
        return self._rows[self._order[index]]


def collate(rows: Sequence[TrainingRow], *, can_narrow: bool = False) -> dict[str, torch.Tensor]:
    """Puts rows together as the model takes them; padding follows a row and is not learned.

    Where a row forks, the mask is (rows, 1, width, width), to be added to what attention gives.

    Args:
        rows: of a batch.
        can_narrow: whether the model computes logits at chosen places only. Where few places
            predict what is learned, as in long prompts with short completions, `logits_to_keep`
            (places,) names them, and `shift_labels` (rows, places) has what they predict.
    """
    width = max(len(row.ids) for row in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    labels = torch.full((len(rows), width), IGNORED)
    for number, row in enumerate(rows):
        length = len(row.ids)
        own = torch.tensor(row.ids)
        ids[number, :length] = own
        mask[number, :length] = 1
        labels[number, :length] = own.masked_fill(~torch.tensor(row.learned), IGNORED)
    batch = {"input_ids": ids, "attention_mask": mask, "labels": labels}
    forks = [row.fork for row in rows]
    if any(fork is not None for fork in forks):
        seen = torch.from_numpy(seen_of(forks, width))[:, None]  # (rows, 1, width, width)
        batch["attention_mask"] = additive(seen, torch.float32)
        depths = depths_of(forks, [len(row.ids) for row in rows], width)
        batch["position_ids"] = torch.from_numpy(depths)  # (rows, width)
    if can_narrow:
        places = (labels[:, 1:] != IGNORED).any(dim=0).nonzero()[:, 0]  # (places,)
        if len(places) < _FEW * width:
            batch |= {"logits_to_keep": places, "shift_labels": labels[:, places + 1]}
    return batch


def can_narrow(model: torch.nn.Module) -> bool:
    """Returns whether a model computes logits at chosen places only, and a loss of these."""
    taken = inspect.signature(type(model).forward).parameters
    return "logits_to_keep" in taken and "kwargs" in taken
