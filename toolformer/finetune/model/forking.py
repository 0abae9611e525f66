"""Whether a model learns the same from a row that forks as from rows of their own."""

from transformers import PreTrainedModel

from toolformer.lm.hf.backend import TransformersBackend
from toolformer.lm.hf.branching.shared import Shared
from toolformer.lm.hf.branching.tree import Tree
from toolformer.lm.hf.branching.ways import choose_decoding
from toolformer.lm.hf.forward import Forward

_BATCH_TOKENS = 256  # more than the row has that is tried


def can_fork(model: PreTrainedModel) -> bool:
    """Returns whether a model predicts after each token of a forked row what it would of a chain.

    Asked of the model itself, as for its decoding: recurrent layers and windows cannot.
    """
    forward = Forward(TransformersBackend(model), batch_tokens=_BATCH_TOKENS)
    return choose_decoding(forward, name=type(model).__name__) in (Shared, Tree)
