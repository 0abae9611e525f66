"""Tasks and arms go in, results come out; a cell that is there is not measured again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from toolformer.errors import RunError
from toolformer.evaluate.arm import PRIOR, Arm
from toolformer.evaluate.cells import (
    CellProgress,
    add_up,
    delete_leftovers,
    measure_cell,
    read_cell,
    read_trials,
    scored,
)
from toolformer.evaluate.compare.differences import Difference, compare_arms
from toolformer.evaluate.config import EvaluateConfig
from toolformer.evaluate.measure import guess_majority
from toolformer.evaluate.plan import plan
from toolformer.evaluate.results import RESULTS, ArmLine, Cell, Results, TaskLine, read_results
from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.trial import Trial
from toolformer.files import json_text, locked, write_whole
from toolformer.lm.base import LanguageModel


def evaluate(
    tasks: Sequence[Task],
    arms: Sequence[Arm],
    *,
    out: Path,
    config: EvaluateConfig,
    load: Callable[[str], LanguageModel],
    on_progress: Callable[[CellProgress], None] | None = None,
) -> Results:
    """Measures every arm by every task and returns the results, which it also writes to `out`.

    One model is in memory at a time. Cells that `out` has, made with equal settings, are taken from
    there.

    >>> from tempfile import TemporaryDirectory
    >>> from toolformer.evaluate import Calls, Example, read_results, read_trials
    >>> from toolformer.lm.scripted import Continuation, ScriptedLanguageModel
    >>> capitals = Task(
    ...     name="capitals",
    ...     examples=lambda: [Example("1", "The capital of Peru is", ("Lima",))],
    ...     is_right=lambda text, example: example.answers[0] in text,
    ... )
    >>> models = {
    ...     "base": ScriptedLanguageModel(continuations=[Continuation("is", " Cuzco.")]),
    ...     "tuned": ScriptedLanguageModel(
    ...         continuations=[
    ...             Continuation("Peru is", " [Database(Peru, capital)"),
    ...             Continuation("-> Lima]", " Lima."),
    ...         ]
    ...     ),
    ... }
    >>> arms = [Arm("base", "base", Calls.NONE), Arm("tuned", "tuned", Calls.LIVE, ("database",))]
    >>> with TemporaryDirectory() as out:
    ...     results = evaluate(
    ...         [capitals], arms, out=Path(out), config=EvaluateConfig(), load=models.__getitem__
    ...     )
    ...     assert read_results(Path(out)).cells == results.cells
    ...     [trial] = read_trials(Path(out), results.cells[-1])
    >>> trial.annotated
    ' [Database(Peru, capital) -> Lima] Lima.'
    >>> for cell in results.cells:
    ...     print(cell)
    <Cell capitals, base: 1 inputs, 0 right, 0 called>
    <Cell capitals, tuned, k = 10: 1 inputs, 1 right, 1 called>

    Args:
        tasks: of different names.
        arms: in the order of the tables; those of one model share a loaded one.
        out: the directory; it gets results.json, and the files of the cells.
        config: k, calls per input, limit, seed.
        load: loads a model.
        on_progress: called after every input with the progress so far.

    Raises:
        RunError: `out` cannot be written, is being written to, or holds a results.json of
            something else.
        ToolformerError: a model or a tool cannot be loaded.
    """
    with locked(out):
        read_results(out)  # what cannot be read is not overwritten
        delete_leftovers(out)
        drawn = {task.name: task.draw(config.limit, seed=config.seed) for task in tasks}
        results = _measure(
            tasks, arms, drawn, out=out, config=config, load=load, on_progress=on_progress
        )
        for cell in results.cells:
            if cell.trials and not (out / cell.trials).exists():
                raise RunError(
                    f"'{out / cell.trials}' was removed while the evaluation ran. Run the same "
                    "command again: it measures what is missing."
                )
        results = replace(results, differences=_differences(results, tasks, arms, drawn, out))
        write_whole(out / RESULTS, json_text(results.to_dict()))
        return results


def _measure(
    tasks: Sequence[Task],
    arms: Sequence[Arm],
    drawn: Mapping[str, Sequence[Example]],
    *,
    out: Path,
    config: EvaluateConfig,
    load: Callable[[str], LanguageModel],
    on_progress: Callable[[CellProgress], None] | None,
) -> Results:
    """Measures the cells that are not there, and returns all of them."""
    planned = list(plan(tasks, arms, config))
    cells = [read_cell(each, drawn[each.task.name], config=config, out=out) for each in planned]
    for name in dict.fromkeys(arm.model for arm in arms):
        missing = [
            number
            for number, each in enumerate(planned)
            if each.arm.model == name and cells[number] is None
        ]
        if not missing:
            continue
        model = load(name)
        for number in missing:
            cells[number] = measure_cell(
                planned[number],
                drawn[planned[number].task.name],
                model=model,
                config=config,
                out=out,
                on_progress=on_progress or (lambda _progress: None),
            )
        del model  # before the next one is loaded
    return Results(
        tasks=[
            TaskLine(each.name, each.measure, each.spec, each.note, each.dropped) for each in tasks
        ],
        arms=[
            ArmLine(PRIOR),
            *(ArmLine(each.name, each.model, each.calls, each.tools) for each in arms),
        ],
        cells=[*_priors(tasks, drawn), *(cell for cell in cells if cell is not None)],
        settings=config.to_dict(),
    )


def _differences(
    results: Results,
    tasks: Sequence[Task],
    arms: Sequence[Arm],
    drawn: Mapping[str, Sequence[Example]],
    out: Path,
) -> list[Difference]:
    """Returns how far the tuned model is from the other arms, from the trials on disk."""

    def trials_of(task: Task, arm: Arm) -> list[Trial] | None:
        cell = results.cell(task.name, arm.name)
        return None if cell is None else list(read_trials(out, cell))

    return [
        difference
        for task in tasks
        for difference in compare_arms(task, arms, drawn[task.name], partial(trials_of, task))
    ]


def _priors(tasks: Sequence[Task], drawn: Mapping[str, Sequence[Example]]) -> list[Cell]:
    """Returns what the majority answers come to, where there is something to learn them from."""
    cells = []
    for task in tasks:
        if any(True for _ in task.training()):
            examples = drawn[task.name]
            trials = scored(task, examples, guess_majority(task, examples))
            cells.append(add_up(task, list(trials), arm=PRIOR))
    return cells
