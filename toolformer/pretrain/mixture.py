"""The texts of a pretraining: drawn from weighted sources and packed into rows.

Knows no model. Every batch is a function of the seed and its number alone, so a resumed run sees
the same rows.
"""

import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from toolformer.corpus.read import read_corpus
from toolformer.errors import ConfigError
from toolformer.pretrain.config import SourceConfig
from toolformer.specs import import_file

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

IGNORED = -100  # a label that carries no loss


@dataclass(frozen=True, slots=True)
class PromptedText:
    """A text to learn from; only its completion carries a loss."""

    prompt: str
    completion: str


class Source(Protocol):
    """Anything that gives a text for a random state."""

    def __call__(self, rng: random.Random) -> PromptedText:
        """Draws a text."""


@dataclass(frozen=True, slots=True)
class PackedRows:
    """Packed rows; a label is the *next* token, or IGNORED."""

    inputs: np.ndarray  # (rows, length) int64, token ids
    labels: np.ndarray  # (rows, length) int64, token ids or IGNORED


def load_source(config: SourceConfig, *, folder: Path, held_out: bool = False) -> Source:
    """Loads a source: a generator, or a corpus held in memory whose every 200th text is held out.

    Args:
        config: Where the texts come from.
        folder: What relative paths in the configuration are relative to.
        held_out: Draw from the held-out documents instead of the others (a generator has none).
    """
    if config.generator is not None:
        generator = _load_function(config.generator, folder=folder)
        source: Source = generator(folder=folder, **config.options)
        return source
    documents = _matching_documents(config, folder=folder)
    texts = [text for number, text in enumerate(documents) if (number % 200 == 199) == held_out]
    if not texts:
        raise ConfigError(
            f"The source {config.name!r} gives no text. "
            f"Check its path {config.corpus!r} and its filter."
        )
    return _TextSource(texts, max_characters=config.max_characters)


def draw_batch(
    sources: Mapping[str, Source],
    weights: Mapping[str, float],
    *,
    tokenizer: "PreTrainedTokenizerFast",
    rows: int,
    length: int,
    key: str,
) -> PackedRows:
    """Draws and packs one batch, in which each source's share of the tokens follows its weight.

    A text goes whole into the fullest row that still has room; one longer than a row is cut at
    its end.

    Args:
        sources: The sources by name.
        weights: Their weights by name, at least one above 0.
        tokenizer: What turns texts into ids; each text starts with its start token.
        rows: The number of rows.
        length: Tokens a row.
        key: The seed and the number of the batch: the only randomness.
    """
    rng = random.Random(key)  # noqa: S311
    # A label is the token after it, so a row holds one token more than it gives.
    ids: list[list[int]] = [[] for _ in range(rows)]
    learned: list[list[bool]] = [[] for _ in range(rows)]
    tokens = {name: 0.0 for name, weight in weights.items() if weight > 0}
    misses = 0
    while misses < 2 * rows:  # what fits nowhere is dropped; the gaps left are a few per cent
        # The source furthest behind its share; the noise varies the order of the sources.
        name = min(tokens, key=lambda name: (tokens[name] + rng.random() * length) / weights[name])
        drawn = sources[name](rng)
        prompt = tokenizer.encode(drawn.prompt, add_special_tokens=False) if drawn.prompt else []
        completion = tokenizer.encode(drawn.completion, add_special_tokens=False)
        row_ids = [tokenizer.bos_token_id, *prompt, *completion][: length + 1]
        row = _fullest_with_room(ids, len(row_ids), capacity=length + 1)
        if row is None:
            misses += 1
            continue
        tokens[name] += len(row_ids)
        ids[row] += row_ids
        # Nothing foretells the start token or the prompt.
        learned[row] += [position > len(prompt) for position in range(len(row_ids))]
    inputs = np.full((rows, length + 1), tokenizer.bos_token_id, dtype=np.int64)
    labels = np.full((rows, length + 1), IGNORED, dtype=np.int64)
    for row, (row_ids, row_learned) in enumerate(zip(ids, learned, strict=True)):
        inputs[row, : len(row_ids)] = row_ids
        labels[row, : len(row_ids)] = np.where(row_learned, row_ids, IGNORED)
    return PackedRows(inputs=inputs[:, :-1], labels=labels[:, 1:])


def sample_texts(
    sources: Mapping[str, Source], weights: Mapping[str, float], *, characters: int, seed: int
) -> Iterator[str]:
    """Yields `characters` of text in the mixture's proportions, to train a tokenizer on."""
    rng = random.Random(f"{seed} tokenizer")  # noqa: S311
    total = {name: 0.0 for name, weight in weights.items() if weight > 0}
    while sum(total.values()) < characters:
        name = min(total, key=lambda name: total[name] / weights[name])
        drawn = sources[name](rng)
        total[name] += len(drawn.prompt) + len(drawn.completion)
        yield drawn.prompt + drawn.completion


def _fullest_with_room(rows: Sequence[Sequence[int]], size: int, *, capacity: int) -> int | None:
    fitting = [row for row, ids in enumerate(rows) if len(ids) + size <= capacity]
    return max(fitting, key=lambda row: len(rows[row])) if fitting else None


@dataclass(frozen=True, slots=True)
class _TextSource:
    texts: Sequence[str]
    max_characters: int

    def __call__(self, rng: random.Random) -> PromptedText:
        text = self.texts[rng.randrange(len(self.texts))]
        if len(text) <= self.max_characters:
            return PromptedText("", text)
        # A piece starts after a line or sentence, so that beginnings look like beginnings.
        start = rng.randrange(len(text) - self.max_characters // 2)
        starts = [at for end in ("\n", ". ") if (at := text.find(end, start)) >= 0]
        start = min(starts) + 1 if starts else start
        return PromptedText("", text[start : start + self.max_characters].lstrip())


def _matching_documents(config: SourceConfig, *, folder: Path) -> Iterator[str]:
    keep = _load_function(config.keep, folder=folder) if config.keep else None
    edit = _load_function(config.edit, folder=folder) if config.edit else None
    corpus = read_corpus(folder / (config.corpus or ""), text_column=config.text_column)
    for number, document in enumerate(corpus):
        if keep is None or keep(document, number):
            yield edit(document.text) if edit else document.text


def _load_function(spec: str, *, folder: Path) -> Callable[..., Any]:
    """Returns the function that FILE.py:NAME stands for, the file relative to a folder."""
    file, _, name = spec.partition(":")
    path = folder / file
    if not os.path.isfile(path):
        raise ConfigError(
            f"There is no file {path} to take {name!r} from. Write it as FILE.py:NAME."
        )
    function: Callable[..., Any] | None = getattr(import_file(path), name, None)
    if function is None:
        raise ConfigError(f"{path} holds no {name!r}. Write it as FILE.py:NAME.")
    return function
