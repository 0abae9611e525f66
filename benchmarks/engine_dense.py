"""Plain dense forwards of a model at their best batch shape: the limit of the engine."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from toolformer.lm.hf.model import HFLanguageModel

SHAPES = (  # rows × tokens: what a processor's caches hold of a small model, of a large one, more
    *((1, 256), (2, 256), (4, 256), (8, 256)),
    *((4, 64), (8, 64), (16, 64), (32, 64)),
    *((2, 128), (4, 128), (6, 100), (16, 128)),
)
TRIES = 2


@dataclass(frozen=True, slots=True)
class Dense:
    """Tokens a second, at the best shape of the whole model."""

    rows: int
    width: int
    whole: float  # with the output head on every token
    trunk: float  # without


def dense_rate(model: HFLanguageModel) -> Dense:
    """Measures forwards of random tokens, without cache, mask or padding."""
    network = model.engine.forward.backend.model
    device = model.engine.forward.device
    whole, rows, width = max(
        (_rate(network, rows, width, device=device), rows, width) for rows, width in SHAPES
    )
    return Dense(rows, width, whole, _rate(network.base_model, rows, width, device=device))


@torch.inference_mode()
def _rate(network: Callable[..., object], rows: int, width: int, *, device: torch.device) -> float:
    ids = torch.randint(0, 1000, (rows, width), device=device)
    taken = []
    for _ in range(1 + TRIES):
        start = time.perf_counter()
        network(input_ids=ids, use_cache=False)
        if device.type == "cuda":
            torch.cuda.synchronize()
        taken.append(time.perf_counter() - start)
    return rows * width / min(taken[1:])  # the first also finds its kernels
