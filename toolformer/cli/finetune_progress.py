"""How a training looks while it runs, and what is printed of it in the end."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from toolformer.cli.progress import spell_seconds
from toolformer.finetune.progress import TrainingStep

if TYPE_CHECKING:
    from toolformer.finetune.report import FinetuneReport

_LOG_EVERY_S = 30


def tell(step: TrainingStep) -> str:
    """Says what there is to say of a step.

    >>> tell(TrainingStep(3, 10, loss=2.5, learning_rate=3e-4, tokens_per_second=1234.5,
    ...                   seconds_left=70.0))
    'loss 2.500, rate 0.0003, 1,234 tokens/s, 1 min 10 s left'
    >>> tell(TrainingStep(0, 10))
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
def training_bar(console: Console) -> Iterator[Callable[[TrainingStep], None]]:
    """Shows a bar and a line for every dev perplexity; yields what is told of each step."""
    with Progress(
        TextColumn("Training"),
        BarColumn(),
        TextColumn("{task.fields[done]}"),
        TextColumn("{task.fields[pace]}"),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("", total=None, done="", pace="loading the model")
        told = time.monotonic()

        def move(step: TrainingStep) -> None:
            nonlocal told
            done = f"step {step.done}/{step.steps}"
            bar.update(task, total=step.steps, completed=step.done, done=done, pace=tell(step))
            if step.dev is not None:
                loss = "" if step.dev.loss is None else f", dev loss {step.dev.loss:.3f}"
                console.print(f"{done}: dev perplexity {step.dev.perplexity:.2f}{loss}")
            # A log has no bar: a line now and then takes its place.
            elif not console.is_terminal and time.monotonic() - told >= _LOG_EVERY_S:
                told = time.monotonic()
                console.print(f"{done}, {tell(step)}")

        yield move


def report_table(report: "FinetuneReport") -> Table:
    """Returns what came of a training."""
    table = Table(show_header=False, title=f"{report.base} tuned in {report.steps} steps")
    rows = {
        "texts": f"{report.texts:,} in {report.rows:,} rows",
        **{f"  with calls of {tool}": f"{n:,}" for tool, n in report.texts_per_tool.items()},
        **{f"  left out: {reason}": f"{n:,}" for reason, n in report.left_out.items()},
        "learning rate": f"{report.learning_rate:.3g}",
        "tokens": f"{report.tokens:,} at {report.machine.tokens_per_second:,.0f}/s",
        "loss": f"{report.losses[0]:.3f} → {report.losses[-1]:.3f}" if report.losses else "",
    }
    if report.dev:
        first, kept = report.dev[min(report.dev)], report.dev.get(report.kept_step)
        if kept is not None:
            rows["dev perplexity"] = f"{first.perplexity:.2f} → {kept.perplexity:.2f}"
            if first.loss is not None and kept.loss is not None:
                rows["dev loss"] = f"{first.loss:.3f} → {kept.loss:.3f}"
    rows["kept"] = f"step {report.kept_step}"
    for name, value in rows.items():
        table.add_row(name, value)
    return table
