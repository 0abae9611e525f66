"""The parts of a loaded model that its questions share, and the way its branches are decoded."""

from dataclasses import dataclass

import numpy as np
import torch

from toolformer.errors import ModelError
from toolformer.lm.encoding import Encoding
from toolformer.lm.hf.branching.prompts import SharedPrompts
from toolformer.lm.hf.branching.shared import Shared
from toolformer.lm.hf.branching.tree import Tree
from toolformer.lm.hf.branching.ways import DecoderType
from toolformer.lm.hf.branching.whole import FullRowDecoder
from toolformer.lm.hf.forward import Forward, not_a_number
from toolformer.lm.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Engine:
    """A model, its tokens, and what they share."""

    name: str
    forward: Forward
    encoding: Encoding
    vocabulary: Vocabulary
    prompts: SharedPrompts
    max_length: int
    silent: frozenset[int]  # tokens that say nothing
    ends_text: frozenset[int]  # tokens at which a text ends: the silent ones, maybe others
    decoding: DecoderType

    @property
    def exact_under_masks(self) -> bool:
        """Whether the model is exact under any mask, so that no text need be copied."""
        return self.decoding in (Shared, Tree)

    @property
    def keeps(self) -> bool:
        """Whether a row can be continued from keys and values that are kept of it."""
        return self.decoding is not FullRowDecoder

    def check_length(self, tokens: int, text: str) -> None:
        """Raises ModelError if a row is longer than the model's context."""
        if tokens > self.max_length:
            raise ModelError(
                f"The row for {text[:40]!r} has {tokens} tokens, prompt or call included, and"
                f" {self.name} reads at most {self.max_length}. Cut the text into windows."
            )

    def numbers(self, values: torch.Tensor) -> np.ndarray:
        """Returns probabilities, or their logarithms, off the device.

        Raises:
            ModelError: one is not a number.
        """
        found = values.cpu().numpy()
        if np.isnan(found).any():
            raise not_a_number(self.name, self.forward.backend.dtype)
        return found
