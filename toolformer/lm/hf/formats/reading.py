"""What a model's name stands for, read into memory, whatever form it has on disk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils.quantization_config import QuantizationConfigMixin

from toolformer.lm.hf.fits import check_tensors
from toolformer.lm.hf.formats.adapter import merge, read_adapter
from toolformer.lm.hf.formats.checkpoint import check_sizes, deciding_files, read_checkpoint
from toolformer.lm.hf.formats.gguf import digest_of_gguf, read_gguf
from toolformer.lm.hf.source import Source, fetch_base
from toolformer.sidecar import Sidecar, read_sidecar

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model as its files have it, in memory."""

    model: PreTrainedModel
    tokenizer: Any  # of transformers
    info: dict[str, Any]  # of tensors that are missing or left over, as transformers tells
    digests: Mapping[str, str]  # fingerprints by dtype
    sidecar: Sidecar | None


def read_model(
    source: Source,
    *,
    dtype: str,
    place: torch.device,
    quantization: QuantizationConfigMixin | None,
    code: bool,
) -> ModelFiles:
    """Reads what a model's name stands for, whatever form it has."""
    if source.gguf is None and not source.is_adapter:
        return _read_directory(
            source.directory, dtype=dtype, place=place, quantization=quantization, code=code
        )
    found = (
        _read_adapted(source.directory, dtype=dtype, code=code)
        if source.gguf is None
        else _read_gguf(source.gguf, dtype=dtype)
    )
    if quantization is None:
        return found
    # Weights that no file holds are rounded to fewer bits on their way from one.
    with TemporaryDirectory() as folder:
        found.model.save_pretrained(folder)
        found.tokenizer.save_pretrained(folder)
        rounded = _read_directory(
            Path(folder), dtype=dtype, place=place, quantization=quantization, code=code
        )
    return replace(found, model=rounded.model)


def _read_directory(
    directory: Path,
    *,
    dtype: str,
    place: torch.device,
    quantization: QuantizationConfigMixin | None,
    code: bool,
) -> ModelFiles:
    """Reads a directory that `save_pretrained` wrote."""
    sidecar = read_sidecar(directory)
    checkpoint = read_checkpoint(directory)
    # Weights on disk are there at once, and what is wrong with them is said below.
    config = AutoConfig.from_pretrained(directory, trust_remote_code=code)
    if not type(config).__module__.startswith("transformers_modules."):  # trusted code
        check_sizes(checkpoint, config)
    tokenizer = load_tokenizer(directory, trust_remote_code=code)
    found: Any = AutoModelForCausalLM.from_pretrained(
        directory,
        config=config,
        dtype=DTYPES[dtype],
        quantization_config=quantization,
        device_map=None if quantization is None else {"": place},
        trust_remote_code=code,
        use_safetensors=True,
        output_loading_info=True,
    )
    model, info = found
    return ModelFiles(model, tokenizer, info, fingerprints_of_weights(directory), sidecar)


def _read_gguf(path: Path, *, dtype: str) -> ModelFiles:
    model, tokenizer, info = read_gguf(path, dtype=DTYPES[dtype])
    digests = _fingerprints([digest_of_gguf(path)])
    return ModelFiles(model, tokenizer, info, digests, read_sidecar(path.parent))


def _read_adapted(directory: Path, *, dtype: str, code: bool) -> ModelFiles:
    """Reads an adapter's base and puts the adapter into it."""
    adapter = read_adapter(directory)
    source = fetch_base(adapter, with_code=code)
    base = read_model(source, dtype=dtype, place=torch.device("cpu"), quantization=None, code=code)
    check_tensors(adapter.base, base.model, base.info)
    tokenizer = base.tokenizer
    if adapter.has_tokenizer:
        tokenizer = load_tokenizer(directory, trust_remote_code=code)
    merged = merge(base.model, adapter, tokens=len(tokenizer))
    digests = {
        each: sha256(found.encode() + adapter.digest).hexdigest()[:16]
        for each, found in base.digests.items()
    }
    sidecar = read_sidecar(directory) or base.sidecar
    return ModelFiles(merged, tokenizer, {}, digests, sidecar)


def load_tokenizer(directory: Path, *, trust_remote_code: bool = False) -> Any:
    """Returns a model's tokenizer as transformers has it."""
    return AutoTokenizer.from_pretrained(directory, trust_remote_code=trust_remote_code)


def fingerprints_of_weights(directory: Path) -> dict[str, str]:
    """Returns, by dtype, 16 hex digits over all that decides a model's answers.

    Each file is read once.
    """
    checkpoint = read_checkpoint(directory)
    parts = []
    for path in deciding_files(checkpoint):
        with path.open("rb") as file:
            parts.append(path.name.encode() + b"\0" + file_digest(file, "sha256").digest())
    if isinstance(checkpoint.ends, list):  # one end is nearly always the tokenizer's own
        parts.append(repr(checkpoint.ends).encode())
    return _fingerprints(parts)


def _fingerprints(parts: Sequence[bytes]) -> dict[str, str]:
    """Returns a fingerprint by dtype of what decides a model's answers."""
    joined = b"".join(parts)
    return {dtype: sha256(dtype.encode() + joined).hexdigest()[:16] for dtype in DTYPES}
