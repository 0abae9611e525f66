"""A search by embeddings that learns nothing: the means of a model's own token embeddings."""

from collections.abc import Iterator, Sequence

import numpy as np

from toolformer.lm.hf.load import Loaded
from toolformer.studies.tool_tokens.catalog.records import Api
from toolformer.studies.tool_tokens.index.build import embed_texts


def search_embeddings(
    loaded: Loaded, apis: Sequence[Api], queries: Sequence[str], *, most: int = 5
) -> Iterator[tuple[str, ...]]:
    """Yields for each query the ids of the APIs whose documentation is nearest by cosine.

    What all documentations have in common says nothing of any, so their mean is taken away.
    """
    told = embed_texts(loaded, [api.documentation for api in apis])  # (apis, width) float32
    mean = told.mean(axis=0)
    told, asked = _unit(told - mean), _unit(embed_texts(loaded, queries) - mean)
    for row in asked @ told.T:
        yield tuple(apis[number].id for number in np.argsort(-row, kind="stable")[:most])


def _unit(rows: np.ndarray) -> np.ndarray:
    lengths: np.ndarray = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return np.asarray(rows / lengths)
