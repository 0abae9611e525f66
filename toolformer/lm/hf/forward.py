"""Forward passes over a back end: counted by purpose, grouped by length, halved where too large."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeVar

import torch
from transformers.cache_utils import Cache

from toolformer.errors import ModelError, clipped
from toolformer.lm.base import TokenUsage
from toolformer.lm.hf.backend import Backend

_log = logging.getLogger(__name__)

LOGIT_BYTES = 256 * 2**20  # of one forward, in float32: bounds how many rows see the output head
CACHED_PER_FORWARDED = 2  # a batch holds the keys and values of so many times its tokens
# A processor forwards fastest while what a layer computes stays in its caches; a GPU, the more at
# once. The widest of it is about four times the hidden width, in float32.
CACHE_BYTES = 8 * 2**20
FEWEST_TOKENS = 256  # below these, reading the weights takes longer than using them

Item = TypeVar("Item")
Purpose = Literal["prompt", "text", "decode", "score"]


class Forward:
    """A back end, its tokens counted, its batches cut to what fits."""

    def __init__(self, backend: Backend, *, batch_tokens: int) -> None:
        self.backend = backend
        self.usage = TokenUsage()
        self.device = backend.device
        self.dtype = backend.dtype
        self.batch_tokens = batch_tokens
        self._pieces = 1  # into which a batch is cut, once one did not fit into memory
        self.head_rows = max(1, LOGIT_BYTES // (4 * backend.vocabulary))
        self.dense_tokens = batch_tokens  # of one forward of whole rows
        if self.device.type == "cpu":
            fitting = max(FEWEST_TOKENS, CACHE_BYTES // (4 * 4 * backend.width))
            self.dense_tokens = min(batch_tokens, fitting)

    @torch.inference_mode()
    def logits(
        self,
        ids: torch.Tensor,
        rows: torch.Tensor,
        *,
        purpose: Purpose,
        padding: int = 0,
        cache: Cache | None = None,
        mask: torch.Tensor | None = None,
        positions: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Runs the model as `Backend.logits` does, and counts the tokens by purpose, padding apart.

        Returns:
            (wanted, vocabulary) float32 logits.
        """
        logits = self.backend.logits(ids, rows, cache=cache, mask=mask, positions=positions)
        tokens = ids.numel() - padding
        setattr(self.usage, purpose, getattr(self.usage, purpose) + tokens)
        self.usage.padding += padding
        return logits

    def cost(self, tokens: int, *, head_rows: int, cached: int = 0) -> int:
        """Returns what a row takes of `batch_tokens`.

        Args:
            tokens: to be forwarded.
            head_rows: how many of them go through the output head.
            cached: tokens before them, whose keys and values take memory though no time.
        """
        head = head_rows * self.batch_tokens // self.head_rows
        return max(tokens, head, (cached + tokens) // CACHED_PER_FORWARDED)

    def plan_dense(
        self, tokens: Sequence[int], *, head_rows: Sequence[int], cached: Sequence[int] = ()
    ) -> list[list[int]]:
        """Groups rows of like length, all of whose tokens are at hand, into forwards.

        Args:
            tokens: of each row.
            head_rows: how many of them go through the output head.
            cached: tokens before them, whose keys and values are copied for this row; none if
                left out.
        """
        bounds = [Bound(head_rows, self.head_rows)]
        if cached:
            bounds.append(Bound(cached, CACHED_PER_FORWARDED * self.batch_tokens))
        return plan_batches(tokens, self.dense_tokens, bounds=bounds)

    def tensor(self, values: object, dtype: torch.dtype = torch.int64) -> torch.Tensor:
        """Returns values as a tensor where the model is."""
        return torch.as_tensor(values, dtype=dtype).to(self.device, non_blocking=True)

    def padded(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        """Returns (rows, longest) int64, padded on the right with token 0."""
        width = max(map(len, rows))
        return self.tensor([[*row, *[0] * (width - len(row))] for row in rows])

    def in_batches(self, batches: Sequence[list[Item]], run: Callable[[list[Item]], None]) -> None:
        """Runs batches; one that does not fit into memory is halved until it does.

        Into how many pieces is remembered: the next batches are cut like it before they are tried.
        """
        for batch in batches:
            pieces = min(self._pieces, len(batch))
            edges = [len(batch) * n // pieces for n in range(pieces + 1)]
            for start, end in pairwise(edges):
                self._run_halved(batch[start:end], run, pieces=pieces)

    def _run_halved(
        self, batch: list[Item], run: Callable[[list[Item]], None], *, pieces: int
    ) -> None:
        """Runs a piece of a batch, halved until it fits."""
        try:
            run(batch)
            return
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if type(error).__name__ == "AcceleratorError":  # the device is lost to this process
                said = clipped(str(error).partition("\n")[0], 200)
                raise ModelError(f"The device failed: {said}. Run the command again.") from error
            if not _is_out_of_memory(error):
                raise
            if len(batch) == 1:
                raise ModelError(
                    "One row of this model does not fit into memory. Use a smaller model,"
                    " `--dtype bfloat16`, or shorter texts."
                ) from error
        # Out of the handler, which keeps alive what did not fit.
        _log.warning("out of memory with %d rows: halving the batch", len(batch))
        self._pieces = max(self._pieces, 2 * pieces)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        middle = len(batch) // 2
        for half in (batch[:middle], batch[middle:]):
            self._run_halved(half, run, pieces=2 * pieces)


@dataclass(frozen=True, slots=True)
class Bound:
    """A number of each row, and the most that those of one batch may come to."""

    numbers: Sequence[int]
    most: int


def plan_batches(
    lengths: Sequence[int], budget: int, *, bounds: Sequence[Bound] = ()
) -> list[list[int]]:
    """Groups rows of like length so that a batch, padding included, keeps within a budget.

    A batch that is an eighth full is closed where a row would lengthen it by an eighth: by then a
    forward costs by its tokens, and the padding would cost more than another forward.

    Args:
        lengths: of the rows.
        budget: for a batch; a row that is longer is one of its own.
        bounds: what else a batch keeps within.

    >>> plan_batches([8, 20, 8, 20], budget=40)
    [[0, 2], [1, 3]]
    >>> plan_batches([10, 10, 11, 12], budget=160)
    [[0, 1, 2], [3]]
    >>> plan_batches([10, 10, 10], budget=160, bounds=[Bound([1, 1, 5], most=3)])
    [[0, 1], [2]]
    """
    batches: list[list[int]] = []
    taken = [0] * len(bounds)
    for index in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        length = lengths[index]
        asked = [bound.numbers[index] for bound in bounds]
        sums = [had + new for had, new in zip(taken, asked, strict=True)]
        fits = all(total <= bound.most for total, bound in zip(sums, bounds, strict=True))
        if batches and fits and length * (len(batches[-1]) + 1) <= budget:
            shortest = lengths[batches[-1][0]]
            if 8 * length < 9 * shortest or 8 * shortest * len(batches[-1]) < budget:
                batches[-1].append(index)
                taken = sums
                continue
        batches.append([index])
        taken = asked
    return batches


def _is_out_of_memory(error: BaseException) -> bool:
    # On the CPU the allocator raises a plain RuntimeError.
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def not_a_number(name: str, dtype: torch.dtype) -> ModelError:
    """Returns the error for a model that predicts what is not a number."""
    way_out = (
        "Its weights are damaged: copy it again."
        if dtype == torch.float32
        else "Its numbers may be too large for this type: try --dtype float32."
    )
    kind = str(dtype).removeprefix("torch.")
    return ModelError(f"{name} predicts what is not a number, in {kind}. {way_out}")


def logits_after(
    forward: Forward,
    rows: Sequence[Sequence[int]],
    *,
    purpose: Purpose,
    heads: Sequence[Sequence[int]] | None = None,
) -> torch.Tensor:
    """Forwards whole rows in batches of like lengths, without a cache.

    Args:
        forward: runs the model.
        rows: whole rows.
        purpose: of the forwards.
        heads: after which tokens of each row; after its last when None.

    Returns:
        (heads of all rows, vocabulary) float32 logits, row by row.
    """
    if heads is None:
        heads = [(len(row) - 1,) for row in rows]
    order: list[int] = []
    parts: list[torch.Tensor] = []

    def run(batch: list[int]) -> None:
        found = padded_logits(
            forward,
            [rows[index] for index in batch],
            purpose=purpose,
            heads=[heads[index] for index in batch],
        )
        parts.append(found)
        order.extend(index for index in batch for _ in heads[index])

    planned = forward.plan_dense([len(row) for row in rows], head_rows=[len(own) for own in heads])
    forward.in_batches(planned, run)
    places = sorted(range(len(order)), key=order.__getitem__)
    return torch.cat(parts)[forward.tensor(places)]


def padded_logits(
    forward: Forward,
    rows: Sequence[Sequence[int]],
    *,
    purpose: Purpose,
    heads: Sequence[Sequence[int]] | None = None,
) -> torch.Tensor:
    """Forwards whole rows as one batch; arguments and result are those of `logits_after`.

    They are padded on the right without a mask: no state flows back from there.
    """
    ids = forward.padded(rows)
    width = ids.shape[1]
    if heads is None:
        heads = [(len(row) - 1,) for row in rows]
    return forward.logits(
        ids,
        forward.tensor([n * width + head for n, own in enumerate(heads) for head in own]),
        purpose=purpose,
        padding=ids.numel() - sum(map(len, rows)),
    )
