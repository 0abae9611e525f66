"""Branches decoded without copies: a row each, which reads its text and prompt where they lie."""

from collections import Counter
from collections.abc import Sequence

import torch

from toolformer.lm.hf.backend import additive
from toolformer.lm.hf.branching.attend import Block, Places, plan_blocks
from toolformer.lm.hf.branching.branches import BranchStart
from toolformer.lm.hf.branching.cache import RoomyCache
from toolformer.lm.hf.branching.forks import depths_of, seen_of
from toolformer.lm.hf.branching.parts import PartsCache, RowLayout
from toolformer.lm.hf.branching.said import Node, Said
from toolformer.lm.hf.forward import Forward, Purpose

FEW = 0.7  # with fewer live ones than this share, the finished are left out: it copies the rest


class Shared:
    """Implements `Decoder`; the trunk is not changed."""

    def __init__(self, forward: Forward, trunk: RoomyCache, said: Said | None = None) -> None:
        """Takes a trunk and what was said in it, which what is decoded is added to."""
        self._forward = forward
        self._trunk = trunk
        self._said = said
        self._nodes: list[int] = []  # of each branch: the last token that it has said
        self._rows: list[int] = []  # of each branch: which text
        self._seats: list[int] = []  # where its own tokens are
        self._depths: list[int] = []  # its next token's position
        self._texts = 0
        self._parts: PartsCache
        self._seen: list[int] = []  # how many tokens of its text it sees
        self._hidden: torch.Tensor | None  # (seats, lead tokens) bool: padding of shorter leads

    @staticmethod
    def cached_tokens(seen: Sequence[int], *, head: int) -> int:
        """Returns the text's tokens; the prompt is there once for all texts."""
        return max(seen) - head

    @torch.inference_mode()
    def start(self, leads: Sequence[BranchStart], *, purpose: Purpose = "decode") -> torch.Tensor:
        """Forwards the leads; returns (heads, vocabulary) logits."""
        forward = self._forward
        texts = sorted({lead.row for lead in leads})
        row = {text: index for index, text in enumerate(texts)}
        self._texts = len(texts)
        self._rows = [row[lead.row] for lead in leads]
        self._seats = list(range(len(leads)))
        # At the very start of a text a branch sees none of it; a part has a token all the same.
        length = max(self._trunk.head_length + 1, *(lead.seen for lead in leads))
        self._parts = PartsCache(self._trunk, forward.tensor(texts), length=length)
        self._parts.seats = len(leads)
        begun = self._begin(leads)
        ids = forward.padded([lead.ids for lead in leads])
        width = ids.shape[1]
        lengths = [len(lead.ids) for lead in leads]
        forks = [lead.fork for lead in leads]
        order = torch.arange(width, device=forward.device)
        self._seen = [lead.seen - self._trunk.head_length for lead in leads]
        is_short = min(lengths) < width
        self._hidden = order >= forward.tensor(lengths)[:, None] if is_short else None
        own = forward.tensor(seen_of(forks, width), torch.bool)
        if begun is not None:
            rows = len(leads)
            own = torch.cat([begun.expand(rows, width, -1), own.expand(rows, -1, -1)], dim=2)
        self._parts.seating = self._seating(own=own[:, None, None])
        first = [lead.seen + len(lead.said) for lead in leads]
        self._depths = [start + own for start, own in zip(first, lengths, strict=True)]
        with self._parts.attended(forward.backend):
            logits = forward.logits(
                ids,
                forward.tensor(
                    [n * width + head for n, lead in enumerate(leads) for head in lead.heads]
                ),
                purpose=purpose,
                padding=ids.numel() - sum(lengths),
                cache=self._parts,
                positions=forward.tensor(first)[:, None]
                + forward.tensor(depths_of(forks, lengths, width)),
            )
        if purpose == "decode":
            self._keep([(lead.row, lead.seen) for lead in leads], [lead.ids for lead in leads])
        return logits

    @torch.inference_mode()
    def step(self, parents: Sequence[int], tokens: Sequence[int]) -> torch.Tensor:
        """Continues some of the branches, each by one token."""
        forward = self._forward
        self._rows = [self._rows[parent] for parent in parents]
        self._depths = [self._depths[parent] for parent in parents]
        self._seen = [self._seen[parent] for parent in parents]
        self._seat([self._seats[parent] for parent in parents])
        self._drop_finished()
        own = None
        if self._hidden is not None:
            said = self._parts.get_seq_length() + 1 - self._hidden.shape[1]
            own = torch.nn.functional.pad(~self._hidden, (0, said), value=True)
            own = own[:, None, None, None]
        self._parts.seating = self._seating(own=own)
        positions = forward.tensor(self._depths)[:, None]
        self._depths = [depth + 1 for depth in self._depths]
        with self._parts.attended(forward.backend):
            logits = forward.logits(
                forward.tensor(tokens)[:, None],
                torch.arange(len(tokens), device=forward.device),
                purpose="decode",
                cache=self._parts,
                positions=positions,
            )
        if self._said is not None:
            behind = [self._nodes[parent] for parent in parents]
            self._keep(behind, [(token,) for token in tokens])
        return logits

    def _begin(self, leads: Sequence[BranchStart]) -> torch.Tensor | None:
        """Lets rows begin with what was said: returns (rows, 1, tokens) bool, true where it was.

        None where none does. Such rows are not continued: nothing hides their padding from steps.
        """
        longest = max(len(lead.said) for lead in leads)
        if not longest or self._said is None:
            return None
        numbers = self._forward.padded([lead.said for lead in leads])
        self._parts.begin_with(self._said.tensors(numbers))
        lengths = self._forward.tensor([len(lead.said) for lead in leads])
        return (torch.arange(longest, device=numbers.device) < lengths[:, None])[:, None]

    def _keep(self, behind: Sequence[Node], rows: Sequence[Sequence[int]]) -> None:
        """Adds what the last forward has said."""
        if self._said is not None:
            self._nodes = self._said.add(behind, rows, self._parts.added)

    def _seating(self, *, own: torch.Tensor | None) -> RowLayout:
        """Returns where the rows belong.

        Args:
            own: (seats or 1, 1, 1, tokens, own tokens) bool, true where a token may look.
        """
        forward, heads = self._forward, self._parts.key_heads
        seats = forward.tensor(self._seats)
        every_head = torch.arange(heads, device=forward.device)
        own_places = None
        if self._seats != list(range(self._parts.seats)):
            index = (seats[:, None] * heads + every_head).flatten()
            own_places = Places(index, self._parts.seats * heads)
        shelf = _Shelf(self._rows, texts=self._texts)
        slots, strides = forward.tensor([shelf.slots, shelf.strides])[:, :, None]
        columns = forward.tensor(shelf.columns)[:, None]
        index = ((slots - columns) * heads + every_head * strides + columns).flatten()
        return RowLayout(
            seats=seats,
            own_places=own_places,
            own_mask=None if own is None else additive(own, forward.dtype),
            text_places=Places(index, shelf.size * heads),
            blocks=self._blocks(shelf),
        )

    def _blocks(self, shelf: "_Shelf") -> list[Block]:
        """Returns the blocks of texts that have rows, with their masks."""
        forward = self._forward
        laid = shelf.laid_out(self._seen)
        seen = forward.tensor(laid)
        blocks, end = [], 0
        for cut in shelf.cuts:
            texts, across = cut.stop - cut.start, shelf.across(cut)
            start, end = end, end + texts * across
            if across:
                order = torch.arange(max(1, *laid[start:end]), device=forward.device)
                visible = order < seen[start:end].view(texts, across, 1)
                mask = additive(visible, forward.dtype)[:, None, :, None]
                blocks.append(Block(cut, across, mask))
        return blocks

    def _seat(self, parents: Sequence[int]) -> None:
        """Gives each branch a seat: the first of several its parent's, the others copies of it."""
        forward = self._forward
        taken = set(parents)
        free = [seat for seat in range(self._parts.seats - 1, -1, -1) if seat not in taken]
        seats: list[int] = []
        copied: list[int] = []
        settled: set[int] = set()
        seat_count = self._parts.seats
        for parent in parents:
            if parent not in settled:
                settled.add(parent)
                seats.append(parent)
                continue
            if free:
                seats.append(free.pop())
            else:
                seats.append(seat_count)
                seat_count += 1
            copied.append(len(seats) - 1)
        self._seats = seats
        if not copied:
            return
        sources = forward.tensor([parents[index] for index in copied])
        targets = forward.tensor([seats[index] for index in copied])
        origin = torch.arange(seat_count, device=forward.device)
        origin[targets] = sources
        self._parts.copy_seats(sources, targets, seats=seat_count)
        self._carry(origin)

    def _carry(self, origin: torch.Tensor) -> None:
        """Lets each seat know what the seat it comes from knows."""
        if self._hidden is not None:
            self._hidden = self._hidden[origin]

    def _drop_finished(self) -> None:
        """Leaves out seats and texts without branches, once they are many."""
        forward = self._forward
        if len(self._seats) < FEW * self._parts.seats:
            seats = forward.tensor(self._seats)
            self._parts.select_seats(seats)
            self._carry(seats)
            self._seats = list(range(len(self._seats)))
        alive = [text for text, _ in Counter(self._rows).most_common()]  # those alike together
        if len(alive) < FEW * self._texts:
            self._parts.select_texts(forward.tensor(alive))
            row = {text: index for index, text in enumerate(alive)}
            self._rows = [row[text] for text in self._rows]
            self._texts = len(alive)


class _Shelf:
    """Rows laid out by their texts, those of a block of texts as if each had as many."""

    def __init__(self, rows: Sequence[int], *, texts: int) -> None:
        """Lays out rows, each of one of so many texts."""
        self._counts = [0] * texts
        self.columns: list[int] = []  # of each row: which of its text's it is
        for row in rows:
            self.columns.append(self._counts[row])
            self._counts[row] += 1
        self.cuts = plan_blocks(self._counts)
        firsts: list[int] = []  # of each text: its first slot
        widths: list[int] = []
        self.size = 0  # slots of all blocks
        for cut in self.cuts:
            across = self.across(cut)
            for _ in range(cut.start, cut.stop):
                firsts.append(self.size)
                widths.append(across)
                self.size += across
        # Of each row: its slot, and how many slots its text has.
        self.slots = [firsts[row] + column for row, column in zip(rows, self.columns, strict=True)]
        self.strides = [widths[row] for row in rows]

    def across(self, cut: slice) -> int:
        """Returns how many slots each text of a block has."""
        return max(self._counts[cut])

    def laid_out(self, numbers: Sequence[int]) -> list[int]:
        """Returns the numbers of the rows by their slots; 0 where no row is."""
        laid = [0] * self.size
        for slot, number in zip(self.slots, numbers, strict=True):
            laid[slot] = number
        return laid
