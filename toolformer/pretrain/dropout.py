"""Dropout of a training, by a schedule; a finished model has none."""

import hashlib
from typing import Any

import torch

from toolformer.pretrain.config import PretrainConfig
from toolformer.pretrain.model import SmallModel


class Dropout:
    """Drops out what the embeddings, attentions and feed-forward layers of a model return.

    The draws of a step follow from the seed and its number alone, so a resumed run makes the same.
    """

    def __init__(self, model: SmallModel, config: PretrainConfig) -> None:
        """Hooks into a model, unless its settings name no dropout."""
        self._config = config
        self._layer = torch.nn.Dropout(0.0)
        if not config.dropout:
            return
        trunk: Any = model.base_model
        blocks = trunk.h if config.model.architecture == "gpt2" else trunk.layers
        places = [model.get_input_embeddings()]
        for block in blocks:
            places += [block.attn if hasattr(block, "attn") else block.self_attn, block.mlp]
        for place in places:
            place.register_forward_hook(self._drop)

    def begin(self, step: int) -> None:
        """Sets the rate of a step, and draws for it."""
        if self._config.dropout:
            key = hashlib.sha256(f"{self._config.seed}/{step}/dropout".encode()).digest()
            torch.manual_seed(int.from_bytes(key[:8], "big") >> 1)
            self._layer.p = self._config.dropout_at(step)

    def _drop(self, module: torch.nn.Module, _inputs: Any, output: Any) -> Any:
        if not module.training or self._layer.p == 0:
            return output
        if isinstance(output, tuple):  # an attention returns its weights, too
            return (self._layer(output[0]), *output[1:])
        return self._layer(output)
