"""Bars on stderr: how much is done, how fast, and how long the rest will take."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from toolformer.cli.display.tables import spell_perplexity
from toolformer.evaluate import CellProgress
from toolformer.evaluate.results import cell_name
from toolformer.finetune.training.steps import TrainingStep

_LOG_EVERY_S = 30


@dataclass(slots=True)
class Pace:
    """How fast things are done, and how long the rest will take.

    >>> ticks = iter([0.0, 10.0, 20.0])
    >>> pace = Pace("texts", total=100, clock=lambda: next(ticks))
    >>> pace.tell(40, resumed=20), pace.tell(21, resumed=20)
    ('2.0 texts/s, 30 s left', '20.0 s/text, 26 min 20 s left')
    """

    unit: str  # in the plural
    total: float | None = None  # None: not known
    clock: Callable[[], float] = time.monotonic
    start: float = field(init=False)

    def __post_init__(self) -> None:
        """Starts the clock."""
        self.start = self.clock()

    @property
    def seconds(self) -> float:
        """How long ago it was started."""
        return self.clock() - self.start

    def tell(
        self, done: float, *, resumed: float = 0, share: tuple[float, float] | None = None
    ) -> str:
        """Returns the rate, and the time left where the total is known.

        Args:
            done: how much is done.
            resumed: how much of it an earlier try did, which tells no speed.
            share: of all the work, how much is done, and was by an earlier try, where things
                differ in how long they take; by their number when None.
        """
        seconds = self.seconds
        if done <= resumed or seconds <= 0:
            return ""
        rate = (done - resumed) / seconds
        said = f"{rate:.1f} {self.unit}/s" if rate >= 1 else f"{1 / rate:.1f} s/{self.unit[:-1]}"
        if self.total is None:
            return said
        if share is None:
            share = (done / self.total, resumed / self.total)
        now, before = share
        if now <= before:
            return said
        left = max(1 - now, 0) * seconds / (now - before)
        # Nothing is left only when all is done.
        return f"{said}, {spell_seconds(left if done >= self.total else max(left, 1))} left"


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


def spell_workers(workers: int | None) -> str:
    """Spells how many workers there are; an empty text where there are none to speak of.

    >>> spell_workers(1), spell_workers(8), spell_workers(None)
    ('1 worker', '8 workers', '')
    """
    return "" if workers is None else f"{workers} worker{'' if workers == 1 else 's'}"


class MoveBar(Protocol):
    """Moves a bar."""

    def __call__(
        self, done: float, resumed: int, said: str, share: tuple[float, float] | None = None
    ) -> None:
        """Takes what `Pace.tell` takes, and what else is to be said."""


@contextmanager
def counting_bar(
    console: Console, title: str, unit: str, *, total: int | None, done: int = 0
) -> Iterator[MoveBar]:
    """Shows a bar with rate and time left, and yields what moves it."""
    pace = Pace(unit, total)
    known = "" if total is None else f"/{total}"
    with Progress(
        TextColumn(title),
        BarColumn(),
        TextColumn(f"{{task.fields[whole]}}{known} {unit}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[pace]}"),
        TextColumn("{task.fields[said]}"),
        console=console,
    ) as bar:
        task = bar.add_task("", total=total, completed=done, whole=done, pace="", said="")

        def move(
            done: float, resumed: int, said: str, share: tuple[float, float] | None = None
        ) -> None:
            bar.update(
                task,
                completed=done if share is None or total is None else share[0] * total,
                whole=math.floor(done),  # what is not done is not counted as done
                pace=pace.tell(done, resumed=resumed, share=share),
                said=said,
            )

        yield move


def spell_step(step: TrainingStep) -> str:
    """Spells a step of a training.

    >>> spell_step(TrainingStep(3, 10, loss=2.5, learning_rate=3e-4, tokens_per_second=1234.5,
    ...                   seconds_left=70.0))
    'loss 2.500, rate 0.0003, 1,234 tokens/s, 1 min 10 s left'
    >>> spell_step(TrainingStep(0, 10))
    ''
    """
    said = []
    if step.loss is not None:
        said.append(f"loss {step.loss:.3f}")
    if step.learning_rate is not None:
        said.append(f"rate {step.learning_rate:.3g}")
    if step.tokens_per_second:
        said.append(f"{step.tokens_per_second:,.0f} tokens/s")
    if math.isfinite(step.seconds_left):
        said.append(f"{spell_seconds(step.seconds_left)} left")
    return ", ".join(said)


@contextmanager
def training_bar(
    console: Console,
    *,
    steps: int | None = None,
    first: str = "loading the model",
    transient: bool = True,
) -> Iterator[Callable[[TrainingStep], None]]:
    """Shows a bar and a line for every dev perplexity; yields what is called with each step.

    Args:
        console: where it is shown.
        steps: how many there are, where that is known before the first.
        first: what is done before the first step.
        transient: whether the bar disappears at the end.
    """
    with Progress(
        TextColumn("Training"),
        BarColumn(),
        TextColumn("{task.fields[done]}"),
        TextColumn("{task.fields[pace]}"),
        console=console,
        transient=transient,
    ) as bar:
        done = "" if steps is None else f"step 0/{steps}"
        task = bar.add_task("", total=steps, done=done, pace=first)
        told = time.monotonic()

        def move(step: TrainingStep) -> None:
            nonlocal told
            done = f"step {step.done}/{step.steps}"
            bar.update(
                task, total=step.steps, completed=step.done, done=done, pace=spell_step(step)
            )
            if step.dev is not None:
                said = []
                if step.dev.perplexity is not None:
                    said.append(f"dev perplexity {spell_perplexity(step.dev.perplexity)}")
                if step.dev.loss is not None:
                    said.append(f"dev loss {step.dev.loss:.3f}")
                console.print(f"{done}: {', '.join(said)}")
            # A log has no bar: a line now and then takes its place.
            elif not console.is_terminal and time.monotonic() - told >= _LOG_EVERY_S:
                told = time.monotonic()
                console.print(f"{done}, {spell_step(step)}")

        yield move


@contextmanager
def evaluation_bar(console: Console) -> Iterator[Callable[[CellProgress], None]]:
    """Shows a bar and yields what moves it."""
    pace = Pace("inputs")
    with Progress(
        TextColumn("{task.fields[cell]}", markup=False),
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
            name = cell_name(progress.task, progress.arm, progress.k)
            if progress.done == 0:
                pace = Pace("inputs", progress.total)
                bar.reset(task, total=progress.total)
            bar.update(task, completed=progress.done, cell=name, pace=pace.tell(progress.done))
            if progress.done == progress.total:
                said = f"{name}: {progress.total:,} inputs in {spell_seconds(pace.seconds)}."
                console.print(said)

        yield move
