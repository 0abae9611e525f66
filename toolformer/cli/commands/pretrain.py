"""`toolformer pretrain CONFIG`: train a small causal language model from scratch."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from toolformer.cli.display.console import Console, answer_console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.progress import training_bar
from toolformer.cli.settings import SETS, read_settings
from toolformer.finetune.training.steps import TrainingStep


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
    first = "drawing the first batch"
    with training_bar(messages, steps=settings.steps, first=first, transient=False) as move:
        perplexities = train(
            settings,
            folder=config.resolve().parent,
            out=out,
            device=device,
            on_step=lambda step: move(TrainingStep(steps=settings.steps, **asdict(step))),
        )
    if as_json:
        print_json(perplexities)
        return
    table = Table("source", "held-out perplexity", title=f"{settings.steps} steps")
    for name, perplexity in perplexities.items():
        table.add_row(name, f"{perplexity:.2f}")
    answer_console().print(table)
    messages.print(f"The model is in {out}: toolformer annotate --model {out}")
