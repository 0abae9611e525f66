"""Questions with their answers as rows of tokens, and which of these a model learns to say.

Learned is what the assistant says: the answer and its end, and the call up to the arrow. What the
user asks and what the decoder supplies (arrow, output, close) is read only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from toolformer.calls import CallGrammar, InlineGrammar
from toolformer.studies.in_tool.data.people import make_people
from toolformer.studies.in_tool.data.questions import Mode, Question, questions_about
from toolformer.studies.in_tool.training.byte_tokenizer import END, PADDING, START, tokens_of
from toolformer.studies.in_tool.training.config import LearnedConfig

IGNORED = -100  # a label that carries no loss


@dataclass(frozen=True, slots=True)
class Rows:
    """The texts of one model."""

    tokens: np.ndarray  # (texts, longest) int64, padded at the end
    is_learned: np.ndarray  # (texts, longest) bool: whether the token is to be said

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of several models, as `log_losses` takes them."""

    inputs: torch.Tensor  # (models, rows, length) int64
    places: torch.Tensor  # (models, learned) int64
    labels: torch.Tensor  # (models, learned) int64 or IGNORED

    def to(self, device: torch.device) -> "Batch":
        """Returns the batch on a device."""
        return Batch(self.inputs.to(device), self.places.to(device), self.labels.to(device))


def rows_of(config: LearnedConfig) -> Rows:
    """Returns the rows of what a model is to learn."""
    people = make_people(config.people, seed=config.seed, alpha=config.alpha)
    return encode(questions_about(people), mode=config.mode)


def encode(questions: Iterable[Question], *, mode: Mode) -> Rows:
    """Returns a row for each question."""
    grammar = InlineGrammar()
    rows = [_encoded(question, mode, grammar) for question in questions]
    longest = max(len(tokens) for tokens, _ in rows)
    tokens = np.full((len(rows), longest), PADDING, dtype=np.int64)
    is_learned = np.zeros((len(rows), longest), dtype=bool)
    for place, (row, learned) in enumerate(rows):
        tokens[place, : len(row)] = row
        is_learned[place, : len(row)] = learned
    return Rows(tokens, is_learned)


def _encoded(question: Question, mode: Mode, grammar: CallGrammar) -> tuple[list[int], list[bool]]:
    parts = [(question.text, False)]
    if mode is Mode.TOOL:
        pieces = grammar.pieces(question.call, question.value)
        parts += [(pieces.asked, True), (pieces.supplied, False)]
    parts.append((question.answer, True))
    tokens, learned = [START], [False]
    for text, is_said in parts:
        said = tokens_of(text)
        tokens += said
        learned += [is_said] * len(said)
    return [*tokens, END], [*learned, True]


def draw(rows: Rows, *, step: int, batch_size: int, seed: int) -> np.ndarray:
    """Returns the numbers of the rows of a step, (batch_size,): all are drawn before one is again.

    They follow from step and seed alone, so that a training continues with the same batches.
    """
    numbers = np.arange(step * batch_size, (step + 1) * batch_size)
    drawn = np.empty(batch_size, dtype=np.int64)
    for epoch in np.unique(numbers // len(rows)):
        order = _order(len(rows), seed=seed, epoch=int(epoch))
        is_here = numbers // len(rows) == epoch
        drawn[is_here] = order[numbers[is_here] % len(rows)]
    return drawn


@lru_cache(maxsize=64)
def _order(rows: int, *, seed: int, epoch: int) -> np.ndarray:
    """Returns the order in which all rows are drawn in an epoch."""
    return np.random.default_rng([abs(seed), epoch]).permutation(rows)


def make_batch(all_rows: Sequence[Rows], numbers: Sequence[np.ndarray]) -> Batch:
    """Returns the rows of some numbers of each model, as long as the longest of them."""
    chosen = [
        (rows.tokens[each], rows.is_learned[each])
        for rows, each in zip(all_rows, numbers, strict=True)
    ]
    length = max(int(np.max(np.nonzero(tokens != PADDING)[1])) + 1 for tokens, _ in chosen)
    inputs, places, labels = [], [], []
    for tokens, is_learned in chosen:
        fitted = _fitted(tokens, length, fill=PADDING)
        said = _fitted(is_learned, length, fill=False)[:, 1:]
        inputs.append(fitted[:, :-1])
        places.append(np.flatnonzero(said))
        labels.append(fitted[:, 1:][said])
    most = max(map(len, places))
    return Batch(
        torch.from_numpy(np.stack(inputs)),
        torch.from_numpy(np.stack([np.pad(each, (0, most - len(each))) for each in places])),
        torch.from_numpy(
            np.stack(
                [np.pad(each, (0, most - len(each)), constant_values=IGNORED) for each in labels]
            )
        ),
    )


def _fitted(rows: np.ndarray, length: int, *, fill: int | bool) -> np.ndarray:
    """Returns rows cut or filled to a length."""
    missing = max(0, length - rows.shape[1])
    return np.pad(rows[:, :length], ((0, 0), (0, missing)), constant_values=fill)
