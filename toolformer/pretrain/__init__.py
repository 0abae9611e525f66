"""A small causal language model from scratch, on local text.

What needs torch is loaded when it is first asked for.
"""

from typing import TYPE_CHECKING

from toolformer.pretrain.config import PretrainConfig

if TYPE_CHECKING:
    from toolformer.pretrain.train import pretrain

__all__ = ["PretrainConfig", "pretrain"]


def __getattr__(name: str) -> object:
    if name != "pretrain":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from toolformer.pretrain.train import pretrain

    return pretrain
