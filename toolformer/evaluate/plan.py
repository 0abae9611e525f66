"""Which cells an evaluation consists of, and what each follows from."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from toolformer.assets import EMBEDDED_MODEL, asset
from toolformer.config import fingerprint
from toolformer.evaluate.arm import Arm, Calls
from toolformer.evaluate.config import EvaluateConfig
from toolformer.evaluate.counts import OWN
from toolformer.evaluate.registry import DOOR as TASKS
from toolformer.evaluate.results import SCHEMA_VERSION
from toolformer.evaluate.task import Example, Task
from toolformer.files import read_json
from toolformer.infer.config import InferConfig
from toolformer.lm.registry import DOOR as MODELS
from toolformer.lm.registry import is_in_code
from toolformer.specs.stamps import stamp_files


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """A task, the arm it is to be tried with, and with which k."""

    task: Task
    arm: Arm
    k: int | None

    def infer_config(self, config: EvaluateConfig) -> InferConfig:
        """Returns how its inputs are decoded."""
        is_live = self.arm.calls is Calls.LIVE and self.k != 0
        own = self.task.max_new_tokens + (self.task.call_tokens if is_live else 0)
        return InferConfig(
            top_k_start=self.k or 0,
            max_calls=max(config.max_calls, self.task.max_calls),
            max_new_tokens=config.max_new_tokens or own,
            stop=self.task.stop,
            seed=config.seed,
            bar_markers=self.arm.calls is not Calls.NONE and not is_live,
            max_streams=config.max_streams,
        )

    def fingerprint(self, examples: Sequence[Example], *, config: EvaluateConfig) -> str:
        """Returns what changes with anything that could change the cell's numbers."""
        arm, task = self.arm, self.task
        values: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "measure": task.measure,
            "spec": task.spec,
            "examples": _digest(examples),
            "facts": _digest(task.facts),
            "prompt_tokens": task.prompt_tokens,
            "checkpoint": stamp(arm.model),
            "dtype": config.dtype,
            "calls": arm.calls.value,
            "infer": self.infer_config(config).override(max_streams=1).to_dict(),
        }
        if task.measure == OWN:
            values["metrics"] = [metric.name for metric in task.metrics]
        if task.spec and (file := TASKS.read(task.spec).file):
            values["task_file"] = stamp_files([file])
        if arm.calls is Calls.LIVE:
            values["tools"] = list(arm.tools)
            if stamps := stamp_files(arm.tools):
                values["tool_files"] = stamps
            if any(example.today is None for example in examples):
                values["today"] = str(config.today)
        return fingerprint(values)


def plan(
    tasks: Sequence[Task], arms: Sequence[Arm], config: EvaluateConfig
) -> Iterator[PlannedCell]:
    """Yields the cells, task by task."""
    for task in tasks:
        for arm, k in task.arms(arms, config.ks):
            yield PlannedCell(task, arm, k)


def stamp(model: str) -> Mapping[str, Any]:
    """Returns what tells a model from what stood there before, without loading it."""
    stamped = _stamp_files(model)
    base = _base_of(Path(model) / "adapter_config.json")
    return stamped if base is None else stamped | {"base": _stamp_files(base)}


def _stamp_files(model: str) -> dict[str, Any]:
    path = asset(model) if model == EMBEDDED_MODEL else Path(model)
    if is_in_code(model):
        file = MODELS.read(model).file
        found = [Path(file)] if file else []  # an entry point names none
    elif os.path.isdir(path):
        found = sorted(path.iterdir())
    else:  # a file in GGUF may be named beside its directory
        folder, _, file = model.rpartition(":")
        found = [path, Path(folder, file)]
    stats = {each.name: each.stat() for each in found if os.path.isfile(each)}
    return {
        "name": model,
        "files": {name: [each.st_size, each.st_mtime_ns] for name, each in stats.items()},
    }


def _base_of(config: Path) -> str | None:
    """Returns the model that an adapter belongs to; None where there is no adapter."""
    try:
        base = read_json(config)["base_model_name_or_path"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return base if isinstance(base, str) else None


def _digest(records: Sequence[object]) -> str:
    return sha256("".join(map(repr, records)).encode()).hexdigest()
