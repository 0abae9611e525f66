"""From a directory to weights and a tokenizer that fit each other."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import file_digest, sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils import logging as library
from transformers.utils.quantization_config import QuantizationConfigMixin

from toolformer.errors import ModelError, ToolformerError, clipped, closest
from toolformer.lm.hf.checkpoint import check_sizes, deciding_files, read_checkpoint
from toolformer.lm.hf.fits import check_numbers, check_tensors, check_tokens
from toolformer.lm.hf.formats.adapter import merge, read_adapter
from toolformer.lm.hf.formats.gguf import digest_of_gguf, read_gguf
from toolformer.lm.hf.memory import keep_freed_memory
from toolformer.lm.hf.source import Source, fetch_base, fetch_source
from toolformer.sidecar import Sidecar, read_sidecar

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
DEVICES = ("auto", "cpu", "cuda", "mps")

_LONGEST_REASON = 300  # characters of what a library says


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


@dataclass(frozen=True, slots=True)
class _Files:
    """A model as its files have it, in memory."""

    model: PreTrainedModel
    tokenizer: Any  # of transformers
    info: dict[str, Any]  # of tensors that are missing or left over, as transformers tells
    digests: Mapping[str, str]  # fingerprints by dtype
    sidecar: Sidecar | None


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
            found = _read(
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


def _read(
    source: Source,
    *,
    dtype: str,
    place: torch.device,
    quantization: QuantizationConfigMixin | None,
    code: bool,
) -> _Files:
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
) -> _Files:
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
    return _Files(model, tokenizer, info, fingerprints_of_weights(directory), sidecar)


def _read_gguf(path: Path, *, dtype: str) -> _Files:
    model, tokenizer, info = read_gguf(path, dtype=DTYPES[dtype])
    digests = _fingerprints([digest_of_gguf(path)])
    return _Files(model, tokenizer, info, digests, read_sidecar(path.parent))


def _read_adapted(directory: Path, *, dtype: str, code: bool) -> _Files:
    """Reads an adapter's base and puts the adapter into it."""
    adapter = read_adapter(directory)
    source = fetch_base(adapter, with_code=code)
    base = _read(source, dtype=dtype, place=torch.device("cpu"), quantization=None, code=code)
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
    return _Files(merged, tokenizer, {}, digests, sidecar)


def load_tokenizer(directory: Path, *, trust_remote_code: bool = False) -> Any:
    """Returns a model's tokenizer as transformers has it."""
    return AutoTokenizer.from_pretrained(directory, trust_remote_code=trust_remote_code)


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


@contextmanager
def told_by_a_sentence(name: str) -> Iterator[None]:
    """Turns whatever a library raises about a model's files into a sentence.

    A file out of anybody's hands can make a library fail in any way, so nothing raised here is a
    bug of this program until it has been shown to be one: the cause is kept.
    """
    try:
        yield
    except ToolformerError:
        raise
    except BaseException as error:
        # What a library in Rust gives up with is no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise ModelError(_reason(name, error)) from error


def _reason(name: str, error: BaseException) -> str:
    text = str(error)
    if "trust_remote_code" in text:
        return (
            f"Model {name!r} needs Python code that comes with it. Read that code, and if you trust"
            " it, allow it to run: --trust-remote-code."
        )
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in text:
        return f"Model {name!r} does not fit into memory. Choose a smaller one or --dtype bfloat16."
    kind = type(error).__name__
    said = " ".join(text.split()).rstrip(".")
    if not said or not isinstance(error, OSError | ImportError | ValueError):
        said = f"{kind}: {said}".removesuffix(": ")
    return f"Model {name!r} cannot be loaded: {clipped(said, _LONGEST_REASON)}."


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


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps transformers from drawing bars and tables, and leaves it as it was."""
    shown, level = library.is_progress_bar_enabled(), library.get_verbosity()
    library.disable_progress_bar()  # type: ignore[no-untyped-call]
    library.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        library.set_verbosity(level)
        if shown:
            library.enable_progress_bar()  # type: ignore[no-untyped-call]
