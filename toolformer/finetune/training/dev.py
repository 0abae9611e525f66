"""How well a model in training predicts held-out texts."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from toolformer.finetune.data.batches import IGNORED, collate
from toolformer.finetune.data.rows import TrainingRow
from toolformer.lm.encoding import Encoding
from toolformer.lm.hf.texts import scored_spans

_BATCH_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class DevRows:
    """The rows by which a model is judged while it is trained."""

    plain: Sequence[TrainingRow]  # held-out texts without calls
    trained: Sequence[TrainingRow]  # those of them that would be trained on, as they would be
    barred: Sequence[int]  # the tokens that hold the open marker; none where no token does

    @property
    def is_any(self) -> bool:
        """Whether there is anything to judge by."""
        return bool(self.plain or self.trained)


def plain_rows(texts: Sequence[str], *, encoding: Encoding, context: int) -> list[TrainingRow]:
    """Encodes texts so that each of their tokens is scored once.

    A text that is longer than the context becomes rows that overlap by half. Without a start token
    a text's first token is not scored.
    """
    whole = (encoding.start + encoded.ids for encoded in encoding.texts(texts))
    return [
        TrainingRow(
            ids[window.start : window.end],
            (False,) * (window.first - window.start) + (True,) * (window.end - window.first),
        )
        for ids in whole
        for window in scored_spans(len(ids), longest=context, first=1)
    ]


def summed_loss(
    logits_of: Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None], torch.Tensor],
    rows: Sequence[TrainingRow],
    *,
    device: torch.device,
    barred: Sequence[int] = (),
    process: int = 0,
    processes: int = 1,
    can_narrow: bool = False,
) -> float:
    """Returns −Σ log p of the learned tokens of a process's share of the rows, in nats.

    All processes ask for as many logits, be it for nothing: where they hold a part of the weights
    each, none could go through the model alone.

    Args:
        logits_of: from ids and attention mask, (rows, width) each, to (rows, width, vocabulary);
            where places are given, (places,), to the logits of these, (rows, places, vocabulary).
        rows: of tokens.
        device: where the ids go.
        barred: tokens whose probability is taken away and shared out among the others, except
            where one of them is the token to be predicted.
        process: the number of this one.
        processes: that share the rows.
        can_narrow: whether places may be given.
    """
    batches = _batches(rows)
    total = 0.0
    impossible = torch.tensor(list(barred), dtype=torch.long, device=device)
    for number in range(process, process + len(batches), processes):
        collated = collate(batches[min(number, len(batches) - 1)], can_narrow=can_narrow)
        tensors = {name: each.to(device) for name, each in collated.items()}
        places = tensors.get("logits_to_keep")
        aimed = tensors["labels"][:, 1:] if places is None else tensors["shift_labels"]
        counts = aimed != IGNORED
        logits = logits_of(tensors["input_ids"], tensors["attention_mask"], places)
        logits = logits[:, : aimed.shape[1]][counts].float()  # (scored, vocabulary)
        aimed = aimed[counts]  # (scored,)
        if barred:
            free = logits.index_fill(1, impossible, -torch.inf)
            logits = torch.where(torch.isin(aimed, impossible)[:, None], logits, free)
        if number < len(batches):
            total += functional.cross_entropy(logits, aimed, reduction="sum").item()
    return total


def perplexity(mean_loss: float) -> float:
    """Returns e to a mean loss, e⁷⁰⁰ at most: a number that JSON has, however lost a model is.

    >>> perplexity(0.0), perplexity(1e9) == perplexity(700)
    (1.0, True)
    """
    return math.inf if math.isnan(mean_loss) else math.exp(min(mean_loss, 700.0))


def _batches(rows: Sequence[TrainingRow]) -> list[list[TrainingRow]]:
    """Puts rows of like length together."""
    batches: list[list[TrainingRow]] = []
    width = 0
    for row in sorted(rows, key=lambda each: len(each.ids), reverse=True):
        if not batches or (len(batches[-1]) + 1) * width > _BATCH_TOKENS:
            batches.append([])
            width = len(row.ids)
        batches[-1].append(row)
    return batches
