"""Rows of tokens of different lengths that grow together: what none has forwarded yet, in batches.

Rows that continue by one token are one batch, whatever their lengths, where the model sees a mask
exactly, and else one batch for each length. Rows that continue by more are batched by how many.
"""

import operator
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import torch

from toolformer.lm.hf.forward import Forward, logits_after, plan_batches
from toolformer.lm.hf.streams.cache import SeatCache

SMALL = 64  # tokens; up to here a forward costs by its launching, and padding costs nothing
MIN_SLOTS = 256  # tokens; an answer of usual length never moves to larger buffers


@dataclass(slots=True, eq=False)
class StreamRow:
    """The tokens of one row and how many of them the model has seen."""

    ids: list[int]
    seen: int = 0
    seat: int = field(default=-1)


class StreamRows:
    """A changing set of rows with their keys and values.

    Args:
        forward: runs the model.
        max_length: the longest row.
        sees_masks: whether the model is exact on rows with masks and positions of their own.
        keeps: whether rows can be continued; otherwise each is forwarded whole, every time.
    """

    def __init__(self, forward: Forward, *, max_length: int, sees_masks: bool, keeps: bool) -> None:
        self._forward = forward
        self._max_length = max_length
        self._sees_masks = sees_masks
        self._keeps = keeps
        self._cache = SeatCache()
        self._seated: list[StreamRow] = []  # by seat

    def logits(self, rows: Sequence[StreamRow]) -> torch.Tensor:
        """Forwards what rows have not been seen of.

        Returns:
            (rows, vocabulary) float32, after each row's last token.
        """
        if not self._keeps:
            return logits_after(self._forward, [row.ids for row in rows], purpose="decode")
        for row in rows:
            if row.seat < 0:
                row.seat = len(self._seated)
                self._seated.append(row)
            row.seen = min(row.seen, len(row.ids) - 1)
        self._make_room(self._cache.slots)  # before rows change seats with those that are new
        order: list[StreamRow] = []
        parts: list[torch.Tensor] = []

        def run(batch: list[StreamRow]) -> None:
            parts.append(self._run(batch))
            order.extend(batch)

        self._forward.in_batches(self._plan(rows), run)
        logits = parts[0] if len(parts) == 1 else torch.cat(parts)
        if order == list(rows):
            return logits
        place = {id(row): index for index, row in enumerate(order)}
        return logits[self._forward.tensor([place[id(row)] for row in rows])]

    def drop(self, rows: Collection[StreamRow]) -> None:
        """Frees rows; the last ones take the seats of those that were before them."""
        for row in sorted(rows, key=operator.attrgetter("seat"), reverse=True):
            if row.seat < 0:
                continue
            last = self._seated.pop()  # stays: all that go from behind this row have gone
            if last is not row:
                self._cache.reseat([last.seat], [row.seat], tokens=last.seen)
                self._seated[row.seat], last.seat = last, row.seat
            row.seat = -1
        if not self._seated:
            self._cache = SeatCache()

    def _plan(self, rows: Sequence[StreamRow]) -> list[list[StreamRow]]:
        """Groups rows into batches; each in the order of its seats, and side by side if it can."""
        lengths = [len(row.ids) - row.seen for row in rows]
        by_past: dict[int, list[StreamRow]] = {}
        if self._sees_masks and len(rows) * max(lengths) <= max(SMALL, len(rows)):
            by_past[0] = list(rows)
        else:
            for row, length in zip(rows, lengths, strict=True):
                if self._sees_masks:  # all that continue by one, all that begin, and the others
                    kind = 0 if length == 1 else 1 if row.seen == 0 else 2
                else:
                    kind = row.seen
                by_past.setdefault(kind, []).append(row)
        batches: list[list[StreamRow]] = []
        for group in by_past.values():
            costs = [self._forward.cost(len(row.ids) - row.seen, head_rows=1) for row in group]
            planned = plan_batches(costs, self._forward.batch_tokens)
            batches += [[group[index] for index in batch] for batch in planned]
        return self._seat(batches)

    def _seat(self, batches: list[list[StreamRow]]) -> list[list[StreamRow]]:
        """Lets rows change seats so that each batch sits side by side, and orders it by seats.

        Rows change seats when streams begin to wait and when they continue, not at every step.
        """
        by_seat = operator.attrgetter("seat")
        for batch in batches:
            batch.sort(key=by_seat)
        if any(batch[-1].seat - batch[0].seat + 1 != len(batch) for batch in batches):
            free = 0
            for batch in sorted(batches, key=len, reverse=True):
                wanted = range(free, free + len(batch))
                taken = {row.seat for row in batch}
                strangers = [row for row in batch if row.seat not in wanted]
                seats = [seat for seat in wanted if seat not in taken]
                for row, seat in zip(strangers, seats, strict=True):
                    self._swap(row, self._seated[seat])
                batch.sort(key=by_seat)
                free += len(batch)
        return batches

    def _swap(self, one: StreamRow, other: StreamRow) -> None:
        seats, tokens = [one.seat, other.seat], max(one.seen, other.seen)
        self._cache.reseat(seats, seats[::-1], tokens=tokens)
        one.seat, other.seat = other.seat, one.seat
        self._seated[one.seat], self._seated[other.seat] = one, other

    def _run(self, rows: Sequence[StreamRow]) -> torch.Tensor:
        """Forwards a batch, padded on the right, and returns the logits after its rows."""
        forward, view = self._forward, self._cache.view
        new = [row.ids[row.seen :] for row in rows]
        width = max(map(len, new))
        pasts = [row.seen for row in rows]
        past = max(pasts)
        self._make_room(past + width)
        first = rows[0].seat
        together = rows[-1].seat - first + 1 == len(rows)
        view.first, view.past = first, past
        view.seats = None if together else forward.tensor([row.seat for row in rows])
        view.slots = mask = positions = None
        if min(pasts) != past:
            order = torch.arange(width, device=forward.device)
            own = forward.tensor(pasts)[:, None] + order  # (rows, width): each token's slot
            view.slots = (forward.tensor([row.seat for row in rows])[:, None], own)
            mask = torch.arange(past + width, device=forward.device) <= own[:, :, None]
            mask = mask[:, None]  # (rows, 1, width, slots)
            positions = own.clamp(max=self._max_length - 1)  # padding stays within the context
        logits = forward.logits(
            forward.padded(new),
            forward.tensor([n * width + len(each) - 1 for n, each in enumerate(new)]),
            purpose="text" if past == 0 else "decode",
            padding=len(rows) * width - sum(map(len, new)),
            cache=self._cache,
            mask=mask,
            positions=positions,
        )
        for row in rows:
            row.seen = len(row.ids)
        return logits

    def _make_room(self, slots: int) -> None:
        """Grows the buffers, by more than is asked for."""
        cache, seats = self._cache, len(self._seated)
        if seats > cache.seats or slots > cache.slots:
            more_seats = seats if seats <= cache.seats else max(seats, 2 * cache.seats)
            more_slots = slots if slots <= cache.slots else max(2 * slots, MIN_SLOTS)
            most = max(slots, self._max_length)
            cache.resize(max(more_seats, cache.seats), max(min(more_slots, most), cache.slots))
