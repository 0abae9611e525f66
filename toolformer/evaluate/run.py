"""Tasks and columns go in, a table's cells come out; a cell that is there is not measured again."""

from collections.abc import Callable, Sequence
from pathlib import Path

from toolformer.evaluate.cells import CellProgress, measure_cell, read_cell
from toolformer.evaluate.column import PRIOR, Column
from toolformer.evaluate.config import EvaluateConfig
from toolformer.evaluate.counts import count
from toolformer.evaluate.plan import plan
from toolformer.evaluate.prior import try_majority
from toolformer.evaluate.results import (
    RESULTS,
    Cell,
    ColumnLine,
    Results,
    TaskLine,
)
from toolformer.evaluate.task import Example, Measure, Task
from toolformer.files import json_text, write_whole
from toolformer.lm.base import LanguageModel


def evaluate(
    tasks: Sequence[Task],
    columns: Sequence[Column],
    *,
    out: Path,
    config: EvaluateConfig,
    load: Callable[[str], LanguageModel],
    on_progress: Callable[[CellProgress], None] | None = None,
) -> Results:
    """Measures every column by every task and returns the results, which stand in `out` too.

    One model is in memory at a time. Cells that `out` has, made with equal settings, are taken from
    there.

    Args:
        tasks: of different names.
        columns: in the order of the tables; those of one checkpoint share a loaded model.
        out: the directory; it gets results.json, and the files of the cells.
        config: k, calls per input, limit, seed.
        load: loads a checkpoint.
        on_progress: is told after every input.

    Raises:
        RunError: `out` cannot be written.
        ToolformerError: a checkpoint or a tool cannot be loaded.
    """
    drawn = {task.name: task.draw(config.limit, seed=config.seed) for task in tasks}
    planned = list(plan(tasks, columns, config))
    cells = [read_cell(each, drawn[each.task.name], config=config, out=out) for each in planned]
    for checkpoint in dict.fromkeys(column.checkpoint for column in columns):
        missing = [
            number
            for number, each in enumerate(planned)
            if each.column.checkpoint == checkpoint and cells[number] is None
        ]
        if not missing:
            continue
        model = load(checkpoint)
        for number in missing:
            cells[number] = measure_cell(
                planned[number],
                drawn[planned[number].task.name],
                model=model,
                config=config,
                out=out,
                on_progress=on_progress or _ignore,
            )
        del model  # before the next one is loaded
    results = Results(
        tasks=[
            TaskLine(each.name, each.measure, each.spec, each.note, each.dropped) for each in tasks
        ],
        columns=[
            ColumnLine(PRIOR),
            *(ColumnLine(each.name, each.checkpoint, each.calls, each.tools) for each in columns),
        ],
        cells=[*_priors(tasks, drawn), *(cell for cell in cells if cell is not None)],
        settings=config.to_dict(),
    )
    write_whole(out / RESULTS, json_text(results.to_dict()))
    return results


def _priors(tasks: Sequence[Task], drawn: dict[str, list[Example]]) -> list[Cell]:
    """Returns what the majority answers come to, where there is something to learn them from."""
    cells = []
    for task in tasks:
        if task.measure is Measure.ANSWERS and next(iter(task.training()), None) is not None:
            counts, by_tag = count(try_majority(task, drawn[task.name]))
            cells.append(Cell(task=task.name, column=PRIOR, counts=counts, by_tag=by_tag))
    return cells


def _ignore(_progress: CellProgress) -> None:
    """Tells nobody."""
