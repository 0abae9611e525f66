"""What streams should say: plain forwards, without cache, mask and batch."""

from collections.abc import Sequence

import numpy as np
import torch

from toolformer.lm.hf.model import HFLanguageModel


def plain_logits(model: HFLanguageModel, ids: Sequence[int]) -> np.ndarray:
    """(vocabulary,) after a row."""
    with torch.inference_mode():
        logits = model.engine.forward.backend.model(
            torch.tensor([list(ids)]), use_cache=False
        ).logits
    found: np.ndarray = logits[0, -1].float().numpy()
    return found


def start_of(model: HFLanguageModel, prompt: str) -> list[int]:
    encoding = model.engine.encoding
    return [*encoding.start, *encoding.text(prompt).ids]


def log_softmax(logits: np.ndarray) -> np.ndarray:
    found: np.ndarray = logits - np.logaddexp.reduce(logits)
    return found
