"""Similar vectors in a tree of clusters: k-means, and k-means again in every cluster."""

from collections.abc import Sequence

import numpy as np

_ROUNDS = 20


def cluster_paths(vectors: np.ndarray, *, branches: int, seed: int) -> list[tuple[int, ...]]:
    """Returns for each vector the branches that lead to it; no path begins another.

    Args:
        vectors: (vectors, width) float32; compared by their directions.
        branches: of a node, at most.
        seed: of the first centres.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(lengths, 1e-9)
    paths: list[list[int]] = [[] for _ in vectors]
    _split(unit, list(range(len(vectors))), paths, branches, np.random.default_rng(seed))
    return [tuple(path) for path in paths]


def _split(
    unit: np.ndarray,
    members: Sequence[int],
    paths: list[list[int]],
    branches: int,
    rng: np.random.Generator,
) -> None:
    if len(members) <= branches:
        for branch, member in enumerate(members):
            paths[member].append(branch)
        return
    assigned = _k_means(unit[list(members)], branches, rng)
    groups = [
        [m for m, a in zip(members, assigned, strict=True) if a == b] for b in range(branches)
    ]
    if max(map(len, groups)) == len(members):  # vectors that are alike
        groups = [list(members[start::branches]) for start in range(branches)]
    for branch, group in enumerate(filter(None, groups)):
        for member in group:
            paths[member].append(branch)
        _split(unit, group, paths, branches, rng)


def _k_means(unit: np.ndarray, branches: int, rng: np.random.Generator) -> list[int]:
    """Returns the cluster of each unit vector; the centres are unit vectors, too."""
    centres = unit[rng.choice(len(unit), branches, replace=False)]  # (branches, width) float32
    assigned = np.full(len(unit), -1)
    for _ in range(_ROUNDS):
        nearest = (unit @ centres.T).argmax(axis=1)  # (vectors,) int64
        if (nearest == assigned).all():
            break
        assigned = nearest
        for branch in range(branches):
            of_branch = unit[assigned == branch]
            if len(of_branch):
                centre = of_branch.mean(axis=0)
                centres[branch] = centre / max(float(np.linalg.norm(centre)), 1e-9)
    return [int(each) for each in assigned]
