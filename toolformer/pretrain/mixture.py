"""The texts of a pretraining: drawn from weighted sources, and packed into rows.

Knows no model. Every batch is a function of the seed and its number alone, so a resumed run sees
the same rows.
"""

import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from toolformer.corpus.read import read_corpus
from toolformer.errors import ConfigError
from toolformer.pretrain.config import SourceConfig
from toolformer.pretrain.injecting import Injected, inject
from toolformer.pretrain.packing import PackedRows, PromptedText, Row, encode, lay_out
from toolformer.specs.python_files import import_file

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


class Source(Protocol):
    """Anything that gives a text for a random state."""

    def __call__(self, rng: random.Random) -> PromptedText:
        """Draws a text."""


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
    texts = read_texts(config, folder=folder, held_out=held_out)
    return _TextSource(texts, max_characters=config.max_characters)


def read_texts(config: SourceConfig, *, folder: Path, held_out: bool = False) -> list[str]:
    """Reads the texts of a source's corpus: every 200th, or all others.

    Args:
        config: Names a corpus.
        folder: What its path is relative to.
        held_out: Return the held-out texts.

    Raises:
        ConfigError: There are none.
    """
    documents = _matching_documents(config, folder=folder)
    texts = [text for number, text in enumerate(documents) if (number % 200 == 199) == held_out]
    if not texts:
        raise ConfigError(
            f"The source {config.name!r} gives no text. "
            f"Check its path {config.corpus!r} and its filter."
        )
    return texts


def draw_batch(
    sources: Mapping[str, Source],
    weights: Mapping[str, float],
    *,
    tokenizer: "PreTrainedTokenizerFast",
    rows: int,
    length: int,
    key: str,
    injected: Injected | None = None,
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
        injected: Texts that this batch has besides, in the place of as many tokens of the sources:
            all else is as without them.

    Raises:
        ConfigError: The injected texts do not all fit.
    """
    rng = random.Random(key)  # noqa: S311
    # A label is the token after it, so a row holds one token more than it gives.
    packed = [Row(length + 1) for _ in range(rows)]
    tokens = {name: 0.0 for name, weight in weights.items() if weight > 0}
    misses = 0
    while misses < 2 * rows:  # what fits nowhere is dropped; the gaps left are a few per cent
        # The source furthest behind its share; the noise varies the order of the sources.
        name = min(tokens, key=lambda name: (tokens[name] + rng.random() * length) / weights[name])
        piece = encode(sources[name](rng), tokenizer).cut(length + 1)
        row = _fullest_with_room(packed, len(piece))
        if row is None:
            misses += 1
            continue
        tokens[name] += len(piece)
        row.pieces.append(piece)
    if injected is not None:
        # Draws of their own leave those of the sources as they are without injected texts.
        inject(injected, packed, tokenizer=tokenizer, rng=random.Random(f"{key}/injected"))  # noqa: S311
    return lay_out(packed, padding=tokenizer.bos_token_id)


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


def _fullest_with_room(rows: Sequence[Row], size: int) -> Row | None:
    fitting = [row for row in rows if row.room >= size]
    return max(fitting, key=lambda row: row.size) if fitting else None
