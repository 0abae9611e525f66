"""`toolformer pretrain CONFIG`: train a small causal language model from scratch."""

import json
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from toolformer.cli.display.console import answer_console
from toolformer.cli.display.progress import spell_seconds
from toolformer.cli.settings import SETS, read_settings

_LOG_EVERY_S = 30

if TYPE_CHECKING:
    from toolformer.pretrain.progress import Step


def pretrain(
    config: Annotated[Path, typer.Argument(help="A YAML file: mixture, model, schedule.")],
    out: Annotated[Path, typer.Option("--out", "--output-dir", help="Where the model goes.")],
    set_: SETS = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto for what is there.")] = "auto",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the perplexities as JSON.")
    ] = False,
) -> None:
    """Trains a tokenizer and a Llama-architecture model on local corpora and generators.

    After a kill the same command continues from the last checkpoint, in OUT/checkpoint.
    """
    from toolformer.pretrain.config import PretrainConfig
    from toolformer.pretrain.train import pretrain as train

    settings = read_settings(PretrainConfig, config, sets=set_ or [])
    messages = Console(stderr=True)
    with Progress(
        TextColumn("Training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
        console=messages,
    ) as bar:
        task = bar.add_task("", total=settings.steps, pace="drawing the first batch")

        told = time.monotonic()

        def show(step: "Step") -> None:
            nonlocal told
            bar.update(task, completed=step.done, pace=tell(step))
            # A log has no bar: a line now and then takes its place.
            if not messages.is_terminal and time.monotonic() - told >= _LOG_EVERY_S:
                told = time.monotonic()
                messages.print(f"step {step.done}/{settings.steps}, {tell(step)}")

        perplexities = train(
            settings, folder=config.resolve().parent, out=out, device=device, on_step=show
        )
    if as_json:
        print(json.dumps(perplexities))
        return
    table = Table("source", "held-out perplexity", title=f"{settings.steps} steps")
    for name, perplexity in perplexities.items():
        table.add_row(name, f"{perplexity:.2f}")
    answer_console().print(table)
    messages.print(f"The model is in {out}: toolformer annotate --model {out}")


def tell(step: "Step") -> str:
    """Spells the loss, the speed, and the time left once it is known."""
    if math.isinf(step.seconds_left):
        return f"loss {step.loss:.3f}"
    return (
        f"loss {step.loss:.3f}, {step.tokens_per_second:,.0f} tokens/s, "
        f"{spell_seconds(step.seconds_left)} left"
    )
