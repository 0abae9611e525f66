"""The narrow seam under the engine: one forward pass, its output head on the wanted rows only.

The engine (trunks, branching, losses, streams) asks a model for nothing but `Backend.logits` over
tokens, a cache and masks. An adapter of another runtime implements `Backend` and hands it to
`Forward`; which ways of branching it is exact in is then found out as for any model.
"""

import inspect
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import torch
from transformers import PreTrainedModel
from transformers.cache_utils import Cache

from toolformer.errors import ModelError

_UNBOUNDED = 2**20  # tokens: a context that the config does not bound


class Backend(Protocol):
    """A model on its device."""

    name: str  # the kind of model, for messages
    device: torch.device  # where tensors go
    dtype: torch.dtype  # of the weights
    vocabulary: int  # how many ids it chooses among
    width: int  # of its hidden states
    max_length: int  # the longest row it reads, in tokens

    def logits(
        self,
        ids: torch.Tensor,
        rows: torch.Tensor,
        *,
        cache: Cache | None,
        mask: torch.Tensor | None,
        positions: torch.Tensor | None,
    ) -> torch.Tensor:
        """Runs the model and returns what it predicts after some of the tokens.

        Args:
            ids: (rows, tokens) int64, padded on the right, where causal attention hides it.
            rows: (wanted,) int64: which tokens, counted through all rows.
            cache: what stands before; grows by these tokens.
            mask: (rows, 1, tokens, cached + tokens) bool, true where a token may look.
            positions: (rows, tokens) int64; in order after the cache unless given.

        Returns:
            (wanted, vocabulary) float32 logits.
        """

    def has_window(self) -> bool:
        """Returns whether some layer sees less than the longest row."""

    def attending(self, attention: str) -> AbstractContextManager[None]:
        """Makes it attend by a registered attention of transformers; refuses what cannot."""


class TransformersBackend:
    """Any causal language model of transformers."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.model = model
        self._config = model.config.get_text_config()
        self.name = type(model).__name__
        self.device = next(model.parameters()).device
        self.dtype = next(model.parameters()).dtype
        self.vocabulary: int = self._config.vocab_size
        self.width: int = self._config.hidden_size
        self.max_length = context_length(model)
        # What the model calls its cache: `past_key_values` until transformers 5.24.
        parameters = inspect.signature(model.forward).parameters
        self._cache_name = "cache" if "cache" in parameters else "past_key_values"
        # One forward at a time: a tool may ask the model while somebody else does.
        self._lock = threading.RLock()

    def logits(
        self,
        ids: torch.Tensor,
        rows: torch.Tensor,
        *,
        cache: Cache | None,
        mask: torch.Tensor | None,
        positions: torch.Tensor | None,
    ) -> torch.Tensor:
        """Returns (wanted, vocabulary) float32 logits after some of the tokens."""
        extra: dict[str, Any] = {self._cache_name: cache}
        if mask is not None:
            extra["attention_mask"] = additive(mask, self.dtype)
        if positions is not None:
            extra["position_ids"] = positions
        with self._lock, self._head_on(rows):
            output = self.model(
                input_ids=ids, use_cache=cache is not None, return_dict=True, **extra
            )
        logits: torch.Tensor = output.logits
        return logits.reshape(-1, logits.shape[-1]).float()

    def has_window(self) -> bool:
        """Returns whether some layer sees less than the longest row."""
        config = self._config
        kinds = getattr(config, "layer_types", None) or getattr(config, "attention_layers", None)
        if kinds is not None:
            return any(kind not in ("full_attention", "global") for kind in kinds)
        window = getattr(config, "sliding_window", None)
        return window is not None and window < self.max_length

    @contextmanager
    def attending(self, attention: str) -> Iterator[None]:
        """Makes the model attend by a registered attention."""
        with self._lock:
            usual = self._config._attn_implementation
            self._config._attn_implementation = attention
            try:
                yield
            finally:
                self._config._attn_implementation = usual

    @contextmanager
    def _head_on(self, rows: torch.Tensor) -> Iterator[None]:
        """Shows the output head the wanted rows only, whatever the model does around it.

        What comes after the head (a cap, a scale) then still happens, which it would not if the
        trunk and the head were called one by one; and the rows may differ between texts, which
        `logits_to_keep` does not allow.
        """
        head = self.model.get_output_embeddings()  # type: ignore[no-untyped-call]
        if head is None:
            raise ModelError(
                f"{type(self.model).__name__} has no output head: not a causal language model."
            )

        def gather(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor]:
            hidden = inputs[0]  # (rows, tokens, width)
            return (hidden.reshape(-1, hidden.shape[-1]).index_select(0, rows)[None],)

        hook = head.register_forward_pre_hook(gather)
        try:
            yield
        finally:
            hook.remove()


def context_length(model: PreTrainedModel) -> int:
    """Returns the longest row a model reads, in tokens, by its config."""
    config = model.config.get_text_config()
    for name in ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length"):
        length = getattr(config, name, None)
        if isinstance(length, int) and length > 0:
            return length
    return _UNBOUNDED


def additive(mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Returns a mask to add to attention scores: 0 where true, the lowest number elsewhere.

    A boolean mask would be silently wrong where attention is computed eagerly.
    """
    hidden = torch.full((), torch.finfo(dtype).min, dtype=dtype, device=mask.device)
    return torch.where(mask, torch.zeros((), dtype=dtype, device=mask.device), hidden)
