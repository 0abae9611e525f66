"""The results of an evaluation: a cell for each task, arm and k, and the file that holds them.

The file calls an arm a column and its model a checkpoint, as earlier versions did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self, cast

from pydantic import Field

from toolformer.errors import RunError
from toolformer.evaluate.arm import Calls
from toolformer.evaluate.compare.differences import Difference
from toolformer.evaluate.counts import BUILT_IN, Counts, TextScores
from toolformer.evaluate.metric import Numbers, reduce_all
from toolformer.files import from_json, read_json
from toolformer.typed import type_adapter

SCHEMA_VERSION = 1
RESULTS = "results.json"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Cell:
    """The result of one arm on one task."""

    task: str
    arm: Annotated[str, Field(alias="column")]
    k: int | None = None  # None where no calls are live
    counts: Counts | None = None  # of outputs
    by_tag: Mapping[str, Counts] = field(default_factory=dict)
    scores: TextScores | None = None  # of texts that were predicted
    trials: str = ""  # the file of its trials, below the directory
    metrics: Numbers = field(default_factory=dict)  # of metrics that the task brings itself
    metrics_by_tag: Mapping[str, Numbers] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Names the cell and its main numbers.

        >>> Cell(task="sums", arm="tuned", k=10, counts=Counts(inputs=3, right=2, called=1))
        <Cell sums, tuned, k = 10: 3 inputs, 2 right, 1 called>
        """
        said = [f"{name} {number}" for name, number in self.metrics.items()]
        if self.counts is not None:
            right = [] if said else [f"{self.counts.right:,} right"]
            said = [f"{self.counts.inputs:,} inputs", *right, *said]
            said.append(f"{self.counts.called:,} called")
        if self.scores is not None:
            said.append(f"{self.scores.texts:,} texts")
            if self.scores.perplexity is not None:
                said.append(f"perplexity {self.scores.perplexity:.2f}")
        return f"<Cell {cell_name(self.task, self.arm, self.k)}: {', '.join(said)}>"

    def to_dict(self) -> dict[str, Any]:
        """Returns the cell as JSON values; metrics of its own only where the task brings any."""
        values: dict[str, Any] = type_adapter(Cell).dump_python(self, mode="json", by_alias=True)
        for own in ("metrics", "metrics_by_tag"):
            if not values[own]:
                del values[own]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Reads what `to_dict` wrote."""
        return cast(Self, from_json(Cell, dict(values)))


def cell_name(task: str, arm: str, k: int | None) -> str:
    """Returns the name of a cell.

    >>> cell_name("lama", "tuned", 10)
    'lama, tuned, k = 10'
    """
    return f"{task}, {arm}" if k is None else f"{task}, {arm}, k = {k}"


@dataclass(frozen=True, slots=True)
class TaskLine:
    """The description of a task beside its numbers."""

    name: str
    measure: str  # one of BUILT_IN, or `own`
    spec: str = ""
    note: str = ""
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ArmLine:
    """The description of an arm beside its numbers."""

    name: str
    model: Annotated[str, Field(alias="checkpoint")] = ""
    calls: Calls = Calls.NONE
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Results:
    """Everything one evaluation found, in the order of its tables."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    tasks: Sequence[TaskLine]
    arms: Annotated[Sequence[ArmLine], Field(alias="columns")]
    cells: Sequence[Cell]
    differences: Sequence[Difference] = ()  # of the tuned model from the others

    def __repr__(self) -> str:
        """Names the tasks and arms.

        >>> Results(tasks=[TaskLine("sums", "answers")], arms=[ArmLine("tuned")], cells=[])
        <Results: 0 cells of the tasks sums and the arms tuned>
        """
        tasks, arms = (", ".join(each.name for each in lines) for lines in (self.tasks, self.arms))
        return f"<Results: {len(self.cells)} cells of the tasks {tasks} and the arms {arms}>"

    def cell(self, task: str, arm: str, k: int | None = None) -> Cell | None:
        """Returns a cell; with no k, the one of the largest; k = 0 is one without live calls."""
        found = [each for each in self.sweep(task, arm) if k is None or (each.k or 0) == k]
        return found[-1] if found else None

    def sweep(self, task: str, arm: str) -> list[Cell]:
        """Returns the cells of an arm, the smallest k first."""
        found = (each for each in self.cells if (each.task, each.arm) == (task, arm))
        return sorted(found, key=lambda each: each.k or 0)

    def metrics(self, task: TaskLine) -> list[str]:
        """Returns the names of a task's metrics, in the order of its rows."""
        if task.measure in BUILT_IN:
            return [metric.name for metric in BUILT_IN[task.measure]]
        own = (name for cell in self.cells if cell.task == task.name for name in cell.metrics)
        return list(dict.fromkeys(own))

    def numbers(self, task: TaskLine, cell: Cell, *, tag: str | None = None) -> Numbers:
        """Returns the numbers of a cell by their metrics, of all its trials or those of a tag."""
        if task.measure not in BUILT_IN:
            return cell.metrics if tag is None else cell.metrics_by_tag.get(tag, {})
        sums = (cell.counts or cell.scores) if tag is None else cell.by_tag.get(tag)
        if sums is None:
            return {}
        return reduce_all(BUILT_IN[task.measure], [asdict(sums)])

    def to_dict(self) -> dict[str, Any]:
        """Returns the results as JSON values."""
        values = type_adapter(Results).dump_python(self, mode="json", by_alias=True)
        cells = [each.to_dict() for each in self.cells]
        return {"schema_version": SCHEMA_VERSION, **values, "cells": cells}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Reads what `to_dict` wrote."""
        results = cast(Self, from_json(Results, dict(values)))
        known = {each.name for each in results.arms}
        for cell in results.cells:
            if cell.arm not in known:
                raise ValueError(f"cells: there is no column {cell.arm!r}")
        return results


def read_results(directory: Path) -> Results | None:
    """Returns the results in a directory, None where there are none.

    Raises:
        RunError: the file cannot be read, is one of another version, or has a wrong field.
    """
    path = directory / RESULTS
    try:
        values = read_json(path)
        version = values.get("schema_version") if isinstance(values, dict) else None
        if version == SCHEMA_VERSION:
            return Results.from_dict(values)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise RunError(f"Cannot read '{path}': {error.strerror}.") from None
    except ValueError as error:
        raise RunError(
            f"'{path}' does not hold the results of an evaluation ({error}): name another --out."
        ) from None
    if version is None:
        raise RunError(f"'{path}' does not hold the results of an evaluation: it has no version.")
    raise RunError(
        f"'{path}' has schema version {version} and this toolformer reads {SCHEMA_VERSION}: "
        "name another --out."
    )
