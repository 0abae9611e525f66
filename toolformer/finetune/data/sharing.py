"""Rows that begin with the same prompt as one row, which reads the prompt once and then forks.

What is learned of them is what they would be learned of one by one: each ending sees the prompt
and itself, at the positions that it would have alone.
"""

from collections.abc import Sequence

from toolformer.finetune.data.rows import TrainingRow
from toolformer.lm.hf.branching.forks import Fork


def share_prompts(rows: Sequence[TrainingRow], *, max_length: int) -> tuple[TrainingRow, ...]:
    """Puts rows with the same prompt together, at the place of the first of them.

    A prompt is what stands before the first token that is learned. A row of which more is learned
    than all but its start stays alone.

    Args:
        rows: none of which forks.
        max_length: tokens of a row; endings that do not fit in one begin the next.
    """
    made: list[list[TrainingRow]] = []
    open_rows: dict[tuple[int, ...], int] = {}  # by prompt: which of them has room
    lengths: list[int] = []
    for row in rows:
        prompt = row.learned.index(True)
        key = row.ids[:prompt]
        ending = len(row.ids) - prompt + 1  # its first token is the prompt's last one
        number = open_rows.get(key) if prompt > 1 else None
        if number is None or lengths[number] + ending > max_length:
            open_rows[key] = len(made)
            made.append([row])
            lengths.append(len(row.ids))
        else:
            made[number].append(row)
            lengths[number] += ending
    return tuple(each[0] if len(each) == 1 else _forked(each) for each in made)


def _forked(rows: Sequence[TrainingRow]) -> TrainingRow:
    """Returns the row of some that have their prompt in common.

    Each ending begins with a copy of the prompt's last token, so that every token that is learned
    stands right behind the one that predicts it, as in any row.
    """
    shared = rows[0].learned.index(True) - 1
    ids, learned = [*rows[0].ids[:shared]], [False] * shared
    before = [*range(-1, shared - 1)]
    for row in rows:
        before += [shared - 1, *range(len(ids), len(ids) + len(row.ids) - shared - 1)]
        ids += row.ids[shared:]
        learned += row.learned[shared:]
    return TrainingRow(tuple(ids), tuple(learned), Fork(tuple(before), heads=()))
