"""Which cells an evaluation consists of, and what each follows from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from toolformer.assets import EMBEDDED_MODEL, asset
from toolformer.config import fingerprint
from toolformer.evaluate.column import Calls, Column
from toolformer.evaluate.config import EvaluateConfig
from toolformer.evaluate.results import SCHEMA_VERSION
from toolformer.evaluate.task import Example, Measure, Task
from toolformer.infer.config import InferConfig
from toolformer.lm.registry import DOOR as MODELS
from toolformer.lm.registry import is_in_code
from toolformer.specs import stamp_files


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """A task, the column that is to do it, and with which k."""

    task: Task
    column: Column
    k: int | None

    def infer_config(self, config: EvaluateConfig) -> InferConfig:
        """Returns how its inputs are decoded."""
        is_live = self.column.calls is Calls.LIVE and self.k != 0
        own = self.task.max_new_tokens + (self.task.call_tokens if is_live else 0)
        return InferConfig(
            top_k_start=self.k or 0,
            max_calls=config.max_calls,
            max_new_tokens=config.max_new_tokens or own,
            seed=config.seed,
            bar_markers=self.column.calls is not Calls.NONE and not is_live,
            max_streams=config.max_streams,
        )

    def fingerprint(self, examples: Sequence[Example], *, config: EvaluateConfig) -> str:
        """Returns what changes with anything that could change the cell's numbers."""
        column, task = self.column, self.task
        values: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "measure": task.measure.value,
            "spec": task.spec,
            "examples": _digest(examples),
            "facts": _digest(task.facts),
            "prompt_tokens": task.prompt_tokens,
            "checkpoint": stamp(column.checkpoint),
            "dtype": config.dtype,
            "calls": column.calls.value,
            "infer": self.infer_config(config).override(max_streams=1).to_dict(),
        }
        if column.calls is Calls.LIVE:
            values["tools"] = list(column.tools)
            if stamps := stamp_files(column.tools):
                values["tool_files"] = stamps
            if any(example.today is None for example in examples):
                values["today"] = str(config.today)
        return fingerprint(values)


def plan(
    tasks: Sequence[Task], columns: Sequence[Column], config: EvaluateConfig
) -> Iterator[PlannedCell]:
    """Yields the cells, task by task; k = 0 is the disabled column of the same checkpoint."""
    disabled = {column.checkpoint for column in columns if column.calls is Calls.DISABLED}
    plain = disabled | {column.checkpoint for column in columns if column.calls is Calls.NONE}
    for task in tasks:
        for column in columns:
            is_live = column.calls is Calls.LIVE
            if task.measure is Measure.PERPLEXITY:
                # With calls disabled it is the same model, whether or not tools would be there.
                if not is_live or column.checkpoint not in plain:
                    yield PlannedCell(task, column, None)
            elif task.measure is Measure.RESTRAINT:
                for k in sorted({1, *config.ks} - {0}) if is_live else ():
                    yield PlannedCell(task, column, k)
            elif not is_live:
                yield PlannedCell(task, column, None)
            else:
                for k in config.ks if column.sweeps else config.ks[-1:]:
                    if k > 0 or column.checkpoint not in disabled:
                        yield PlannedCell(task, column, k)


def stamp(checkpoint: str) -> Mapping[str, Any]:
    """Returns what tells a checkpoint from what stood there before, without loading it."""
    path = asset(checkpoint) if checkpoint == EMBEDDED_MODEL else Path(checkpoint)
    if is_in_code(checkpoint):
        path = Path(MODELS.read(checkpoint).file)
    found = sorted(path.iterdir()) if path.is_dir() else [path] if path.is_file() else []
    stats = {each.name: each.stat() for each in found if each.is_file()}
    return {
        "name": checkpoint,
        "files": {name: [each.st_size, each.st_mtime_ns] for name, each in stats.items()},
    }


def _digest(records: Sequence[object]) -> str:
    digest = sha256()
    for record in records:
        digest.update(repr(record).encode())
    return digest.hexdigest()
