"""Edits of a model's files, for tests of what becomes of them."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file


def edit(path: Path, **changes: Any) -> None:
    """Changes fields of a JSON file."""
    values = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(values | changes), encoding="utf-8")


def edit_tensors(
    directory: Path,
    *,
    without: str = "",
    more: dict[str, torch.Tensor] | None = None,
    file: str = "model.safetensors",
) -> None:
    """Takes a tensor out of a model's weights, or puts others in."""
    path = directory / file
    tensors = load_file(path)
    tensors.pop(without, None)
    save_file(tensors | (more or {}), path, metadata={"format": "pt"})
