"""A model and its tokenizer that a Python program has in memory already."""

import json
from hashlib import sha256
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from toolformer.errors import ConfigError, clipped
from toolformer.lm.hf.load import Loaded, loaded_of
from toolformer.lm.hf.told import told_by_a_sentence
from toolformer.sidecar import Sidecar, read_sidecar

_VOLATILE = ("_name_or_path", "transformers_version")  # of a config: they change no answer


def loaded_from(model: object, tokenizer: object, *, sidecar: Sidecar | None = None) -> Loaded:
    """Returns a model of transformers with its tokenizer; it stays where and as it is.

    It is set to evaluate. Where it was loaded from a directory with a sidecar, that says how it was
    taught.

    Args:
        model: a `PreTrainedModel`.
        tokenizer: its `PreTrainedTokenizerFast`.
        sidecar: how it was taught; as the directory that it was loaded from says when None.

    Raises:
        ConfigError: one of them is something else.
        ModelError: they do not fit each other.
    """
    if not isinstance(model, PreTrainedModel):
        is_adapted = hasattr(model, "merge_and_unload")
        way = (
            "merge its adapter first, model.merge_and_unload()"
            if is_adapted
            else "load one, as in AutoModelForCausalLM.from_pretrained('gpt2')"
        )
        raise ConfigError(f"{_shown(model)} is not a PreTrainedModel of transformers: {way}.")
    if not isinstance(tokenizer, PreTrainedTokenizerBase):
        raise ConfigError(
            f"{_shown(tokenizer)} is not a tokenizer of transformers: give the model with its own, "
            "as in model=(model, tokenizer)."
        )
    directory = model.name_or_path
    name = directory or type(model).__name__
    with told_by_a_sentence(name):
        fingerprint = _fingerprint(model, tokenizer)
        return loaded_of(
            name,
            model,
            tokenizer,
            sidecar=read_sidecar(directory) if sidecar is None and directory else sidecar,
            place=None,
            fingerprint=fingerprint,
            fingerprints=frozenset([fingerprint]),
        )


def _fingerprint(model: PreTrainedModel, tokenizer: Any) -> str:
    """Returns 16 hex digits over all that decides a model's answers: each weight is read."""
    config = {name: each for name, each in model.config.to_dict().items() if name not in _VOLATILE}
    digest = sha256(json.dumps(config, sort_keys=True, default=str).encode())
    digest.update(repr(getattr(model.generation_config, "eos_token_id", None)).encode())
    for name, weight in sorted(model.state_dict().items()):
        digest.update(f"{name}\0{weight.dtype}\0{tuple(weight.shape)}".encode())
        digest.update(weight.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    backend = getattr(tokenizer, "backend_tokenizer", None)
    digest.update(b"" if backend is None else backend.to_str().encode())
    return digest.hexdigest()[:16]


def _shown(value: object) -> str:
    return f"{type(value).__name__} {clipped(repr(value))}"
