"""From a name to weights: a directory, a Hub id, or the embedded model."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from huggingface_hub import constants
from huggingface_hub.errors import HFValidationError
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils import logging
from transformers.utils.hub import cached_file
from transformers.utils.quantization_config import QuantizationConfigMixin

from toolformer.assets import EMBEDDED_MODEL, asset
from toolformer.errors import ModelError, closest
from toolformer.lm.hf.memory import keep_freed_memory
from toolformer.sidecar import SIDECAR, Sidecar, read_sidecar

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
DEVICES = ("auto", "cpu", "cuda", "mps")
# What decides a model's answers; the rest of a checkpoint's directory does not.
_DECIDING = ("*.safetensors", "*.bin", "config.json", "tokenizer*", "vocab*", "merges.txt")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model as it comes from disk."""

    name: str
    directory: Path  # where its config lies
    model: PreTrainedModel
    tokenizer: Tokenizer
    start: int | None  # bos, else eos, else none
    specials: frozenset[int]
    fingerprint: str
    sidecar: Sidecar | None  # how it was taught to write calls


def load_pretrained(
    name: str, *, dtype: str, device: str, quantization: QuantizationConfigMixin | None = None
) -> Loaded:
    """Loads a model and its tokenizer.

    Args:
        name: a directory, a Hub id, or "nano".
        dtype: float32, bfloat16 or float16.
        device: "auto" takes a GPU where there is one.
        quantization: how the weights are kept in fewer bits, if they are.

    Raises:
        ModelError: if there is no such model, or it cannot be used.
    """
    if dtype not in DTYPES:
        raise ModelError(closest(dtype, DTYPES, what="dtype"))
    if device.partition(":")[0] not in DEVICES:
        raise ModelError(closest(device, DEVICES, what="device"))
    source = find_source(name)
    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
        # A download may take hours and shows how far it is; weights on disk are there at once.
        with _no_bars() if Path(source).is_dir() else nullcontext():
            model = AutoModelForCausalLM.from_pretrained(
                source,
                dtype=DTYPES[dtype],
                quantization_config=quantization,
                device_map=None if quantization is None else {"": _device(device)},
            )
        config = cached_file(source, "config.json")
        # A model on the Hub brings its sidecar along; most have none.
        cached_file(source, SIDECAR, _raise_exceptions_for_missing_entries=False)
    except (OSError, ValueError, HFValidationError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise ModelError(f"Model {name!r} cannot be loaded: {reason}") from error
    directory = Path(str(config)).parent
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ModelError(
            f"The tokenizer of {name} is a slow one, which does not tell where its tokens end. Save"
            " it with a tokenizer.json first."
        )
    if quantization is None:
        model.to(_device(device))  # type: ignore[arg-type]
    if model.device.type == "cpu":
        keep_freed_memory()
    model.eval()  # type: ignore[no-untyped-call]
    start = tokenizer.bos_token_id
    return Loaded(
        name=name,
        directory=directory,
        model=model,
        tokenizer=backend,
        start=tokenizer.eos_token_id if start is None else start,
        specials=frozenset(tokenizer.all_special_ids),
        fingerprint=fingerprints_of_weights(directory)[dtype],
        sidecar=read_sidecar(directory),
    )


def find_source(name: str) -> str:
    """Returns what transformers loads from: a directory or a Hub id that may exist."""
    if name == EMBEDDED_MODEL:
        embedded = asset(EMBEDDED_MODEL)
        if not (embedded / "config.json").exists():
            raise ModelError(
                f"The embedded model is missing from {embedded}. Install the package again, or name"
                " another model."
            )
        return str(embedded)
    path = Path(name).expanduser()
    if path.is_dir():
        if not (path / "config.json").exists():
            raise ModelError(
                f"{name!r} holds no model: it has no config.json. Name a directory that"
                " `save_pretrained` wrote."
            )
        return str(path)
    is_hub_id = name.count("/") <= 1 and not name.startswith((".", "/", "~"))
    is_offline = constants.HF_HUB_OFFLINE or os.environ.get("TRANSFORMERS_OFFLINE") == "1"
    if is_hub_id and (name in _cached() or ("/" in name and not is_offline)):
        return name
    raise ModelError(closest(name, [EMBEDDED_MODEL, *_neighbours(path), *_cached()], what="model"))


def _neighbours(path: Path) -> list[str]:
    """Returns the model directories beside a path that does not exist."""
    try:
        beside = sorted(each for each in path.parent.iterdir() if (each / "config.json").exists())
    except OSError:
        return []
    return [str(each) for each in beside]


def _cached() -> list[str]:
    """Returns the ids of the models in the Hub's local cache."""
    found = sorted(Path(constants.HF_HUB_CACHE).glob("models--*"))
    return [each.name.removeprefix("models--").replace("--", "/") for each in found]


def _device(device: str) -> torch.device:
    if device != "auto":
        return torch.device(device)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def fingerprints_of_weights(directory: Path) -> dict[str, str]:
    """Returns, by dtype, 16 hex digits over all that decides a model's answers.

    Each file is read once.
    """
    digests = {dtype: hashlib.sha256(dtype.encode()) for dtype in DTYPES}
    for path in _deciding(directory):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").digest()
        for digest in digests.values():
            digest.update(path.name.encode() + b"\0" + content)
    return {dtype: digest.hexdigest()[:16] for dtype, digest in digests.items()}


def _deciding(directory: Path) -> Iterator[Path]:
    found = {path.name: path for pattern in _DECIDING for path in directory.glob(pattern)}
    if any(name.endswith(".safetensors") for name in found):
        found = {name: path for name, path in found.items() if not name.endswith(".bin")}
    yield from (found[name] for name in sorted(found))


@contextmanager
def _no_bars() -> Iterator[None]:
    """Keeps transformers from drawing progress bars, and leaves it as it was."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
