"""Results as tables: tasks one under another, arms side by side. Plain text; draws nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from toolformer.evaluate.arm import Calls
from toolformer.evaluate.counts import ACCURACY, BUILT_IN, STARTED, Counts
from toolformer.evaluate.metric import NOTHING, Numbers, share
from toolformer.evaluate.results import ArmLine, Cell, Results, TaskLine


@dataclass(frozen=True, slots=True)
class TableText:
    """A table as text; the first column names the rows."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def tables(results: Results) -> Iterator[TableText]:
    """Yields the tables: all accuracies, each task's own, k by k, and the differences of arms."""
    judged = [task for task in results.tasks if ACCURACY.name in results.metrics(task)]
    if len(judged) > 1:
        yield _overview(results, judged)
    for task in results.tasks:
        yield _table(results, task)
        if not _is_by_k(task):
            yield from _sweeps(results, task)
    if results.differences:
        yield _differences(results)


def markdown(results: Results) -> str:
    """Returns the tables as Markdown."""
    return "\n\n".join(markdown_of(each) for each in tables(results))


def percent(part: int, whole: int) -> str:
    """Writes a share; a dash for one of nothing.

    >>> percent(1, 3), percent(0, 0)
    ('33.3 %', '–')
    """
    return f"{100 * share(part, whole):.1f} %" if whole else NOTHING


def _overview(results: Results, tasks: Sequence[TaskLine]) -> TableText:
    arms = _arms(results, tasks)
    rows = []
    for task in tasks:
        cells = [results.cell(task.name, arm.name) for arm in arms]
        inputs = max((each.counts.inputs for each in cells if each and each.counts), default=0)
        rows.append((task.name, f"{inputs:,}", *_numbers(results, task, cells, ACCURACY.name)))
    header = ("task", "inputs", *(arm.name for arm in arms))
    return TableText("Accuracy, with its 95 % interval", header, tuple(rows))


def _table(results: Results, task: TaskLine) -> TableText:
    arms = _arms(results, [task])
    if _is_by_k(task):
        rows, shown_k = list(_rows_by_k(results, task, arms)), ""
    else:
        cells = [results.cell(task.name, arm.name) for arm in arms]
        rows = [*_metric_rows(results, task, cells), *_call_rows(results, task, arms, cells)]
        ks = [cell.k for cell in cells if cell is not None and cell.k is not None]
        shown_k = f"k = {max(ks)}" if ks else ""
    dropped = [f"{count:,} left out ({reason})" for reason, count in task.dropped.items()]
    note = "; ".join(filter(None, [_inputs(results, task), shown_k, *dropped]))
    title = f"{task.name}: {task.note}" if task.note else task.name
    return TableText(title, ("", *(arm.name for arm in arms)), tuple(rows), note=note)


def _metric_rows(
    results: Results, task: TaskLine, cells: Sequence[Cell | None]
) -> Iterator[tuple[str, ...]]:
    """Yields a row for each metric, and under it those of its subsets, in order of appearance."""
    measured = [cell for cell in cells if cell is not None]
    tags = dict.fromkeys(tag for cell in measured for tag in cell.by_tag or cell.metrics_by_tag)
    sizes = {
        tag: f" ({counts.inputs:,})" for cell in measured for tag, counts in cell.by_tag.items()
    }
    for name in results.metrics(task):
        yield (name, *_numbers(results, task, cells, name))
        for tag in tags:
            shown = f"{name}, {tag}{sizes.get(tag, '')}"
            yield (shown, *_numbers(results, task, cells, name, tag=tag))


def _rows_by_k(
    results: Results, task: TaskLine, arms: Sequence[ArmLine]
) -> Iterator[tuple[str, ...]]:
    for k in sorted({cell.k or 0 for cell in results.cells if cell.task == task.name}):
        cells = [results.cell(task.name, arm.name, k) for arm in arms]
        for name in results.metrics(task):
            yield (f"{name}, k = {k}", *_numbers(results, task, cells, name))


def _call_rows(
    results: Results, task: TaskLine, arms: Sequence[ArmLine], cells: Sequence[Cell | None]
) -> Iterator[tuple[str, ...]]:
    """Yields what became of the calls where they were live, and of inputs that were too long."""
    counts = [None if cell is None else cell.counts for cell in cells]
    if not any(counts):
        return
    live = [
        each if arm.calls is Calls.LIVE else None for each, arm in zip(counts, arms, strict=True)
    ]
    is_judged = ACCURACY.name in results.metrics(task)
    for name, write in _CALL_ROWS.items():
        if is_judged or name not in _NEED_JUDGING:
            yield (name, *(_if(each, write) for each in live))
    for name, number in _SELDOM.items():
        numbers = [None if each is None else number(each) for each in counts]
        if any(numbers):
            yield (name, *(NOTHING if each is None else f"{each:,}" for each in numbers))


def _differences(results: Results) -> TableText:
    """Returns how far the tuned model is from the others: points of accuracy, % of perplexity."""
    others = list(dict.fromkeys(each.other for each in results.differences))
    found = {(each.task, each.other): each for each in results.differences}
    rows = []
    for task in dict.fromkeys(each.task for each in results.differences):
        texts = max(each.texts for each in results.differences if each.task == task)
        numbers = (found.get((task, other)) for other in others)
        cells = (NOTHING if each is None else str(each) for each in numbers)
        rows.append((task, f"{texts:,}", *cells))
    return TableText(
        "The tuned model less each other, in points of accuracy; in % where it is perplexity",
        ("task", "texts", *others),
        tuple(rows),
        note="95 % intervals: paired bootstrap over texts",
    )


def _sweeps(results: Results, task: TaskLine) -> Iterator[TableText]:
    """Yields the paper's table 9 for each arm that was tried with several k."""
    names = results.metrics(task)
    for arm in results.arms:
        tried = results.sweep(task.name, arm.name)
        if arm.calls is not Calls.LIVE or len(tried) < 2:
            continue
        disabled = [
            results.cell(task.name, each.name)
            for each in results.arms
            if each.model == arm.model and each.calls is Calls.DISABLED
        ]
        rows = [
            (
                f"{cell.k or 0}",
                *(each for name in names for each in _numbers(results, task, [cell], name)),
                _if(cell.counts, _CALL_ROWS[STARTED.name]),
            )
            for cell in [*(disabled if tried[0].k else []), *tried]
            if cell is not None
        ]
        yield TableText(
            f"{task.name}: {arm.name}, by k",
            ("k", *names, STARTED.name),
            tuple(rows),
            note="k = 0: calls disabled",
        )


def _numbers(
    results: Results,
    task: TaskLine,
    cells: Sequence[Cell | None],
    name: str,
    *,
    tag: str | None = None,
) -> Iterator[str]:
    """Yields one metric of each cell, a dash where it has none."""
    for cell in cells:
        found: Numbers = {} if cell is None else results.numbers(task, cell, tag=tag)
        yield str(found.get(name, NOTHING))


def _inputs(results: Results, task: TaskLine) -> str:
    """Returns how much was asked or read."""
    cells = [cell for cell in results.cells if cell.task == task.name]
    for scores in (cell.scores for cell in cells if cell.scores is not None):
        said = f"{scores.texts:,} texts, {scores.tokens:,} tokens, {scores.bytes:,} bytes"
        return f"{said}; {scores.too_short:,} too short to predict" if scores.too_short else said
    counts = [cell.counts.inputs for cell in cells if cell.counts is not None]
    return f"{max(counts, default=0):,} inputs" if counts or not cells else ""


def _is_by_k(task: TaskLine) -> bool:
    """Returns whether a task's rows are repeated for each k, rather than shown at the largest."""
    return STARTED in BUILT_IN.get(task.measure, ())


def _arms(results: Results, tasks: Sequence[TaskLine]) -> list[ArmLine]:
    """Returns the arms that were tried with some of these tasks."""
    return [
        arm
        for arm in results.arms
        if any(results.cell(task.name, arm.name) is not None for task in tasks)
    ]


def _if(counts: Counts | None, write: Callable[[Counts], str]) -> str:
    return NOTHING if counts is None else write(counts)


# The rows about the calls of arms that may call.
_CALL_ROWS: Mapping[str, Callable[[Counts], str]] = {
    STARTED.name: lambda each: percent(each.called, each.inputs),
    "accuracy with a call": lambda each: percent(each.right_called, each.called),
    "says what the tool said": lambda each: percent(each.followed, each.called),
    "accuracy without a call": lambda each: percent(each.right_uncalled, each.uncalled),
    "tool errors": lambda each: f"{each.tool_errors:,}",
    "failed calls": lambda each: f"{each.failed_calls:,}",
}
# Rows that are there where any of their numbers is.
_SELDOM: Mapping[str, Callable[[Counts], int]] = {
    "called after the answer": lambda each: each.late,
    "tools out of reach": lambda each: each.unavailable,
    "too long to ask": lambda each: each.too_long,
}
_NEED_JUDGING = ("accuracy with a call", "says what the tool said", "accuracy without a call")


def markdown_of(table: TableText) -> str:
    """Returns a table as Markdown, under its title."""
    lines = [table.header, ("---",) * len(table.header), *table.rows]
    drawn = "\n".join("|" + "|".join(_cell(each) for each in line) + "|" for line in lines)
    return f"**{table.title}**" + (f" ({table.note})" if table.note else "") + f"\n\n{drawn}"


def _cell(text: str) -> str:
    escaped = text.replace("|", "\\|")
    return text if text == "---" else f" {escaped} "
