"""Results as tables: tasks one under another, columns side by side. Plain text; draws nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from toolformer.evaluate.column import Calls
from toolformer.evaluate.counts import Counts, TextScores, share, wilson
from toolformer.evaluate.results import Cell, ColumnLine, Results, TaskLine
from toolformer.evaluate.task import Measure

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class TableText:
    """A table as text; the first column names the rows."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def tables(results: Results) -> Iterator[TableText]:
    """Yields the tables: all accuracies, then each task's own, k by k where several were tried."""
    answered = [task for task in results.tasks if task.measure is Measure.ANSWERS]
    if len(answered) > 1:
        yield _overview(results, answered)
    for task in results.tasks:
        if task.measure is Measure.ANSWERS:
            yield _answers(results, task)
            yield from _sweeps(results, task)
        elif task.measure is Measure.PERPLEXITY:
            yield _perplexity(results, task)
        else:
            yield _restraint(results, task)


def markdown(results: Results) -> str:
    """Returns the tables as Markdown."""
    return "\n\n".join(_markdown(each) for each in tables(results))


def percent(part: int, whole: int) -> str:
    """Writes a share; a dash for one of nothing.

    >>> percent(1, 3), percent(0, 0)
    ('33.3 %', '–')
    """
    return f"{100 * share(part, whole):.1f} %" if whole else NOTHING


def with_interval(part: int, whole: int) -> str:
    """Writes a share with its 95 % interval.

    >>> with_interval(5, 10)
    '50.0 % (23.7–76.3)'
    """
    if not whole:
        return NOTHING
    low, high = wilson(part, whole)
    return f"{percent(part, whole)} ({100 * low:.1f}–{100 * high:.1f})"


def _overview(results: Results, tasks: Sequence[TaskLine]) -> TableText:
    columns = _columns(results, tasks)
    rows = []
    for task in tasks:
        cells = [results.cell(task.name, column.name) for column in columns]
        inputs = max((cell.counts.inputs for cell in cells if cell and cell.counts), default=0)
        counts = [None if cell is None else cell.counts for cell in cells]
        rows.append((task.name, f"{inputs:,}", *(_if(each, _accuracy) for each in counts)))
    header = ("task", "inputs", *(column.name for column in columns))
    return TableText("Accuracy, with its 95 % interval", header, tuple(rows))


def _answers(results: Results, task: TaskLine) -> TableText:
    columns = _columns(results, [task])
    cells = [results.cell(task.name, column.name) for column in columns]
    counts = [None if cell is None else cell.counts for cell in cells]
    live = [
        each if column.calls is Calls.LIVE else None
        for each, column in zip(counts, columns, strict=True)
    ]
    rows = [("accuracy", *(_if(each, _accuracy) for each in counts))]
    for tag, inputs in _tags(cells):
        by_tag = [None if cell is None else cell.by_tag.get(tag) for cell in cells]
        rows.append((f"accuracy, {tag} ({inputs:,})", *(_if(each, _accuracy) for each in by_tag)))
    for name, write in _LIVE_ROWS:
        rows.append((name, *(_if(each, write) for each in live)))
    if any(each is not None and each.late for each in live):
        rows.append(
            ("called after the answer", *(_if(each, lambda c: f"{c.late:,}") for each in live))
        )
    if any(each is not None and each.too_long for each in counts):
        rows.append(
            ("inputs too long", *(_if(each, lambda c: f"{c.too_long:,}") for each in counts))
        )
    inputs = max((each.inputs for each in counts if each is not None), default=0)
    return _table(task, columns, rows, inputs=f"{inputs:,} inputs", k=_shown_k(cells))


def _sweeps(results: Results, task: TaskLine) -> Iterator[TableText]:
    """Yields the paper's table 9 for each column that was tried with several k."""
    for column in results.columns:
        tried = list(results.sweep(task.name, column.name))
        disabled = [
            each.name
            for each in results.columns
            if each.checkpoint == column.checkpoint and each.calls is Calls.DISABLED
        ]
        if column.calls is not Calls.LIVE or len(tried) < 2:
            continue
        zero = [results.cell(task.name, name) for name in disabled] if tried[0].k else []
        rows = [
            (
                f"{cell.k or 0}",
                _accuracy(cell.counts),
                percent(cell.counts.called, cell.counts.inputs),
            )
            for cell in [*zero, *tried]
            if cell is not None and cell.counts is not None
        ]
        yield TableText(
            f"{task.name}: {column.name}, by k",
            ("k", "accuracy", "inputs with a call"),
            tuple(rows),
            note="k = 0: calls disabled",
        )


def _perplexity(results: Results, task: TaskLine) -> TableText:
    columns = _columns(results, [task])
    cells = [results.cell(task.name, column.name) for column in columns]
    scores = [None if cell is None else cell.scores for cell in cells]
    rows = [
        (name, *(NOTHING if each is None else write(each) for each in scores))
        for name, write in _SCORE_ROWS
    ]
    first = next((each for each in scores if each is not None), TextScores())
    said = f"{first.texts:,} texts, {first.tokens:,} tokens, {first.bytes:,} bytes"
    return _table(task, columns, rows, inputs=said)


def _restraint(results: Results, task: TaskLine) -> TableText:
    columns = _columns(results, [task])
    ks = sorted({cell.k or 0 for cell in results.cells if cell.task == task.name})
    rows, inputs = [], 0
    for k in ks:
        cells = [results.cell(task.name, column.name, k) for column in columns]
        counts = [None if cell is None else cell.counts for cell in cells]
        inputs = max(inputs, *(each.inputs for each in counts if each is not None))
        rows.append((f"inputs with a call, k = {k}", *(_if(each, _started) for each in counts)))
    return _table(task, columns, rows, inputs=f"{inputs:,} inputs")


def _table(
    task: TaskLine,
    columns: Sequence[ColumnLine],
    rows: Sequence[tuple[str, ...]],
    *,
    inputs: str,
    k: str = "",
) -> TableText:
    dropped = [f"{count:,} left out ({reason})" for reason, count in task.dropped.items()]
    note = "; ".join([inputs, *([k] if k else []), *dropped])
    title = f"{task.name}: {task.note}" if task.note else task.name
    return TableText(title, ("", *(column.name for column in columns)), tuple(rows), note=note)


def _columns(results: Results, tasks: Sequence[TaskLine]) -> list[ColumnLine]:
    """Returns the columns that have something to say of some tasks."""
    return [
        column
        for column in results.columns
        if any(results.cell(task.name, column.name) is not None for task in tasks)
    ]


def _tags(cells: Sequence[Cell | None]) -> list[tuple[str, int]]:
    """Returns the subsets of a task with how many inputs they have, in order of appearance."""
    found = {
        tag: counts.inputs
        for cell in cells
        if cell is not None
        for tag, counts in cell.by_tag.items()
    }
    return list(found.items())


def _shown_k(cells: Sequence[Cell | None]) -> str:
    ks = {cell.k for cell in cells if cell is not None and cell.k is not None}
    return f"k = {max(ks)}" if ks else ""


def _if(counts: Counts | None, write: Callable[[Counts], str]) -> str:
    return NOTHING if counts is None else write(counts)


def _accuracy(counts: Counts) -> str:
    return with_interval(counts.right, counts.inputs)


def _started(counts: Counts) -> str:
    return with_interval(counts.started, counts.inputs)


_LIVE_ROWS: Sequence[tuple[str, Callable[[Counts], str]]] = (
    ("inputs with a call", lambda each: percent(each.called, each.inputs)),
    ("accuracy with a call", lambda each: percent(each.right_called, each.called)),
    ("says what the tool said", lambda each: percent(each.followed, each.called)),
    ("accuracy without a call", lambda each: percent(each.right_uncalled, each.uncalled)),
    ("tool errors", lambda each: f"{each.tool_errors:,}"),
    ("failed calls", lambda each: f"{each.failed_calls:,}"),
)
_SCORE_ROWS: Sequence[tuple[str, Callable[[TextScores], str]]] = (
    ("perplexity per token", lambda each: f"{each.perplexity:.2f}"),
    ("perplexity per word", lambda each: f"{each.word_perplexity:.1f}"),
    ("bits per byte", lambda each: f"{each.bits_per_byte:.4f}"),
)


def _markdown(table: TableText) -> str:
    lines = [table.header, ("---",) * len(table.header), *table.rows]
    drawn = "\n".join("|" + "|".join(_cell(each) for each in line) + "|" for line in lines)
    return f"**{table.title}**" + (f" ({table.note})" if table.note else "") + f"\n\n{drawn}"


def _cell(text: str) -> str:
    escaped = text.replace("|", "\\|")
    return text if text == "---" else f" {escaped} "
