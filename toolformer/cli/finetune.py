"""`toolformer finetune RUN… --out CKPT`: a model learns the kept calls of runs."""

import json
import logging
import os
import sys
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.console import Console
from typer import Argument, Option

from toolformer.cli.display.console import answer_console
from toolformer.cli.display.progress import training_bar
from toolformer.cli.display.tables import report_table
from toolformer.config import read_yaml
from toolformer.corpus.read import read_corpus
from toolformer.errors import ConfigError, TrainingError
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.runs import read_run
from toolformer.runs.directory import Run

if TYPE_CHECKING:
    from toolformer.finetune.report import FinetuneReport


class Keep(StrEnum):
    """By what the kept weights are chosen."""

    LOSS = "loss"
    PERPLEXITY = "perplexity"
    LAST = "last"


class Dtype(StrEnum):
    """What is computed in."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


def finetune(
    runs: Annotated[list[Path], Argument(help="Runs of one model; of one corpus or of several.")],
    out: Annotated[Path, Option("--out", "--output-dir", help="Where the model goes.")],
    model: Annotated[
        str | None,
        Option(help="A directory or a Hub id. Default: the runs' own.", show_default=False),
    ] = None,
    threshold: Annotated[
        float | None, Option(help="τf: select anew, without the model. Default: as the runs did.")
    ] = None,
    allow_peeking: Annotated[
        bool, Option("--allow-peeking", help="With --threshold or without: keep such calls too.")
    ] = False,
    max_per_tool: Annotated[
        int | None, Option(help="Texts with calls of one tool, drawn at random. Default: 25000.")
    ] = None,
    plain_texts: Annotated[
        str | None,
        Option(help="So many of the texts that kept no call, or 'all', as they are. Default: 0."),
    ] = None,
    mix: Annotated[
        list[str] | None,
        Option(
            help="A corpus of texts that need no tool, trained on as they are, so that a small "
            "model also learns where no call belongs. Repeatable."
        ),
    ] = None,
    plain: Annotated[
        bool, Option("--plain", help="The same texts without their calls: the control.")
    ] = False,
    loss_on_output: Annotated[
        bool, Option("--loss-on-output", help="Learn the tools' outputs too, as the paper does.")
    ] = False,
    lora: Annotated[bool, Option("--lora", help="Train an adapter (needs peft).")] = False,
    qlora: Annotated[
        bool, Option("--qlora", help="... beside 4-bit weights (needs peft and bitsandbytes).")
    ] = False,
    epochs: Annotated[float | None, Option(help="Times each text is seen. Default: 3.")] = None,
    steps: Annotated[int | None, Option(help="Instead of epochs: exactly so many.")] = None,
    batch_size: Annotated[
        int | None, Option(help="Rows a step. Default: 128, fewer for few texts.")
    ] = None,
    device_rows: Annotated[
        int | None, Option(help="Of these, rows at a time. Default: what fits.")
    ] = None,
    learning_rate: Annotated[
        float | None, Option(help="Default: 1e-5 · √(6.7e9 / parameters); ten times that for LoRA.")
    ] = None,
    max_length: Annotated[
        int | None, Option(help="Tokens of a row; longer texts are cut. Default: 1024.")
    ] = None,
    dev_texts: Annotated[
        int | None, Option(help="Held out; a tenth of the texts at most. Default: 1000.")
    ] = None,
    evaluate_every: Annotated[
        int | None, Option(help="Steps between two looks at the dev perplexity. Default: a tenth.")
    ] = None,
    keep: Annotated[
        Keep | None,
        Option(
            help="Which weights: lowest loss on held-out texts with their calls, lowest perplexity "
            "of them without (the paper), or the last. Default: loss.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int | None, Option(help="Another seed draws other texts and batches.")] = None,
    dtype: Annotated[Dtype | None, Option(help="Of the arithmetic.", show_default=False)] = None,
    bf16: Annotated[bool, Option("--bf16", help="Short for --dtype bfloat16.")] = False,
    device: Annotated[str, Option(help="auto, cpu or cuda.")] = "auto",
    config: Annotated[
        Path | None, Option(help="A YAML file of settings; flags go before it.")
    ] = None,
    report_to: Annotated[
        list[str] | None,
        Option(help="tensorboard, wandb, trackio, ...: passed on to transformers. Repeatable."),
    ] = None,
    resume: Annotated[
        bool,
        Option("--resume", help="Go on with --out, which is done anyway; fail if there is none."),
    ] = False,
    as_json: Annotated[bool, Option("--json", help="Print the report as JSON.")] = False,
) -> int:
    """Tune a model on the kept calls of one or several runs, so that it calls tools by itself.

    Run the same command again after a kill: it goes on from the last checkpoint in OUT/training.
    """
    if lora and qlora:
        raise ConfigError("--lora and --qlora are two ways of one thing: choose one.")
    settings = read_settings(
        config,
        {
            "max_per_tool": max_per_tool,
            "plain_texts": plain_texts,
            "plain": plain or None,
            "loss_on_output": loss_on_output or None,
            "adapter": "qlora" if qlora else "lora" if lora else None,
            "epochs": epochs,
            "steps": steps,
            "batch_size": batch_size,
            "device_rows": device_rows,
            "learning_rate": learning_rate,
            "max_length": max_length,
            "dev_texts": dev_texts,
            "evaluate_every": evaluate_every,
            "keep": None if keep is None else keep.value,
            "seed": seed,
            "dtype": "bfloat16" if bf16 else None if dtype is None else dtype.value,
        },
    )
    is_main = os.environ.get("RANK", "0") == "0"  # under `accelerate launch` the others are silent
    notes = Console(stderr=True, quiet=not is_main)
    opened = [Run.open(path) for path in runs]
    for run in opened:
        if not run.is_complete:
            notes.print(
                f"'{run.path}' is not finished: its {len(run.shards())} whole shards are used.",
                markup=False,
            )
    selected = [
        read_run(run, threshold=threshold, allow_peeking=allow_peeking or None) for run in opened
    ]
    try:
        # Its advice on faster kernels is for nobody who reads this.
        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
        with notes.status("Loading"):
            from toolformer.finetune.train import finetune as train
        with training_bar(notes) as move:
            report = train(
                selected,
                out=out,
                model=model,
                mixed=chain.from_iterable(read_corpus(each) for each in mix or ()),
                config=settings,
                device=device,
                report_to=report_to or (),
                resume=resume,
                on_progress=move,
            )
    except TrainingError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        notes.print("Stopped. Run the same command again to go on from the last checkpoint.")
        return 130
    if is_main:
        _answer(report, out=out, as_json=as_json)
    return 0


def read_settings(path: Path | None, flags: dict[str, Any]) -> FinetuneConfig:
    """Returns the settings of a YAML file with the flags that were given over them.

    Raises:
        ConfigError: a setting is unknown or has a value it may not have.
    """
    values = {} if path is None else read_yaml(path)
    values |= {name: value for name, value in flags.items() if value is not None}
    plain_texts = values.get("plain_texts")
    if isinstance(plain_texts, str) and plain_texts.isdecimal():
        values["plain_texts"] = int(plain_texts)
    return FinetuneConfig(**values)


def _answer(report: "FinetuneReport", *, out: Path, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"model": str(out)} | report.to_dict()))
        return
    console = answer_console()
    console.print(report_table(report))
    console.print(f"The model is in {out}: try it with", markup=False, soft_wrap=True)
    console.print(f"  toolformer infer {out}", markup=False, soft_wrap=True)
