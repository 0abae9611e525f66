"""The directory of a fine-tuning: its settings, whole checkpoints, and the finished model.

    OUT/finetune.json            settings, texts and base model; written first
    OUT/training/checkpoint-N/   the training after N steps; whole when `whole` is in it, which
                                 holds the length of each of its files, of a short one the digest
    OUT/config.json              written last: without it nothing loads the model; of an adapter
                                 it is adapter_config.json
    OUT/...                      weights, tokenizer, toolformer.json, metrics.json, timing.json

Whatever a kill leaves is a training to continue or a finished model, never half of one.
"""

import errno
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Annotated, Any

from pydantic import Field, StrictFloat, StrictInt
from safetensors import SafetensorError

from toolformer import files
from toolformer.errors import RunError
from toolformer.finetune.processes import is_sharded
from toolformer.plain_files import read_plain

SETTINGS = "finetune.json"
_LAST = ("config.json", "adapter_config.json")
_WHOLE = "whole"
_STATE = "trainer_state.json"
_NUMBERED = re.compile(r"checkpoint-\d{1,12}", re.ASCII)
_SHORT = 1 << 20  # bytes: a file whose digest costs nothing
_LITTLE = 1 << 16  # bytes: a disk with no more room is full


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
    return any((out / name).exists() for name in _LAST)


@dataclass(frozen=True, slots=True)
class _State:
    """What is asked of the `trainer_state.json` of a checkpoint, whoever wrote it."""

    global_step: StrictInt
    best_model_checkpoint: str | None = None
    best_global_step: StrictInt | None = None
    best_metric: StrictFloat | None = None
    eval_steps: Annotated[StrictInt, Field(ge=1)] = 1
    total_flos: StrictFloat | StrictInt = 0
    log_history: Sequence[Mapping[str, float | None]] = field(default_factory=list)
    stateful_callbacks: Mapping[str, Any] = field(default_factory=dict)


def whole_checkpoint(out: Path) -> Path | None:
    """Returns the last checkpoint that was written whole."""
    found = training_folder(out).glob("checkpoint-*")
    whole = [each for each in found if _NUMBERED.fullmatch(each.name) and (each / _WHOLE).exists()]
    return max(whole, key=step_of, default=None)


def check_as_written(checkpoint: Path) -> None:
    """Refuses a whole checkpoint that was damaged or edited since.

    Raises:
        RunError: says what is not as it was, and the way out.
    """
    try:
        _check(checkpoint)
    except (OSError, ValueError) as error:
        raise unreadable(checkpoint, error) from None


def unreadable(checkpoint: Path, error: Exception) -> RunError:
    """Returns the error that refuses a checkpoint, with the way out."""
    if isinstance(error, UnpicklingError):  # torch advises to run it
        reason = "a file of it is damaged, or holds code, which is not run"
    else:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    return RunError(
        f"The checkpoint '{checkpoint}' cannot be read ({reason}). Delete it and run the same "
        "command again: it continues from the checkpoint before, or from the start."
    )


def _check(checkpoint: Path) -> None:
    """Refuses a checkpoint that was damaged or edited.

    Raises:
        OSError, ValueError: says what is not as it was.
    """
    marks = _marks(checkpoint)
    optimizer = "optimizer.bin" if is_sharded() else "optimizer.pt"
    if lacking := sorted({_STATE, optimizer, "scheduler.pt"} - marks.keys()):
        raise ValueError(f"{lacking[0]} is not there")
    if (checkpoint / _WHOLE).stat().st_size:  # an older version left it empty
        known = files.read_json(checkpoint / _WHOLE)
        if known != marks:
            names = known if isinstance(known, dict) else {}
            other = sorted(name for name in marks | names if marks.get(name) != names.get(name))
            raise ValueError(f"{other[0]} is not as it was written" if other else "no lengths")
    content = read_plain(checkpoint / _STATE, most_bytes=files.MOST_JSON)
    values = files.parse_json(content, nan_is_null=True)
    try:
        state = files.from_json(_State, values)
    except ValueError as error:
        raise ValueError(f"{_STATE}: {error}") from None
    if state.global_step != step_of(checkpoint):
        raise ValueError(f"{_STATE}: global_step is {state.global_step}")
    if sum("loss" in logged for logged in state.log_history) != state.global_step:
        raise ValueError(f"{_STATE}: log_history has no loss of each step")
    if "TrainerControl" not in state.stateful_callbacks:
        raise ValueError(f"{_STATE}: stateful_callbacks has no TrainerControl")
    best = state.best_model_checkpoint
    if best is not None and not (checkpoint.parent / Path(best).name / _WHOLE).exists():
        raise ValueError(f"{_STATE}: best_model_checkpoint is not there")


def _marks(checkpoint: Path) -> dict[str, int | str]:
    """Returns by what each file of a checkpoint is known again."""
    marks: dict[str, int | str] = {}
    for path in sorted(checkpoint.iterdir()):
        if path.name == _WHOLE or path.suffix == ".tmp":
            continue
        found = path.stat()
        is_short = stat.S_ISREG(found.st_mode) and found.st_size <= _SHORT
        marks[path.name] = (
            hashlib.sha256(path.read_bytes()).hexdigest()[:16] if is_short else found.st_size
        )
    return marks


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
    files.write_whole(checkpoint / _WHOLE, files.json_text(_marks(checkpoint)))


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Says in a sentence what could not be written of a training, and how to continue it.

    What was written of it by half is deleted, for the disk may be full of that.

    Raises:
        RunError: its cause is an OSError.
    """
    try:
        yield
    except (OSError, SafetensorError, RuntimeError, RunError) as error:
        cause = _cause(error, out)
        drop_incomplete(out)
        raise RunError(
            f"Cannot write to '{out}': {cause.strerror}. Whole checkpoints are kept: make room and "
            "run the same command again, and it continues from the last of them."
        ) from cause


def _cause(error: Exception, out: Path) -> OSError:
    """Returns the error of the system behind that of a library, some of which do not tell."""
    if isinstance(error, OSError) and error.strerror:
        return error
    if isinstance(error, RunError) and isinstance(error.__cause__, OSError):
        return error.__cause__
    if told := re.search(r"\(os error (\d+)\)", str(error)):
        return OSError(int(told[1]), os.strerror(int(told[1])))
    if shutil.disk_usage(out).free < _LITTLE:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return OSError(errno.EIO, str(error).splitlines()[0])


def new_model_folder(out: Path) -> Path:
    """Makes the folder that the finished model is written into."""
    folder = _new(out)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def publish(out: Path) -> None:
    """Moves the finished model to its place, the file that makes it one last.

    The checkpoints are deleted then; what a `--report-to` has written beside them stays.
    """
    folder = _new(out)
    for path in sorted(folder.iterdir(), key=lambda each: each.name in _LAST):
        for each in path.rglob("*") if path.is_dir() else [path]:
            _sync(each)
        if path.is_dir():
            shutil.rmtree(out / path.name, ignore_errors=True)
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
