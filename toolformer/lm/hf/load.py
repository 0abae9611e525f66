"""From a directory to weights and a tokenizer that fit each other."""

from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import PreTrainedModel
from transformers.utils.quantization_config import QuantizationConfigMixin

from toolformer.errors import ModelError, clipped, closest
from toolformer.lm.hf.fits import check_numbers, check_tensors, check_tokens
from toolformer.lm.hf.formats.reading import DTYPES, read_model
from toolformer.lm.hf.memory import keep_freed_memory
from toolformer.lm.hf.source import fetch_source
from toolformer.lm.hf.told import quiet, told_by_a_sentence
from toolformer.sidecar import Sidecar

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model as it comes from disk."""

    name: str
    model: PreTrainedModel
    tokenizer: Tokenizer
    start: int | None  # the token that each row begins with
    specials: frozenset[int]  # tokens that say nothing and end a text
    fingerprint: str
    sidecar: Sidecar | None  # how it was taught to write calls
    ends: frozenset[int] = frozenset()  # other tokens at which `generate` would stop
    fingerprints: frozenset[str] = frozenset()  # by any dtype it may have been loaded with
    whole_tokenizer: Any = None  # as transformers has it: what is saved, and the chat template


def load_pretrained(
    name: str,
    *,
    dtype: str,
    device: str,
    quantization: QuantizationConfigMixin | None = None,
    trust_remote_code: bool = False,
) -> Loaded:
    """Loads a model and its tokenizer.

    Args:
        name: a directory, a Hub id, or "nano".
        dtype: float32, bfloat16 or float16.
        device: "auto" takes a GPU where there is one.
        quantization: how the weights are kept in fewer bits, if they are.
        trust_remote_code: whether Python files that come with the model may run.

    Raises:
        ModelError: if there is no such model, or it cannot be used.
    """
    if dtype not in DTYPES:
        raise ModelError(closest(dtype, DTYPES, what="dtype"))
    place = find_device(device)
    source = fetch_source(name, with_code=trust_remote_code)
    with told_by_a_sentence(name):
        with quiet():
            found = read_model(
                source, dtype=dtype, place=place, quantization=quantization, code=trust_remote_code
            )
        check_tensors(name, found.model, found.info)
        return loaded_of(
            name,
            found.model,
            found.tokenizer,
            sidecar=found.sidecar,
            place=place if quantization is None else None,
            fingerprint=found.digests[dtype],
            fingerprints=frozenset(found.digests.values()),
        )


def loaded_of(
    name: str,
    model: PreTrainedModel,
    tokenizer: Any,
    *,
    sidecar: Sidecar | None,
    place: torch.device | None,
    fingerprint: str,
    fingerprints: frozenset[str],
) -> Loaded:
    """Returns a model with its tokenizer, both looked at, on the device where it is to run.

    Args:
        name: of the model.
        model: with all its weights.
        tokenizer: as transformers has it.
        sidecar: how it was taught to write calls.
        place: where it is moved to; None leaves it where it is.
        fingerprint: of its weights and tokenizer.
        fingerprints: the same by any dtype.

    Raises:
        ModelError: the two do not fit each other.
    """
    check_numbers(name, model, dtype=str(model.dtype).removeprefix("torch."))
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ModelError(
            f"The tokenizer of {name} is a slow one, which does not tell where its tokens end."
            " Save it with a tokenizer.json first."
        )
    specials = frozenset(tokenizer.all_special_ids)
    start = _start(tokenizer, sidecar)
    check_tokens(name, model, backend, specials if start is None else specials | {start})
    if place is not None:
        model.to(place)  # type: ignore[arg-type]
    if model.device.type == "cpu":
        keep_freed_memory()
    model.eval()  # type: ignore[no-untyped-call]
    return Loaded(
        name=name,
        model=model,
        tokenizer=backend,
        start=start,
        specials=specials,
        fingerprint=fingerprint,
        sidecar=sidecar,
        ends=_ends(name, model) - specials,
        fingerprints=fingerprints,
        whole_tokenizer=tokenizer,
    )


def find_device(device: str) -> torch.device:
    """Returns the device that a user means.

    Raises:
        ModelError: there is no such device here.
    """
    if device.partition(":")[0] not in DEVICES:
        raise ModelError(closest(device, DEVICES, what="device"))
    here = ["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
    here += ["mps"] if torch.backends.mps.is_available() else []
    if device == "auto":
        return torch.device(next((each for each in here[1:]), "cpu").removesuffix(":0"))
    if not {device, f"{device}:0", device.removesuffix(":0")} & set(here):
        has_no_cuda = device.startswith("cuda") and torch.version.cuda is torch.version.hip is None
        why = " The torch that is installed was built without CUDA." if has_no_cuda else ""
        raise ModelError(
            f"There is no device {device!r} here.{why} Available: auto, {', '.join(here)}."
        )
    return torch.device(device)


def _start(tokenizer: Any, sidecar: Sidecar | None) -> int | None:
    """Returns the token that each row begins with, None where rows begin with their text.

    A tokenizer's own habit decides, as `tokenizer("a")` shows it. A model that was taught by this
    program continues as it was taught, whatever its tokenizer does for others.
    """
    if sidecar is not None and not sidecar.start_token:
        return None
    plain = tokenizer("a", add_special_tokens=False).input_ids
    added = tokenizer("a").input_ids
    before = next((n for n in range(len(added)) if added[n : n + len(plain)] == plain), 0)
    if before:
        return int(added[before - 1])
    if sidecar is None:
        return None
    bos: int | None = tokenizer.bos_token_id
    return tokenizer.eos_token_id if bos is None else bos


def _ends(name: str, model: PreTrainedModel) -> frozenset[int]:
    """Returns the tokens at which `generate` stops: by generation_config.json, else config.json."""
    declared = getattr(model.generation_config, "eos_token_id", None)
    ids = declared if isinstance(declared, list | tuple) else [declared]
    ids = [each for each in ids if each is not None]
    if not all(isinstance(each, int) for each in ids):
        raise ModelError(
            f"The generation_config.json of {name!r} has eos_token_id {clipped(str(declared))}:"
            " write a token's number, or a list of such."
        )
    return frozenset(ids)  # one that no token has is never chosen
