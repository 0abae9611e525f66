"""A bar on stderr for the cell that is being measured, and a line for each that is done."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from toolformer.cli.progress import spell_seconds
from toolformer.evaluate import Progress as CellProgress


@dataclass(slots=True)
class Pace:
    """How fast the inputs of a cell are done.

    >>> ticks = iter([0.0, 10.0])
    >>> pace = Pace(clock=lambda: next(ticks))
    >>> pace.tell(CellProgress("lama", "tuned", 10, 20, 80))
    '2.0 inputs/s, 30 s left'
    """

    clock: Callable[[], float] = time.monotonic
    start: float = field(init=False)

    def __post_init__(self) -> None:
        self.start = self.clock()

    def tell(self, progress: CellProgress) -> str:
        """Says the rate and the time left in the cell."""
        seconds = self.clock() - self.start
        if progress.done == 0 or seconds <= 0:
            return ""
        rate = progress.done / seconds
        left = spell_seconds((progress.total - progress.done) / rate)
        return f"{rate:.1f} inputs/s, {left} left"


def spell_cell(progress: CellProgress) -> str:
    """Says which cell it is.

    >>> spell_cell(CellProgress("lama", "tuned", 10, 0, 80))
    'lama, tuned, k = 10'
    """
    said = f"{progress.task}, {progress.column}"
    return said if progress.k is None else f"{said}, k = {progress.k}"


@contextmanager
def evaluation_bar(console: Console) -> Iterator[Callable[[CellProgress], None]]:
    """Shows a bar and yields what moves it."""
    pace = Pace()
    with Progress(
        TextColumn("{task.fields[cell]}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[pace]}"),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("", total=1, cell="Loading", pace="")

        def move(progress: CellProgress) -> None:
            nonlocal pace
            if progress.done == 0:
                pace = Pace()
                bar.reset(task, total=progress.total)
            bar.update(
                task,
                completed=progress.done,
                cell=spell_cell(progress),
                pace=pace.tell(progress),
            )
            if progress.done == progress.total:
                seconds = spell_seconds(pace.clock() - pace.start)
                said = f"{spell_cell(progress)}: {progress.total:,} inputs in {seconds}."
                console.print(said, markup=False, highlight=False)

        yield move
