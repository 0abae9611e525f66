"""Measuring one cell, and its two files: whole, or not there.

OUT/cells/lama.tuned.k10.FINGERPRINT.jsonl    a trial a line
OUT/cells/lama.tuned.k10.FINGERPRINT.json     what they add up to; written last

How long a cell took is in a file for all of them, OUT/timing.json: the bytes of the others are the
same whenever and however often it is measured.
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from toolformer.errors import RunError
from toolformer.evaluate.arm import Calls
from toolformer.evaluate.config import EvaluateConfig
from toolformer.evaluate.counts import OWN, Counts, TextScores, by_tag, scores_of
from toolformer.evaluate.measure import continue_prompts
from toolformer.evaluate.metric import reduce_all
from toolformer.evaluate.plan import PlannedCell
from toolformer.evaluate.results import RESULTS, Cell
from toolformer.evaluate.task import Example, Setup, Task
from toolformer.evaluate.tasks.facts.table import write_facts
from toolformer.evaluate.trial import TOO_LONG, Trial, from_row
from toolformer.files import MOST_JSON, json_text, parse_json, read_json, write_whole
from toolformer.infer.live_tools import LiveTools
from toolformer.lm.base import LanguageModel
from toolformer.plain_files import open_plain
from toolformer.tools.registry import load_tool, load_tools

_CELLS = "cells"
_TIMING = "timing.json"
_UNFINISHED = f".{'[0-9a-f]' * 12}.tmp"  # what `write_whole` adds to a name


@dataclass(frozen=True, slots=True)
class CellProgress:
    """How far a cell is."""

    task: str
    arm: str
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
    task, stem = planned.task, _stem(planned, examples, config)
    run = task.run or partial(continue_prompts, task)
    progress = CellProgress(task.name, planned.arm.name, planned.k, 0, len(examples))
    with _live_tools(planned, model, config) as live:
        setup = Setup(model=model, arm=planned.arm, live=live, config=planned.infer_config(config))
        on_progress(progress)
        trials = []
        for number, trial in enumerate(scored(task, examples, run(examples, setup)), start=1):
            on_progress(replace(progress, done=number))
            trials.append(trial)
    cell = replace(
        add_up(task, trials, arm=planned.arm.name),
        k=planned.k,
        trials=f"{_CELLS}/{stem}.jsonl",
    )
    lines = (json.dumps(each.to_row(), ensure_ascii=False) + "\n" for each in trials)
    write_whole(out / cell.trials, "".join(lines))
    write_whole(out / _CELLS / f"{stem}.json", json_text(cell.to_dict()))
    _write_time(out, stem, time.monotonic() - began)
    return cell


def _write_time(out: Path, stem: str, seconds: float) -> None:
    """Writes how long a cell took beside the times of the others."""
    try:
        times = dict(read_json(out / _TIMING))
    except (OSError, ValueError, TypeError):
        times = {}
    write_whole(out / _TIMING, json_text(times | {stem: round(seconds, 3)}))


def scored(task: Task, examples: Sequence[Example], trials: Iterable[Trial]) -> Iterator[Trial]:
    """Yields the trials of examples with the task's own scores; what was not measured has none."""
    for example, trial in zip(examples, trials, strict=True):
        if trial.finish == TOO_LONG:
            yield trial
            continue
        own = task.score(trial, example)
        yield replace(trial, scores={**trial.scores, **own}) if own else trial


def add_up(task: Task, trials: Sequence[Trial], *, arm: str) -> Cell:
    """Returns what trials come to: the sums behind the built-in metrics, and the task's own."""
    scores = [scores_of(trial) for trial in trials]
    tagged = by_tag(trials)
    cell = Cell(task=task.name, arm=arm)
    if all(trial.is_decoded for trial in trials):
        counts = {tag: Counts.sum(each) for tag, each in tagged.items()}
        cell = replace(cell, counts=Counts.sum(scores), by_tag=counts)
    if task.measure == OWN:
        own = {tag: reduce_all(task.metrics, each) for tag, each in tagged.items()}
        return replace(cell, metrics=reduce_all(task.metrics, scores), metrics_by_tag=own)
    return cell if cell.counts else replace(cell, scores=TextScores.sum(scores))


def read_cell(
    planned: PlannedCell, examples: Sequence[Example], *, config: EvaluateConfig, out: Path
) -> Cell | None:
    """Returns a cell that was measured with equal settings, None when there is none.

    One in which a tool could not be reached is measured anew.
    """
    stem = _stem(planned, examples, config)
    try:
        cell = Cell.from_dict(read_json(out / _CELLS / f"{stem}.json"))
    except (OSError, ValueError):
        return None  # not there, or of another version: it is measured anew
    is_whole = cell.trials == f"{_CELLS}/{stem}.jsonl" and (out / cell.trials).is_file()
    return cell if is_whole and not (cell.counts and cell.counts.unavailable) else None


def delete_leftovers(out: Path) -> None:
    """Deletes what was being written when an evaluation was killed."""
    for name in (RESULTS, _TIMING, f"{_CELLS}/*"):
        for each in out.glob(name + _UNFINISHED):
            each.unlink(missing_ok=True)


def read_trials(out: Path, cell: Cell) -> Iterator[Trial]:
    """Yields the trials of a cell, in the order of the examples."""
    path = Path(cell.trials)
    if path.is_absolute() or ".." in path.parts:  # in somebody's results.json
        raise RunError(f"'{out}' says that its trials are in '{path}', which is not below it.")
    path = out / path
    try:
        file = open_plain(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(f"Cannot read the trials in '{path}': {reason}.") from None
    with file:
        for number in count(1):
            line = file.readline(MOST_JSON)
            if not line:
                return
            try:
                row = parse_json(line)
                if not isinstance(row, dict):
                    raise ValueError("it is not an object")
                yield from_row(row)
            except ValueError as error:
                raise RunError(
                    f"'{path}', line {number}, is not a trial ({error}): measure it again with "
                    "another --out."
                ) from None


@contextmanager
def _live_tools(
    planned: PlannedCell, model: LanguageModel, config: EvaluateConfig
) -> Iterator[LiveTools | None]:
    """Yields the tools of an arm, with a database that knows the task's facts; None without."""
    if planned.arm.calls is not Calls.LIVE or not planned.k:
        yield None
        return
    taught = [] if model.sidecar is None else [tool.name for tool in model.sidecar.tools]
    with (
        TemporaryDirectory(prefix="toolformer-") as folder,
        LiveTools(load_tools(*planned.arm.tools), today=config.today, taught=taught) as live,
    ):
        if planned.task.facts:
            path = Path(folder) / "facts.db"
            write_facts(path, planned.task.facts)
            live.add(load_tool(f"database:path={path}"))
        yield live


def _stem(planned: PlannedCell, examples: Sequence[Example], config: EvaluateConfig) -> str:
    """Returns the name of a cell's files: for people first, then what it follows from."""
    k = "" if planned.k is None else f".k{planned.k}"
    named = f"{planned.task.name}.{planned.arm.name}{k}"
    readable = re.sub(r"[^\w.]+", "-", named).strip("-")
    return f"{readable}.{planned.fingerprint(examples, config=config)}"
