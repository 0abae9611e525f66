"""Texts put among those of a batch that is packed, in the place of as many tokens."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolformer.errors import ConfigError
from toolformer.pretrain.packing import Piece, PromptedText, Row, encode

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@dataclass(frozen=True, slots=True)
class Injected:
    """Texts that one batch has besides what is drawn."""

    texts: Sequence[PromptedText]
    padded: bool = False  # each has a row of its own, the rest of which stays empty


def inject(
    injected: Injected,
    rows: Sequence[Row],
    *,
    tokenizer: "PreTrainedTokenizerFast",
    rng: random.Random,
) -> None:
    """Puts each text whole into a row that is drawn, between the others; these are cut at the end.

    Args:
        injected: the texts.
        rows: which are packed.
        tokenizer: what turns texts into ids.
        rng: draws rows and places.

    Raises:
        ConfigError: the texts do not all fit.
    """
    added: list[list[Piece]] = [[] for _ in rows]
    for text in injected.texts:
        piece = encode(text, tokenizer)
        fitting = [
            own
            for own, row in zip(added, rows, strict=True)
            if sum(map(len, own)) + len(piece) <= row.capacity and not (injected.padded and own)
        ]
        if not fitting:
            raise ConfigError(
                "The texts that are injected at one step do not fit into its rows: spread them "
                "over more steps, or take more rows."
            )
        rng.choice(fitting).append(piece)
    for own, row in zip(added, rows, strict=True):
        if own:
            row.cut(0 if injected.padded else row.capacity - sum(map(len, own)))
            row.pieces += own
            rng.shuffle(row.pieces)
