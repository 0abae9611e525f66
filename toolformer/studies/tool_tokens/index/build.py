"""Tokens for tools added to a model and its tokenizer, as plain transformers load them.

OUT/index.json    the model, the catalogue and the indexing; written first
OUT/...           weights and tokenizer, by `save_pretrained`
OUT/tools.json    which text is whose; written last
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import AddedToken

from toolformer import files
from toolformer.calls import InlineGrammar
from toolformer.config import fingerprint
from toolformer.errors import ModelError
from toolformer.lm.encoding import Encoding
from toolformer.lm.hf.load import Loaded, load_pretrained
from toolformer.lm.hf.told import quiet
from toolformer.studies.tool_tokens.catalog.records import Api
from toolformer.studies.tool_tokens.index.clusters import cluster_paths
from toolformer.studies.tool_tokens.index.identifiers import (
    FILE,
    Identifiers,
    Indexing,
    NewToken,
    identifiers_of,
    read_identifiers,
    write_identifiers,
)

_SETTINGS = "index.json"
_BRANCHES = 10  # as the digits of a numeric indexing
_AT_ONCE = 4096  # names that are encoded together


def build_index(
    model: str, apis: Sequence[Api], out: Path, *, indexing: Indexing, seed: int = 0
) -> Identifiers:
    """Adds the tokens that name the APIs to a model, and writes it.

    The row of a new token is the mean of the rows of its name's tokens, in the embeddings and,
    where these are another matrix, in the output head. What is there already is not made again.

    Args:
        model: a directory, a Hub id or "nano".
        apis: of a catalogue, in its order.
        out: the directory of the model with the tokens.
        indexing: how APIs are named.
        seed: of the clusters of a hierarchical indexing.

    Raises:
        ModelError: there is no such model.
        RunError: `out` holds something else, or cannot be written.
    """
    loaded = load_pretrained(model, dtype="float32", device="cpu")
    settings = {
        "model": {"name": model, "fingerprint": loaded.fingerprint},
        "apis": {
            "count": len(apis),
            "fingerprint": fingerprint([[api.id, api.documentation] for api in apis]),
        },
        "indexing": indexing,
        "seed": seed,
    }
    out.mkdir(parents=True, exist_ok=True)
    with files.locked(out):
        files.claim(out / _SETTINGS, settings, what="an index")
        if (out / FILE).exists():
            return read_identifiers(out)
        mean = _mean_of(loaded)
        paths: list[tuple[int, ...]] = []
        if indexing == "hierarchical":
            vectors = mean([(api.documentation,) for api in apis]).numpy()  # (apis, width) float32
            paths = cluster_paths(vectors, branches=_BRANCHES, seed=seed)
        identifiers, new = identifiers_of(apis, indexing, paths=paths)
        if new:
            identifiers = replace(identifiers, new_tokens_from=_add(loaded, new))
        with quiet():
            loaded.model.save_pretrained(out)
        loaded.whole_tokenizer.save_pretrained(out)
        write_identifiers(out, identifiers)
    return identifiers


def embed_texts(loaded: Loaded, texts: Sequence[str]) -> np.ndarray:
    """Returns (texts, width) float32: the mean of the embeddings of each text's tokens."""
    means: np.ndarray = _mean_of(loaded)([(text,) for text in texts]).numpy()
    return means


def _mean_of(
    loaded: Loaded, weight: torch.Tensor | None = None
) -> Callable[[Sequence[Sequence[str]]], torch.Tensor]:
    """Returns a function from groups of texts to (groups, width) float32, the means of their rows.

    Args:
        loaded: the model whose tokenizer and embeddings count.
        weight: other rows than the embeddings.
    """
    encoding = encoding_of(loaded)
    embeddings: Any = loaded.model.get_input_embeddings()
    rows = (embeddings.weight if weight is None else weight).detach().float()

    def mean(groups: Sequence[Sequence[str]]) -> torch.Tensor:
        found = []
        for start in range(0, len(groups), _AT_ONCE):
            part = groups[start : start + _AT_ONCE]
            encoded = iter(encoding.texts([text for group in part for text in group]))
            for group in part:
                ids = [token for _ in group for token in next(encoded).ids]
                found.append(rows[ids].mean(dim=0) if ids else rows.mean(dim=0))
        return torch.stack(found)

    return mean


def encoding_of(loaded: Loaded) -> Encoding:
    """Returns how a model's texts are encoded, as training and decoding do it."""
    grammar = InlineGrammar() if loaded.sidecar is None else loaded.sidecar.grammar
    return Encoding(loaded.tokenizer, grammar, start=loaded.start, name=loaded.name)


@torch.no_grad()
def _add(loaded: Loaded, new: Sequence[NewToken]) -> int:
    """Adds tokens to a model and its tokenizer; returns the first of them."""
    model: Any = loaded.model
    layers = [model.get_input_embeddings(), model.get_output_embeddings()]
    if layers[1] is None or layers[1].weight is layers[0].weight:
        layers = layers[:1]
    names = [each.names for each in new]
    means = [_mean_of(loaded, layer.weight)(names) for layer in layers]
    tokenizer = loaded.whole_tokenizer
    first = len(tokenizer)
    # Not special: a special token is read as plain text where it is spelled in a text.
    tokenizer.add_tokens([AddedToken(each.text, normalized=False, special=False) for each in new])
    if len(tokenizer) != first + len(new):
        raise ModelError(
            f"{loaded.name!r} has some of these tokens already: take the model from before tokens "
            "for tools were added."
        )
    if len(tokenizer) > layers[0].weight.shape[0]:
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    resized = [model.get_input_embeddings(), model.get_output_embeddings()]
    for layer, rows in zip(resized, means, strict=False):
        layer.weight[first : first + len(new)] = rows
    return first
