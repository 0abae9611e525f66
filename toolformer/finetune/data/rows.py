"""From a text with its calls to rows of tokens, and which of them are learned.

A row starts with the start token, if the model has one; the end-of-text token is put where a text
really ends. Nothing predicts the first token of a row, and a row in which nothing is learned is
none. A long text becomes several rows; one with a prompt is never cut, for what is learned of it
would be an answer to half a question.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from toolformer.finetune.data.texts import TrainingText
from toolformer.lm.encoding import Encoding
from toolformer.lm.hf.branching.forks import Fork


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """The tokens of a text, or of a piece of one, that the model reads at once."""

    ids: tuple[int, ...]  # the start token included
    learned: tuple[bool, ...]  # per token: whether predicting it counts
    fork: Fork | None = None  # how its tokens follow each other, where not one after the other

    @property
    def count(self) -> int:
        """How many tokens count."""
        return sum(self.learned)


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """The rows of all texts, in their order."""

    rows: tuple[TrainingRow, ...]
    calls_left_out: int  # calls longer than a row
    texts_left_out: int  # texts without a token to be learned
    prompts_left_out: int = 0  # texts with a prompt that are longer than a row

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with any token."""
        digest = hashlib.sha256()
        for row in self.rows:
            digest.update(np.array([len(row.ids), *row.ids], dtype="<i4").tobytes())
            digest.update(np.array(row.learned).tobytes())
            if row.fork is not None:
                digest.update(np.array(row.fork.before, dtype="<i4").tobytes())
        return digest.hexdigest()[:16]


def make_rows(
    texts: Sequence[TrainingText],
    *,
    encoding: Encoding,
    end: int | None,
    max_length: int,
    loss_on_output: bool = False,
    plain: bool = False,
) -> TrainingRows:
    """Encodes texts as rows of at most `max_length` tokens.

    Args:
        texts: with the calls to be learned.
        encoding: of the model that is trained.
        end: the id of the end-of-text token, None when the model has none.
        max_length: tokens of a row, its start token included.
        loss_on_output: whether arrow, output and close are learned too.
        plain: whether the calls are left out of the texts.
    """
    rows: list[TrainingRow] = []
    left_out = short = uncut = 0
    room = max_length - len(encoding.start)
    for text in texts:
        calls = [
            each
            for each in (() if plain else text.calls)
            if len(encoding.call(each.call, each.output, first=each.position == 0).ids) <= room
        ]
        is_whole = plain or len(calls) == len(text.calls)
        left_out += 0 if is_whole or text.prompt else len(text.calls) - len(calls)
        encoded = encoding.annotated(text.text, calls, prompt=text.prompt, supplied=text.supplied)
        ids = [*encoded.ids] if end is None else [*encoded.ids, end]
        learned = [loss_on_output or not given for given in encoded.supplied]
        learned += [True] * (len(ids) - len(learned))
        learned[: encoded.prompt] = [False] * encoded.prompt
        if text.prompt and not (is_whole and len(ids) <= room):
            uncut += 1
            continue
        made = []
        for piece in _pieces(len(ids), encoded.calls, room=room):
            row = encoding.start + tuple(ids[piece.start : piece.stop])
            counts = (False, *learned[piece.start + 1 - len(encoding.start) : piece.stop])
            if any(counts):
                made.append(TrainingRow(row, counts))
        short += not made
        rows += made
    return TrainingRows(tuple(rows), left_out, short, uncut)


def _pieces(length: int, calls: Sequence[range], *, room: int) -> Iterator[range]:
    """Yields the pieces of a row that is too long, none of which ends inside a call.

    >>> list(_pieces(10, [range(3, 6)], room=4))
    [range(0, 3), range(3, 7), range(7, 10)]
    """
    start = 0
    while start < length:
        end = min(start + room, length)
        for call in calls:
            if call.start < end < call.stop:
                end = call.start
        yield range(start, end)
        start = end
