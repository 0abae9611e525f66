"""What an evaluation found: a cell for each task, column and k, and the file they stand in."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from toolformer.errors import RunError
from toolformer.evaluate.column import Calls
from toolformer.evaluate.counts import Counts, TextScores
from toolformer.evaluate.task import Measure

SCHEMA_VERSION = 1
RESULTS = "results.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one column made of one task."""

    task: str
    column: str
    k: int | None = None  # None where no calls are live
    counts: Counts | None = None  # of inputs that were answered
    by_tag: Mapping[str, Counts] = field(default_factory=dict)
    scores: TextScores | None = None  # of texts that were predicted
    trials: str = ""  # the file of its trials, below the directory
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Returns the cell as JSON values."""
        return {
            "task": self.task,
            "column": self.column,
            "k": self.k,
            "counts": None if self.counts is None else self.counts.to_dict(),
            "by_tag": {tag: counts.to_dict() for tag, counts in self.by_tag.items()},
            "scores": None if self.scores is None else self.scores.to_dict(),
            "trials": self.trials,
            "seconds": self.seconds,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Reads what `to_dict` wrote."""
        counts, scores = values["counts"], values["scores"]
        by_tag = {tag: Counts.from_dict(each) for tag, each in values["by_tag"].items()}
        changed = {
            "counts": None if counts is None else Counts.from_dict(counts),
            "scores": None if scores is None else TextScores.from_dict(scores),
            "by_tag": by_tag,
        }
        return cls(**{**values, **changed})


@dataclass(frozen=True, slots=True)
class TaskLine:
    """What is said of a task beside its numbers."""

    name: str
    measure: Measure
    spec: str = ""
    note: str = ""
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """What is said of a column beside its numbers."""

    name: str
    checkpoint: str = ""
    calls: Calls = Calls.NONE
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything one evaluation found, in the order of its tables."""

    tasks: Sequence[TaskLine]
    columns: Sequence[ColumnLine]
    cells: Sequence[Cell]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def cell(self, task: str, column: str, k: int | None = None) -> Cell | None:
        """Returns a cell; with no k, the one of the largest."""
        found = [each for each in self.cells if (each.task, each.column) == (task, column)]
        if k is not None:
            found = [each for each in found if each.k == k]
        return max(found, key=lambda each: each.k or 0, default=None)

    def sweep(self, task: str, column: str) -> Iterator[Cell]:
        """Yields the cells of a column, the smallest k first."""
        found = (each for each in self.cells if (each.task, each.column) == (task, column))
        yield from sorted(found, key=lambda each: each.k or 0)

    def to_dict(self) -> dict[str, Any]:
        """Returns the results as JSON values."""
        return {
            "schema_version": SCHEMA_VERSION,
            "settings": dict(self.settings),
            "tasks": [
                {
                    "name": each.name,
                    "measure": each.measure.value,
                    "spec": each.spec,
                    "note": each.note,
                    "dropped": dict(each.dropped),
                }
                for each in self.tasks
            ],
            "columns": [
                {
                    "name": each.name,
                    "checkpoint": each.checkpoint,
                    "calls": each.calls.value,
                    "tools": list(each.tools),
                }
                for each in self.columns
            ],
            "cells": [each.to_dict() for each in self.cells],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Reads what `to_dict` wrote."""
        return cls(
            settings=values["settings"],
            tasks=[
                TaskLine(**{**each, "measure": Measure(each["measure"])})
                for each in values["tasks"]
            ],
            columns=[
                ColumnLine(**{**each, "calls": Calls(each["calls"]), "tools": tuple(each["tools"])})
                for each in values["columns"]
            ],
            cells=[Cell.from_dict(each) for each in values["cells"]],
        )


def read_results(directory: Path) -> Results | None:
    """Returns what was found into a directory, None when nothing was.

    Raises:
        RunError: the file cannot be read or is one of another version.
    """
    path = directory / RESULTS
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        version = values["schema_version"]
        if version == SCHEMA_VERSION:
            return Results.from_dict(values)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, KeyError):
        raise RunError(f"'{path}' does not hold the results of an evaluation.") from None
    raise RunError(
        f"'{path}' has schema version {version} and this toolformer reads {SCHEMA_VERSION}: "
        "name another --out."
    )
