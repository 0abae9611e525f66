"""What a loaded model consists of, and which way its branches are decoded."""

import logging
from dataclasses import dataclass

import torch

from toolformer.errors import ModelError
from toolformer.lm.encoding import Encoding
from toolformer.lm.hf_branches import Decoder, Lead
from toolformer.lm.hf_cache import RoomyCache
from toolformer.lm.hf_copies import Copies
from toolformer.lm.hf_forward import Forward
from toolformer.lm.hf_prompts import SharedPrompts
from toolformer.lm.hf_tree import Tree

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Engine:
    """A model, its tokens, and what they share."""

    name: str
    forward: Forward
    encoding: Encoding
    prompts: SharedPrompts
    max_length: int
    ends_text: frozenset[int]
    sees_trees: bool

    def decoder(self, trunk: RoomyCache) -> Decoder:
        """Returns what decodes the branches of a trunk."""
        return (Tree if self.sees_trees else Copies)(self.forward, trunk)

    def check_length(self, tokens: int, text: str) -> None:
        """Raises ModelError if a row is longer than the model's context."""
        if tokens > self.max_length:
            raise ModelError(
                f"The row for {text[:40]!r} has {tokens} tokens, prompt or call included, and"
                f" {self.name} reads at most {self.max_length}. Cut the text into windows."
            )


def is_exact_in_trees(forward: Forward, *, max_length: int) -> bool:
    """Says whether a model decodes two branches in one row as it would each alone.

    Asked of the model itself, by a row of a few tokens: no list of architectures to keep. A window
    shorter than the context would only show in long rows, so its config is asked.
    """
    if _has_window(forward, max_length=max_length):
        log.info("branches are decoded over copies: the model has a sliding window")
        return False
    trunk = RoomyCache()
    row = forward.tensor([[1, 2, 3, 4]])
    leads = [Lead(0, 4, (5, 6)), Lead(0, 2, (7, 8, 9))]
    try:
        forward.logits(row, row[0, :1], purpose="text", cache=trunk)
        tree, copies = Tree(forward, trunk), Copies(forward, trunk)
        tree.start(leads)
        seen = tree.step([1, 0, 1], [10, 11, 12])
        copies.start(leads)
        true = copies.step([1, 0, 1], [10, 11, 12])
    except (RuntimeError, ValueError, TypeError, IndexError, AttributeError) as error:
        log.info("branches are decoded over copies: the model refuses a tree (%s)", error)
        return False
    tolerance = 1e-4 if forward.dtype == torch.float32 else 5e-2
    if not torch.allclose(seen, true, rtol=tolerance, atol=tolerance * float(true.abs().max())):
        log.info("branches are decoded over copies: the model does not see a tree exactly")
        return False
    return True


def _has_window(forward: Forward, *, max_length: int) -> bool:
    config = forward.model.config.get_text_config()
    kinds = getattr(config, "layer_types", None) or getattr(config, "attention_layers", None)
    if kinds is not None:
        return any(kind not in ("full_attention", "global") for kind in kinds)
    window = getattr(config, "sliding_window", None)
    return window is not None and window < max_length
