"""Whether weights, config and tokenizer belong together: what does not is refused by a sentence."""

import logging
import math
from collections.abc import Mapping
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import PreTrainedModel

from toolformer.errors import ModelError, clipped
from toolformer.lm.hf.formats.checkpoint import named

_log = logging.getLogger(__name__)


def check_tensors(name: str, model: PreTrainedModel, info: dict[str, Any]) -> None:
    """Refuses weights that do not fit the config: what is missing would be drawn at random."""
    modules = dict(model.named_modules())
    extra = {each for each in info.get("unexpected_keys", ()) if each}
    of_the_model = {each for each in extra if _has_a_place(each, modules)}
    for found, consequence in (
        (info.get("missing_keys"), "lack"),
        (of_the_model, "hold beyond what its config.json has room for"),
    ):
        if found:
            raise ModelError(
                f"The weights of {name!r} {consequence}: {named(found)}. They are damaged, or"
                " belong to another config.json: copy the model again."
            )
    if extra:
        _log.warning("Of the weights of %r these are not used: %s.", name, named(extra))
    if found := info.get("mismatched_keys"):
        raise ModelError(
            f"The weights of {name!r} have another shape than its config.json declares:"
            f" {named(each[0] for each in found)}."
        )
    if found := info.get("error_msgs") or info.get("conversion_errors"):
        raise ModelError(f"The weights of {name!r} cannot be read: {clipped(str(found), 200)}.")


def _has_a_place(tensor: str, modules: Mapping[str, torch.nn.Module]) -> bool:
    """Returns whether a tensor that a model does not have would change what it computes.

    It would as a further layer, as a further part of one, and beside the weights of a module. It
    would not as a part beside the layers (a head of another use, a vision tower), nor as what old
    checkpoints keep of a layer that has no weights of its own (the causal mask).
    """
    owner, rest = tensor, ""
    while owner not in modules:
        owner, _, last = owner.rpartition(".")
        rest = f"{last}.{rest}" if rest else last
    if next(modules[owner].parameters(recurse=False), None) is not None:
        return True
    repeats = isinstance(modules[owner], torch.nn.ModuleList)
    return "." in rest and (repeats or any(part.isdecimal() for part in owner.split(".")))


def check_numbers(name: str, model: PreTrainedModel, *, dtype: str) -> None:
    """Refuses weights that are not finite: nothing that such a model says is a number."""
    for tensor, weight in model.named_parameters():
        # A sum is read off in one pass; only where it is not finite is each number asked.
        if not weight.is_floating_point() or math.isfinite(weight.detach().sum().item()):
            continue
        if not weight.detach().isfinite().all():
            other = " or too large for float16: --dtype bfloat16" if dtype == "float16" else ""
            raise ModelError(
                f"The weights of {name!r} hold numbers that are not finite{other}: {tensor}."
            )


def check_tokens(
    name: str, model: PreTrainedModel, tokenizer: Tokenizer, specials: frozenset[int]
) -> None:
    """Refuses a tokenizer with tokens that the model has no embedding for."""
    embeddings: Any = model.get_input_embeddings()
    rows = embeddings.weight.shape[0]
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    highest = max((*vocabulary.values(), *specials), default=-1)
    if highest < 0:
        raise ModelError(f"The tokenizer of {name!r} has no tokens.")
    if highest >= rows or min(specials, default=0) < 0:
        wrong = next((n for n in sorted(specials) if n < 0), highest)
        text = next((text for text, token in vocabulary.items() if token == wrong), "")
        raise ModelError(
            f"The tokenizer of {name!r} does not fit its weights: it has the token {wrong}"
            f"{f' ({clipped(text)!r})' if text else ''}, and they have embeddings for 0 to"
            f" {rows - 1}. Take the tokenizer of these weights, or call `resize_token_embeddings`."
        )
