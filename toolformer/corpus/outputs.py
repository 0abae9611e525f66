"""Which directories programs wrote, so that what lies in them is not read as documents.

Knows the names of files alone; what they hold is read by the parts that write them.
"""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from toolformer.files import read_json

_OF_A_MODEL = re.compile(
    r"toolformer\.json|finetune\.json|adapter_config\.json|tokenizer(_config)?\.json"
    r"|.*\.safetensors|pytorch_model.*\.bin|.*\.gguf"
)
_OF_AN_ADAPTED_MODEL = {"toolformer.json", "finetune.json", "adapter_config.json"}
_CELL = re.compile(r".+\.k\d+\.[0-9a-f]{16}\.jsonl?")


def output_kind(folder: Path, names: Collection[str]) -> str | None:
    """Returns what a program wrote into a directory: a run, a model or an evaluation; else None.

    Args:
        folder: the directory.
        names: of everything in it.
    """
    if "manifest.json" in names and "shards" in names and _is_manifest(folder / "manifest.json"):
        return "a run"
    if _OF_AN_ADAPTED_MODEL.intersection(names) or (
        "config.json" in names and any(map(_OF_A_MODEL.fullmatch, names))
    ):
        return "a model"
    if "cells" in names and _has_cells(folder / "cells"):
        return "an evaluation"
    return None


def saved_tables(folder: Path) -> frozenset[str] | None:
    """Returns the names of the tables that `save_to_disk` of `datasets` wrote, None if it did not.

    Other tables beside them hold what was computed since.
    """
    state = _json(folder / "state.json")
    listed = state.get("_data_files") if isinstance(state, dict) else None
    if not isinstance(listed, list):
        return None
    return frozenset(str(each.get("filename")) for each in listed if isinstance(each, dict))


def _is_manifest(path: Path) -> bool:
    """Returns whether a manifest is a run's, or cannot be read: then that is to be assumed."""
    values = _json(path)
    return values is None or (isinstance(values, dict) and "documents_per_shard" in values)


def _has_cells(folder: Path) -> bool:
    try:
        return any(_CELL.fullmatch(each.name) for each in folder.iterdir())
    except OSError:
        return False


def _json(path: Path) -> Any:
    try:
        return read_json(path)
    except (OSError, ValueError):
        return None
