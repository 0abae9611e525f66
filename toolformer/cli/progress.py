"""A bar on stderr with how much is done, how fast, and how long it will take."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from toolformer.annotate import Progress as RunProgress


@dataclass(slots=True)
class Pace:
    """How fast documents are done, those of an earlier try left out.

    >>> ticks = iter([0.0, 10.0])
    >>> pace = Pace(total=100, clock=lambda: next(ticks))
    >>> pace.tell(RunProgress(documents=40, resumed=20))
    '2.0 texts/s, 30 s left'
    """

    total: float | None
    clock: Callable[[], float] = time.monotonic
    start: float = field(init=False)

    def __post_init__(self) -> None:
        """Starts the clock."""
        self.start = self.clock()

    def tell(self, progress: RunProgress) -> str:
        """Says the rate, and the time left where the total is known."""
        seconds = self.clock() - self.start
        done = progress.documents - progress.resumed
        if done <= 0 or seconds <= 0:
            return ""
        rate = done / seconds
        said = f"{rate:.1f} texts/s"
        if self.total is None:
            return said
        return f"{said}, {spell_seconds(max(self.total - progress.documents, 0) / rate)} left"


def spell_seconds(seconds: float) -> str:
    """Spells a duration with the units that matter.

    >>> spell_seconds(30), spell_seconds(150), spell_seconds(7300)
    ('30 s', '2 min 30 s', '2 h 01 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


@contextmanager
def annotation_bar(
    console: Console, *, total: int | None
) -> Iterator[Callable[[RunProgress], None]]:
    """Shows a bar and yields what moves it."""
    pace = Pace(total)
    with Progress(
        TextColumn("Annotating"),
        BarColumn(),
        TextColumn("{task.fields[done]} texts"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[pace]}"),
        TextColumn("{task.fields[kept]}"),
        console=console,
    ) as bar:
        task = bar.add_task("", total=total, done="0", pace="", kept="")

        def move(progress: RunProgress) -> None:
            known = "" if total is None else f"/{total}"
            bar.update(
                task,
                completed=progress.documents,
                done=f"{progress.documents:.0f}{known}",
                pace=pace.tell(progress),
                kept=f"{progress.kept} calls kept" if progress.kept else "",
            )

        yield move
