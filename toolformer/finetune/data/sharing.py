"""Rows that begin alike as one row, which reads what they have in common once and then forks.

What is learned of it is what would be learned of them one by one: each text sees itself alone, at
the positions that it would have in a row of its own.
"""

from collections.abc import Sequence
from typing import Literal

from toolformer.finetune.data.rows import TrainingRow
from toolformer.lm.hf.branching.forks import Fork

Shared = Literal["prompts", "prefixes"]  # what it is that texts have in common


def share(rows: Sequence[TrainingRow], what: Shared, *, max_length: int) -> tuple[TrainingRow, ...]:
    """Puts rows that begin alike together.

    Args:
        rows: none of which forks.
        what: `prompts` puts rows together whose prompts are the same, a prompt being what stands
            before the first token that is learned; `prefixes` also those that have half of a
            prompt in common, as the turns of a conversation do.
        max_length: tokens of a row; what does not fit in one begins the next.
    """
    made: list[_Forking] = []
    for row in sorted(rows, key=lambda row: (row.ids[: _prompt(row)], row.ids)):
        if not (made and made[-1].takes(row, what, max_length=max_length)):
            made.append(_Forking(row))
    return tuple(each.row for each in made)


def _prompt(row: TrainingRow) -> int:
    return row.learned.index(True)


class _Forking:
    """A row that texts are added to, in an order in which neighbours begin alike."""

    def __init__(self, first: TrainingRow) -> None:
        self._last = first
        self._ids = [*first.ids]
        self._learned = [*first.learned]
        self._before = [*range(-1, len(first.ids) - 1)]
        self._path = [*range(len(first.ids))]  # where the last text's tokens are

    @property
    def row(self) -> TrainingRow:
        fork = Fork(tuple(self._before), heads=())
        ids, learned = tuple(self._ids), tuple(self._learned)
        return TrainingRow(ids, learned, None if fork.is_chain else fork)

    def takes(self, row: TrainingRow, what: Shared, *, max_length: int) -> bool:
        """Adds a text if it begins like the last one and fits, and returns whether it did.

        Its own tokens begin with a copy of the last one in common, unless that is right in front of
        them: what is learned stands right behind what predicts it, as in any row.
        """
        prompt = _prompt(row)
        common = _common(row.ids[:prompt], self._last.ids)
        is_alike = (
            common == prompt == _prompt(self._last) if what == "prompts" else 2 * common >= prompt
        )
        if common < 2 or not is_alike:
            return False
        kept = common - (self._path[common - 1] != len(self._ids) - 1)
        added = len(row.ids) - kept
        first = len(self._ids)
        if first + added > max_length:
            return False
        self._before += [self._path[kept - 1], *range(first, first + added - 1)]
        self._ids += row.ids[kept:]
        self._learned += row.learned[kept:]
        self._path = [*self._path[:kept], *range(first, len(self._ids))]
        self._last = row
        return True


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """Returns how many tokens two sequences have in common at their start.

    >>> _common([1, 2, 3], [1, 2, 4, 5])
    2
    """
    for place, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if mine != theirs:
            return place
    return min(len(one), len(other))
