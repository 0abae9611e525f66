"""What a model's directory holds, looked at before anything of it is built.

Its files may come from anybody: plain files only, of bounded size; weights in safetensors only,
which hold no code; a config whose sizes are those of the weights, so that it cannot ask for memory
that its files do not fill. Knows no architecture: transformers builds the model on no device, and
what that counts is compared.
"""

import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import AutoModelForCausalLM, PreTrainedConfig

from toolformer.errors import ModelError, clipped
from toolformer.files import read_json

_WEIGHTS, _INDEX = "model.safetensors", "model.safetensors.index.json"
_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_LARGEST_OTHER = 1 << 29  # bytes of a tokenizer or a config; the largest have a tenth
# What decides a model's answers, beside its weights; the rest of a directory does not.
_DECIDING = ("config.json", "tokenizer*", "vocab*", "merges.txt")
# Settings that say how many of something a network has, each of which takes time to build.
_COUNT = re.compile(r"(layers?|blocks?|experts|num_labels)$")
_FEW = 1024  # of such things are always built
_ROOM = 1 << 27  # elements that a network may have beyond what its files hold: masks, tables
_MOST_NAMED = 3  # tensors in a sentence
_KERNEL = re.compile(r"[\w.-]+/[\w.-]+")  # a repository


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The files of a model."""

    directory: Path
    weights: tuple[Path, ...]  # in order
    config: Mapping[str, Any]  # as its file says
    elements: int  # of all tensors
    tensors: int
    bytes: int
    ends: object  # eos_token_id of generation_config.json


def read_checkpoint(directory: Path) -> Checkpoint:
    """Looks at the files of a model's directory.

    Raises:
        ModelError: one of them is missing, damaged, or none that may be read.
    """
    check_files(directory)
    config = read_object(directory / "config.json")
    _check_config(directory, config)
    weights = _weights(directory)
    generation = directory / "generation_config.json"
    shapes: dict[str, tuple[int, ...]] = {}
    for path in weights:
        shapes |= _shapes(path)
    _check_counts(directory, config, tensors=len(shapes))
    return Checkpoint(
        directory=directory,
        weights=weights,
        config=config,
        elements=sum(map(prod, shapes.values())),
        tensors=len(shapes),
        bytes=sum(path.stat().st_size for path in weights),
        ends=read_object(generation).get("eos_token_id") if generation.exists() else None,
    )


def check_sizes(checkpoint: Checkpoint, config: PreTrainedConfig) -> None:
    """Refuses a config that asks for more than its weights hold, before any of it is allocated.

    Raises:
        ModelError: says how many numbers are declared and held.
    """
    # Weights of few bits are packed, several to an element.
    packed = checkpoint.bytes if "quantization_config" in checkpoint.config else 0
    check_declared(
        config,
        elements=max(checkpoint.elements, packed),
        where=checkpoint.directory / "config.json",
    )


def check_declared(config: PreTrainedConfig, *, elements: int, where: Path) -> None:
    """Refuses a config that declares a model of far more numbers than a file has elements.

    Raises:
        ModelError: says how many numbers are declared and held.
    """
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]
    declared = sum(each.numel() for each in (*model.parameters(), *model.buffers()))
    if declared > 2 * elements + _ROOM:
        raise ModelError(
            f"'{where}' declares a model of {declared:,} numbers, and its weights hold"
            f" {elements:,}: one of the two belongs to another model."
        )


def deciding_files(checkpoint: Checkpoint) -> Iterator[Path]:
    """Yields the files that decide a model's answers, by name."""
    directory = checkpoint.directory
    found = {path.name: path for path in checkpoint.weights}
    found |= {path.name: path for pattern in _DECIDING for path in directory.glob(pattern)}
    yield from (found[name] for name in sorted(found) if found[name].is_file())


def check_files(directory: Path) -> None:
    """Refuses what a loader would open that is not a plain file, or too long for what it is.

    Raises:
        ModelError: says which file it is.
    """
    for path in sorted(directory.iterdir()):
        try:
            found = path.stat()
        except OSError as error:  # such as a link to nothing
            raise ModelError(f"Cannot read '{path}': {error.strerror}.") from None
        if stat.S_ISDIR(found.st_mode):
            continue
        if not stat.S_ISREG(found.st_mode):
            raise ModelError(f"Cannot read '{path}': it is not a plain file.")
        if found.st_size > _LARGEST_OTHER and _is_read_whole(path):
            raise ModelError(
                f"Cannot read '{path}': it has {found.st_size:,} bytes, and no such file has more"
                f" than {_LARGEST_OTHER:,}."
            )


def _is_read_whole(path: Path) -> bool:
    decides = any(path.match(pattern) for pattern in _DECIDING)
    return decides or path.suffix in (".json", ".jinja", ".model", ".txt", ".py")


def read_object(path: Path) -> dict[str, Any]:
    """Returns the JSON object of a file.

    Raises:
        ModelError: it cannot be read, or holds something else.
    """
    try:
        values = read_json(path)
    except OSError as error:
        raise ModelError(f"Cannot read '{path}': {error.strerror}.") from None
    except ValueError as error:
        raise ModelError(f"Cannot read '{path}': {error}.") from None
    if not isinstance(values, dict):
        raise ModelError(f"Cannot read '{path}': it is not a JSON object.")
    return values


def _check_config(directory: Path, config: Mapping[str, Any]) -> None:
    """Refuses settings by which transformers would take files or code from elsewhere."""
    path = directory / "config.json"
    if "transformers_weights" in config:
        raise ModelError(f"'{path}' names its weights itself (transformers_weights): leave it out.")
    for name, value in _settings(config):
        if "implementation" in name and isinstance(value, str) and _KERNEL.search(value):
            raise ModelError(
                f"'{path}' asks for code from {clipped(value)!r} ({name}): leave it out."
            )


def _check_counts(directory: Path, config: Mapping[str, Any], *, tensors: int) -> None:
    most = max(_FEW, tensors)
    for name, value in _settings(config):
        count = len(value) if isinstance(value, list) else value
        if _COUNT.search(name) and isinstance(count, int) and count > most:
            raise ModelError(
                f"'{directory / 'config.json'}' has {name} {clipped(str(count), 24)}, and its"
                f" weights are {tensors} tensors: one of the two belongs to another model."
            )


def _settings(config: object) -> Iterator[tuple[str, Any]]:
    """Yields every setting, those within others too."""
    todo = [config]
    while todo:
        values = todo.pop()
        if isinstance(values, Mapping):
            yield from values.items()
            todo += values.values()
        elif isinstance(values, list):
            todo += values


def _weights(directory: Path) -> tuple[Path, ...]:
    """Returns the files of the weights, as transformers chooses them."""
    whole, index = directory / _WEIGHTS, directory / _INDEX
    if whole.exists():
        return (whole,)
    if not index.exists():
        pickled = sorted(each.name for each in directory.iterdir() if each.suffix in _PICKLED)
        why = f" What it has is pickled ({pickled[0]}), and that can run code." if pickled else ""
        gguf = sorted(each.name for each in directory.glob("*.gguf"))
        way = f"its file in GGUF: {directory}:{gguf[0]}" if gguf else "a directory that"
        way += "" if gguf else " `save_pretrained` wrote"
        raise ModelError(f"'{directory}' has no weights in safetensors.{why} Name {way}.")
    listed = read_object(index).get("weight_map")
    if not isinstance(listed, dict) or not listed:
        raise ModelError(f"Cannot read '{index}': its weight_map names no tensors.")
    files = set()
    for tensor, name in listed.items():
        if not isinstance(name, str) or name in ("", "..") or Path(name).name != name:
            raise ModelError(
                f"'{index}' puts {clipped(tensor)!r} into {clipped(str(name))!r}, which is not the"
                " name of a file beside it."
            )
        files.add(name)
    for name in sorted(files):
        if not (directory / name).is_file():
            raise ModelError(
                f"'{index}' names {clipped(name)!r}, and there is no such file beside it."
            )
    return tuple(directory / name for name in sorted(files))


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Returns the shapes of a file's tensors; its header is checked against its length."""
    try:
        with safe_open(path, framework="pt") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(
            f"Cannot read '{path}': it is damaged or not in safetensors"
            f" ({clipped(str(error), 120)}). Copy it again."
        ) from None


def named(tensors: object) -> str:
    """Returns the first of some names, and how many more there are.

    >>> named({"b", "a"}), named(["a", "b", "c", "d", "e"])
    ('a, b', 'a, b, c and 2 more')
    """
    names = sorted(map(str, tensors))  # type: ignore[call-overload]
    shown = ", ".join(clipped(name, 80) for name in names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
