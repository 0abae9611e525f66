"""Which way branches are decoded: the quickest of four that is exact for a model."""

import logging

import torch
from transformers import PreTrainedModel

from toolformer.errors import ModelError
from toolformer.lm.hf.backend import TransformersBackend
from toolformer.lm.hf.branching.branches import BranchStart
from toolformer.lm.hf.branching.cache import RoomyCache
from toolformer.lm.hf.branching.copies import Copies
from toolformer.lm.hf.branching.shared import Shared
from toolformer.lm.hf.branching.tree import Tree
from toolformer.lm.hf.branching.whole import FullRowDecoder
from toolformer.lm.hf.forward import Forward, not_a_number, padded_logits

_log = logging.getLogger(__name__)

# What two branches of the row 1 2 3 4 have said after a step, one of them twice.
_ROWS = ((1, 2, 7, 8, 9, 10), (1, 2, 3, 4, 5, 6, 11), (1, 2, 7, 8, 9, 12))
_TRIED_TOKENS = 256  # more than they have

KeepingType = type[Shared] | type[Tree] | type[Copies]  # continue from what is kept of a text
DecoderType = KeepingType | type[FullRowDecoder]


def choose_decoding(forward: Forward, *, name: str, copies: bool = False) -> DecoderType:
    """Returns the quickest way to decode branches that is exact for a model.

    Asked of the model itself, by a row of a few tokens: no list of architectures to keep. A window
    shorter than the context would only show in long rows, so its config is asked.

    Args:
        forward: runs the model.
        name: of the model, for messages.
        copies: whether to decode over copies, whatever the model can do.

    Raises:
        ModelError: if what stands behind a token changes what the model predicts after it.
    """
    true = torch.cat([padded_logits(forward, [row], purpose="text") for row in _ROWS])
    if true.isnan().any():
        raise not_a_number(name, forward.dtype)
    if copies or forward.backend.has_window():
        why = "asked for" if copies else "the model has a sliding window"
    elif (reason := _why_not(Tree, forward, true)) is not None:
        why = f"in one row per text, the model {reason}"
    elif (reason := _why_not(Shared, forward, true)) is not None:
        _log.info("branches are decoded in one row per text: over shared parts, it %s", reason)
        return Tree
    else:
        return Shared
    if (reason := _why_not(Copies, forward, true)) is None:
        _log.info("branches are decoded over copies: %s", why)
        return Copies
    if not _alike(forward, padded_logits(forward, _ROWS, purpose="text"), true):
        raise ModelError(
            f"{name} ({forward.backend.name}) predicts something else after a token when"
            " others stand behind it. Choose a causal language model."
        )
    _log.info(
        "branches are decoded in whole rows, which is slow: going on from what is kept of a text,"
        " the model %s",
        reason,
    )
    return FullRowDecoder


def can_fork(model: PreTrainedModel) -> bool:
    """Returns whether a model predicts after each token of a forked row what it would of a chain.

    Asked of the model itself, as for its decoding: recurrent layers and windows cannot.
    """
    forward = Forward(TransformersBackend(model), batch_tokens=_TRIED_TOKENS)
    return choose_decoding(forward, name=type(model).__name__) in (Shared, Tree)


def _why_not(decoding: KeepingType, forward: Forward, true: torch.Tensor) -> str | None:
    """Returns why branches cannot be decoded in a way, None if they are as by plain forwards."""
    trunk = RoomyCache()
    row = forward.tensor([[1, 2, 3, 4]])
    leads = [BranchStart(0, 4, (5, 6)), BranchStart(0, 2, (7, 8, 9))]
    try:
        forward.logits(row, row[0, :1], purpose="text", cache=trunk)
        decoder = decoding(forward, trunk)
        decoder.start(leads)
        seen = decoder.step([1, 0, 1], [each[-1] for each in _ROWS])
    except (RuntimeError, ValueError, TypeError, LookupError, AttributeError) as error:
        return f"refuses it ({error})"
    return None if _alike(forward, seen, true) else "would predict something else"


def _alike(forward: Forward, seen: torch.Tensor, true: torch.Tensor) -> bool:
    """Returns whether logits differ by rounding alone."""
    tolerance = 1e-4 if forward.dtype == torch.float32 else 5e-2
    return torch.allclose(seen, true, rtol=tolerance, atol=tolerance * float(true.abs().max()))
