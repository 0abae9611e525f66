"""Texts as pieces of tokens, rows that they are packed into, and the tensors of these rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

IGNORED = -100  # a label that carries no loss


@dataclass(frozen=True, slots=True)
class PromptedText:
    """A text to learn from; only its completion carries a loss."""

    prompt: str
    completion: str


@dataclass(frozen=True, slots=True)
class PackedRows:
    """Packed rows; a label is the *next* token, or IGNORED."""

    inputs: np.ndarray  # (rows, length) int64, token ids
    labels: np.ndarray  # (rows, length) int64, token ids or IGNORED


@dataclass(frozen=True, slots=True)
class Piece:
    """A text as it stands in a row."""

    ids: list[int]
    learned: list[bool]  # of each token: whether the one before it foretells it

    def __len__(self) -> int:
        """Counts the tokens."""
        return len(self.ids)

    def cut(self, length: int) -> "Piece":
        """Returns so many tokens of it at the most, from its start."""
        return Piece(self.ids[:length], self.learned[:length])


@dataclass(slots=True)
class Row:
    """A row that is being packed."""

    capacity: int  # tokens
    pieces: list[Piece] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many tokens it holds."""
        return sum(map(len, self.pieces))

    @property
    def room(self) -> int:
        """How many more it can hold."""
        return self.capacity - self.size

    def cut(self, length: int) -> None:
        """Drops all but so many tokens from its start; a start token alone is dropped, too."""
        kept: list[Piece] = []
        for piece in self.pieces:
            if length > 1:
                kept.append(piece.cut(length))
                length -= len(kept[-1])
        self.pieces = kept


def encode(text: PromptedText, tokenizer: "PreTrainedTokenizerFast") -> Piece:
    """Returns the tokens of a text behind a start token."""
    prompt = tokenizer.encode(text.prompt, add_special_tokens=False) if text.prompt else []
    completion = tokenizer.encode(text.completion, add_special_tokens=False)
    ids = [tokenizer.bos_token_id, *prompt, *completion]
    # Nothing foretells the start token or the prompt.
    return Piece(ids, [position > len(prompt) for position in range(len(ids))])


def lay_out(rows: Sequence[Row], *, padding: int) -> PackedRows:
    """Returns packed rows of one capacity as tensors, a token shorter: a label is the next one."""
    capacity = rows[0].capacity
    inputs = np.full((len(rows), capacity), padding, dtype=np.int64)
    labels = np.full((len(rows), capacity), IGNORED, dtype=np.int64)
    for number, row in enumerate(rows):
        ids = [token for piece in row.pieces for token in piece.ids]
        learned = [is_learned for piece in row.pieces for is_learned in piece.learned]
        inputs[number, : len(ids)] = ids
        labels[number, : len(ids)] = np.where(learned, ids, IGNORED)
    return PackedRows(inputs=inputs[:, :-1], labels=labels[:, 1:])
