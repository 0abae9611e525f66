"""What a model's device can do: told from sizes and kinds, never measured, so always alike."""

import ctypes
import os
import sys

import torch
from transformers import PreTrainedModel

from toolformer.lm.hf.forward import CACHED_PER_FORWARDED

FEWEST, MOST_ON_CPU, MOST = 256, 32768, 65536
# Batches that are kept while the next is read: their calls are scored once their tools have run.
WAITING = 1
USED = 0.5  # of the memory that the weights leave; the rest is for logits and masks


def fitting_tokens(model: PreTrainedModel) -> int:
    """Returns how many tokens a batch may have, a power of two.

    A processor gains nothing by more than MOST_ON_CPU: its decoding steps are full by then.
    """
    weights = sum(each.numel() * each.element_size() for each in model.parameters())
    parameter = next(model.parameters())
    on_cpu = parameter.device.type == "cpu"
    return tokens_in(
        memory_bytes(parameter.device) - weights,
        token_bytes=token_bytes(model),
        most=MOST_ON_CPU if on_cpu else MOST,
    )


def tokens_in(free_bytes: int, *, token_bytes: int, most: int) -> int:
    """Returns a power of two that fits: a little more or less memory is the same plan.

    >>> tokens_in(3_000_000, token_bytes=1000, most=8192)
    1024
    >>> tokens_in(0, token_bytes=1000, most=8192)
    256
    """
    fitting = max(1, int(USED * free_bytes) // token_bytes)
    return min(most, max(FEWEST, 1 << (fitting.bit_length() - 1)))


def token_bytes(model: PreTrainedModel) -> int:
    """Returns what a token of a batch takes: kept keys and values, and what a layer computes."""
    config = model.config.get_text_config()
    layers, width = config.num_hidden_layers, config.hidden_size
    heads = getattr(config, "num_attention_heads", 1)  # a recurrent model has none
    key_heads = getattr(config, "num_key_value_heads", None) or heads
    head_width = getattr(config, "head_dim", None) or width // heads
    kept = (CACHED_PER_FORWARDED + WAITING) * 2 * layers * key_heads * head_width
    # The widest of a layer is about four times the hidden width, and a few such are alive at once.
    computed = 4 * 4 * width
    size: int = (kept + computed) * next(model.parameters()).element_size()
    return size


def memory_bytes(device: torch.device) -> int:
    """Returns the memory of a device, in use or not: what is in use now may not be next time."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def operations_per_second(device: torch.device) -> float:
    """Returns about how many a device does; of its kind, so that it is the same on all of them."""
    return {"cpu": 1e11, "mps": 3e12}.get(device.type, 5e13)


def keep_freed_memory() -> None:
    """Lets this process keep what it frees, for the next batch; where the C library is glibc.

    Else every large tensor comes fresh from the system, which clears it: a tenth of the time.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        m_trim_threshold, m_mmap_threshold = -1, -3  # names of malloc.h
        # Older ones refuse more than 32 MiB, and answer 0.
        mallopt(m_mmap_threshold, 2**30) or mallopt(m_mmap_threshold, 2**25)
        mallopt(m_trim_threshold, 2**31 - 1)
