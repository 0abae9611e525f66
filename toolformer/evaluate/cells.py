"""Measuring one cell, and its two files: whole, or not there.

OUT/cells/lama.tuned.k10.FINGERPRINT.jsonl    a trial a line
OUT/cells/lama.tuned.k10.FINGERPRINT.json     what they add up to; written last
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from toolformer.evaluate.column import Calls
from toolformer.evaluate.config import EvaluateConfig
from toolformer.evaluate.counts import TextScores, count
from toolformer.evaluate.measure import score_texts, try_examples
from toolformer.evaluate.plan import PlannedCell
from toolformer.evaluate.results import Cell
from toolformer.evaluate.task import Example, Measure
from toolformer.evaluate.tasks.fact_table import write_facts
from toolformer.evaluate.trial import Trial, from_row
from toolformer.files import json_text, write_whole
from toolformer.infer.live_tools import LiveTools
from toolformer.lm.base import LanguageModel
from toolformer.tools.registry import load_tool, load_tools

_CELLS = "cells"
_Each = TypeVar("_Each")


@dataclass(frozen=True, slots=True)
class CellProgress:
    """How far a cell is."""

    task: str
    column: str
    k: int | None
    done: int
    total: int


def measure_cell(
    planned: PlannedCell,
    examples: Sequence[Example],
    *,
    model: LanguageModel,
    config: EvaluateConfig,
    out: Path,
    on_progress: Callable[[CellProgress], None],
) -> Cell:
    """Measures a cell and writes it: the trials first, so that a cell that is there is whole."""
    began = time.monotonic()
    stem = _stem(planned, examples, config)
    cell = Cell(
        task=planned.task.name,
        column=planned.column.name,
        k=planned.k,
        trials=f"{_CELLS}/{stem}.jsonl",
    )
    told = CellProgress(cell.task, cell.column, cell.k, 0, len(examples))
    if planned.task.measure is Measure.PERPLEXITY:
        without_marker = planned.column.calls is not Calls.NONE
        found = score_texts(model, examples, without_marker=without_marker)
        scores = list(_telling(found, told, on_progress))
        cell = replace(cell, scores=sum(scores, start=TextScores()))
        rows = [
            {"id": example.id, **each.to_dict()}
            for example, each in zip(examples, scores, strict=True)
        ]
    else:
        with _live_tools(planned, model, config) as live:
            tried = try_examples(
                model,
                examples,
                task=planned.task,
                live=live,
                config=planned.infer_config(config),
            )
            trials = list(_telling(tried, told, on_progress))
        counts, by_tag = count(trials)
        cell = replace(cell, counts=counts, by_tag=by_tag)
        rows = [trial.to_row() for trial in trials]
    cell = replace(cell, seconds=round(time.monotonic() - began, 3))
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    write_whole(out / cell.trials, "".join(lines))
    write_whole(out / _CELLS / f"{stem}.json", json_text(cell.to_dict()))
    return cell


def read_cell(
    planned: PlannedCell, examples: Sequence[Example], *, config: EvaluateConfig, out: Path
) -> Cell | None:
    """Returns a cell that was measured with equal settings, None when there is none."""
    path = out / _CELLS / f"{_stem(planned, examples, config)}.json"
    try:
        return Cell.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # not there, or of another version: it is measured anew


def read_trials(out: Path, cell: Cell) -> Iterator[Trial]:
    """Yields the trials of a cell, in the order of the examples."""
    with (out / cell.trials).open(encoding="utf-8") as file:
        for line in file:
            yield from_row(json.loads(line))


def _telling(
    found: Iterable[_Each], told: CellProgress, on_progress: Callable[[CellProgress], None]
) -> Iterator[_Each]:
    on_progress(told)
    for number, each in enumerate(found, start=1):
        on_progress(replace(told, done=number))
        yield each


@contextmanager
def _live_tools(
    planned: PlannedCell, model: LanguageModel, config: EvaluateConfig
) -> Iterator[LiveTools | None]:
    """Yields the tools of a column, with a database that knows the task's facts; None without."""
    if planned.column.calls is not Calls.LIVE or planned.k == 0:
        yield None
        return
    taught = [] if model.sidecar is None else [tool.name for tool in model.sidecar.tools]
    tools = [tool for spec in planned.column.tools for tool in load_tools(spec)]
    with (
        TemporaryDirectory(prefix="toolformer-") as folder,
        LiveTools(tools, today=config.today, taught=taught) as live,
    ):
        if planned.task.facts:
            path = Path(folder) / "facts.db"
            write_facts(path, planned.task.facts)
            live.add(load_tool(f"database:path={path}"))
        yield live


def _stem(planned: PlannedCell, examples: Sequence[Example], config: EvaluateConfig) -> str:
    """Returns the name of a cell's files: for people first, then what it follows from."""
    k = "" if planned.k is None else f".k{planned.k}"
    named = f"{planned.task.name}.{planned.column.name}{k}"
    readable = re.sub(r"[^\w.]+", "-", named).strip("-")
    return f"{readable}.{planned.fingerprint(examples, config=config)}"
