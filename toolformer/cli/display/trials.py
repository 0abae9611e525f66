"""`toolformer evaluate --show`: single trials of an evaluation, to look into."""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from itertools import islice
from pathlib import Path

from toolformer.assets import EMBEDDED_MODEL, asset
from toolformer.calls import CallGrammar, InlineGrammar, Segment
from toolformer.cli.display.console import Console
from toolformer.cli.display.gate import clean, print_json
from toolformer.cli.display.screen import Screen
from toolformer.errors import RunError, UnknownNameError, closest
from toolformer.evaluate import Results, read_results, read_trials
from toolformer.evaluate.arm import Calls
from toolformer.evaluate.counts import ACCURACY
from toolformer.evaluate.results import Cell, cell_name
from toolformer.evaluate.trial import TOO_LONG, Trial
from toolformer.sidecar import read_sidecar


class Show(StrEnum):
    """Which trials to show."""

    WRONG = "wrong"
    RIGHT = "right"
    CALLED = "called"  # a tool gave an output
    UNCALLED = "uncalled"
    FAILED = "failed"  # a call failed
    ALL = "all"


_WANTED: dict[Show, Callable[[Trial], bool]] = {
    Show.WRONG: lambda trial: not trial.is_right and trial.finish != TOO_LONG,
    Show.RIGHT: lambda trial: trial.is_right,
    Show.CALLED: lambda trial: trial.has_called,
    Show.UNCALLED: lambda trial: not trial.has_called,
    Show.FAILED: lambda trial: any(call.error is not None for call in trial.calls),
    Show.ALL: lambda _trial: True,
}
_JUDGED = (Show.WRONG, Show.RIGHT)  # a text that is continued, no more, is neither


def show_trials(
    out: Path,
    show: Show,
    *,
    tasks: Sequence[str],
    columns: Sequence[str],
    k: int | None,
    limit: int,
    as_json: bool,
) -> int:
    """Prints trials of the evaluation in a directory; returns the exit code.

    Raises:
        RunError: there is no evaluation, or its trials are gone.
        ModelError: a model's sidecar cannot be read.
        UnknownNameError: it has no such task or column.
    """
    results = read_results(out)
    if results is None:
        raise RunError(f"'{out}' holds no evaluation: run one first, with --out {out}.")
    models = {each.name: each.model for each in results.arms}
    judged = {each.name for each in results.tasks if ACCURACY.name in results.metrics(each)}
    shown = 0
    for cell in _cells(results, tasks, columns, k):
        if show in _JUDGED and cell.task not in judged:
            continue
        grammar = _grammar(models[cell.arm])
        trials = filter(_WANTED[show], _read(out, cell))
        for trial in islice(trials, limit):
            shown += 1
            if as_json:
                where = {"task": cell.task, "column": cell.arm, "k": cell.k}
                print_json(where | trial.to_row())
            else:
                _print(trial, cell, grammar, is_judged=cell.task in judged)
    if shown == 0:
        print_note(f"No trial in {out} is {show.value}.")
    return 0


def print_note(text: str) -> None:
    """Prints something beside the answer."""
    Console(stderr=True).print(text)


def _cells(
    results: Results, tasks: Sequence[str], columns: Sequence[str], k: int | None
) -> Iterator[Cell]:
    """Yields the named cells: those of the tuned model where no columns are named."""
    predicted = {cell.task for cell in results.cells if cell.scores is not None}
    tried_tasks = [each.name for each in results.tasks if each.name not in predicted]
    tried_arms = [each.name for each in results.arms if each.model]
    live = [each.name for each in results.arms if each.calls is Calls.LIVE]
    preferred = [name for name in ("tuned", *reversed(live)) if name in live][:1] or tried_arms[-1:]
    for task in _known(tasks, tried_tasks, what="task in this evaluation") or tried_tasks:
        for arm in _known(columns, tried_arms, what="column in this evaluation") or preferred:
            cell = results.cell(task, arm, k)
            if cell is not None:
                yield cell


def _known(names: Sequence[str], known: Sequence[str], *, what: str) -> list[str]:
    for name in names:
        if name not in known:
            raise UnknownNameError(closest(name, known, what=what))
    return list(names)


def _read(out: Path, cell: Cell) -> Iterator[Trial]:
    try:
        yield from read_trials(out, cell)
    except OSError as error:
        raise RunError(f"Cannot read the trials '{out / cell.trials}': {error.strerror}.") from None


def _grammar(model: str) -> CallGrammar:
    """Returns how a model writes its calls; the default where its sidecar is not at hand."""
    sidecar = read_sidecar(asset(model) if model == EMBEDDED_MODEL else model)
    return InlineGrammar() if sidecar is None else sidecar.grammar


def _print(trial: Trial, cell: Cell, grammar: CallGrammar, *, is_judged: bool) -> None:
    screen = Screen(Console())
    tags = f" ({', '.join(trial.tags)})" if trial.tags else ""
    screen.say(f"{cell_name(cell.task, cell.arm, cell.k)}: {trial.id}{tags}")
    for segment in (Segment("text", trial.prompt), *grammar.read(trial.annotated)):
        screen.show(Segment(segment.kind, clean(segment.text)))
    screen.end()
    for call in trial.calls:
        if call.error is not None:
            screen.complain(f"  {call.written.strip()} failed: {call.error}")
    verdicts = [f"{name} {score:,.4g}" for name, score in trial.scores.items()]
    if trial.finish == TOO_LONG:
        verdicts.append("not asked: the prompt is too long for the model")
    elif is_judged and trial.answers:
        verdicts.append("right" if trial.is_right else "wrong")
    if trial.answers:
        verdicts.append(f"expected: {' | '.join(trial.answers)}")
    if verdicts:
        screen.say(f"  {'; '.join(verdicts)}")
    screen.say("")
