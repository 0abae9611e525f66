"""The directory of a fine-tuning: its settings, whole checkpoints, and the finished model.

    OUT/finetune.json            settings, texts and base model; written first
    OUT/training/checkpoint-N/   the training after N steps; whole when `whole` is in it
    OUT/config.json              written last: without it nothing loads the model
    OUT/...                      weights, tokenizer, toolformer.json, metrics.json

Whatever a kill leaves is a training to continue or a finished model, never half of one.
"""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from toolformer import files
from toolformer.errors import RunError

SETTINGS = "finetune.json"
METRICS = "metrics.json"
_LAST = "config.json"
_WHOLE = "whole"


def training_folder(out: Path) -> Path:
    """Returns where the checkpoints of an unfinished training lie."""
    return out / "training"


def check_out(out: Path, *, resume: bool) -> None:
    """Refuses a place that no fine-tuning can be written to, before anything is loaded.

    Raises:
        RunError: it holds something else, or there is nothing to resume.
    """
    if out.exists() and not out.is_dir():
        raise RunError(f"Cannot write a model to '{out}': it is a file.")
    # Looked at before the settings, for the first of several processes may be writing these.
    others = [each.name for each in out.glob("*") if each.suffix != ".tmp"]
    if (out / SETTINGS).exists():
        return
    if resume:
        raise RunError(
            f"There is no fine-tuning in '{out}' to resume. Leave --resume out to start one."
        )
    if others:
        raise RunError(
            f"'{out}' is neither empty nor a fine-tuning: it holds '{min(others)}'. Name a "
            "directory that is empty or does not exist."
        )


def claim(out: Path, settings: Mapping[str, Any]) -> None:
    """Writes a training's settings into its directory, or checks that it was begun with the same.

    Raises:
        RunError: the directory holds a training with other settings.
    """
    files.claim(out / SETTINGS, settings, what="a fine-tuning")


def is_finished(out: Path) -> bool:
    """Returns whether a directory holds a finished model."""
    return (out / _LAST).exists()


def whole_checkpoint(out: Path) -> Path | None:
    """Returns the last checkpoint that was written whole."""
    found = training_folder(out).glob("checkpoint-*")
    whole = [each for each in found if (each / _WHOLE).exists()]
    return max(whole, key=step_of, default=None)


def drop_incomplete(out: Path) -> None:
    """Deletes what a kill left of checkpoints and of the finished model."""
    for each in training_folder(out).glob("checkpoint-*"):
        if not (each / _WHOLE).exists():
            shutil.rmtree(each, ignore_errors=True)
    shutil.rmtree(_new(out), ignore_errors=True)


def step_of(checkpoint: Path) -> int:
    """Returns after how many steps a checkpoint was written."""
    return int(checkpoint.name.rpartition("-")[2])


def mark_whole(checkpoint: Path) -> None:
    """Marks a checkpoint as written to its end."""
    (checkpoint / _WHOLE).touch()


def new_model_folder(out: Path) -> Path:
    """Makes the folder that the finished model is written into."""
    folder = _new(out)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def publish(out: Path) -> None:
    """Moves the finished model to its place, the file that makes it one last.

    The checkpoints are deleted then; what a `--report-to` has written beside them stays.
    """
    folder = _new(out)
    for path in sorted(folder.iterdir(), key=lambda each: each.name == _LAST):
        _sync(path)
        path.replace(out / path.name)
    for each in (*training_folder(out).glob("checkpoint-*"), folder):
        shutil.rmtree(each, ignore_errors=True)
    with suppress(OSError):
        training_folder(out).rmdir()


def _new(out: Path) -> Path:
    return training_folder(out) / "finished"


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
