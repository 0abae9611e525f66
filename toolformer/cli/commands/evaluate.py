"""`toolformer evaluate`: what a tuned model is worth beside its base and a control."""

import gc
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Annotated

from typer import Argument, Option

from toolformer.cli.display.console import Console, answer_console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.progress import evaluation_bar
from toolformer.cli.display.tables import draw_table
from toolformer.cli.display.trials import Show, print_note, show_trials
from toolformer.cli.settings import DEVICE, MODEL_HELP, TRUST_REMOTE_CODE, with_settings
from toolformer.cli.stopped import stopped_with
from toolformer.dates import read_date
from toolformer.errors import ConfigError
from toolformer.evaluate import EvaluateConfig, Results, load_tasks
from toolformer.evaluate import evaluate as evaluate_arms
from toolformer.evaluate.compare.choose import Comparison, choose_arms
from toolformer.evaluate.registry import DOOR as TASKS
from toolformer.evaluate.tables import tables
from toolformer.lm.base import LanguageModel
from toolformer.lm.registry import load_model

_SHOWN = 12


def _read_ks(texts: Sequence[str]) -> tuple[int, ...]:
    """Reads `--k`.

    >>> _read_ks(["0,1, 10", "3"])
    (0, 1, 10, 3)
    """
    text = ",".join(texts)
    try:
        return tuple(int(each) for each in text.split(","))
    except ValueError:
        raise ConfigError(f"--k is {text!r}: write a number, or several as in 0,1,3,10.") from None


@with_settings(
    EvaluateConfig,
    names={"ks": ["--k"], "max_streams": ["--streams", "--batch"]},
    read={"ks": _read_ks, "today": read_date},
)
def evaluate(
    ckpt: Annotated[
        str | None,
        Argument(help=f"The tuned model. {MODEL_HELP}"),
    ] = None,
    task: Annotated[
        list[str] | None,
        Option(
            help="steps:path=FILE  gsm8k:path=FILE  lama:triples=FILE,templates=FILE  "
            "math:path=FILE  dates  arithmetic  "
            "date-understanding:path=FILE  perplexity:path=FILE  restraint:path=FILE. Repeatable.",
            show_default=False,
        ),
    ] = None,
    base: Annotated[
        str | None, Option(help="What CKPT was tuned from. Default: what its sidecar says.")
    ] = None,
    no_base: Annotated[bool, Option("--no-base", help="Leave the base model out.")] = False,
    control: Annotated[
        str | None, Option(help="A model tuned on the same texts without calls.")
    ] = None,
    column: Annotated[
        list[str] | None,
        Option(
            help="NAME=CKPT: a further model with tools live. With --show: a column to show. "
            "Repeatable.",
            show_default=False,
        ),
    ] = None,
    tool: Annotated[
        list[str] | None,
        Option(help="Tools for all columns. Default: CKPT's. Repeatable.", show_default=False),
    ] = None,
    trust_tools: Annotated[
        bool,
        Option(
            "--trust-tools",
            help="Load whatever tools and base the models' files name: code of others too, and "
            "tools that open paths.",
        ),
    ] = False,
    *,
    config: EvaluateConfig,
    out: Annotated[
        Path, Option(help="Where results and trials go; what is there is not measured again.")
    ] = Path("evaluation"),
    show: Annotated[
        Show | None,
        Option(
            help="Print such trials of the evaluation in --out: --limit of each task, or 12.",
            show_default=False,
        ),
    ] = None,
    device: DEVICE = "auto",
    trust_remote_code: TRUST_REMOTE_CODE = False,
    as_json: Annotated[bool, Option("--json", help="Print JSON instead of tables.")] = False,
) -> int:
    """Measure a tuned model by tasks: beside its base, a control, and itself with calls disabled.

    Calls and what tools say are taken out of an output before it is judged.
    """
    if show is not None:
        return show_trials(
            out,
            show,
            tasks=task or [],
            columns=column or [],
            k=max(config.ks) if "ks" in config.model_fields_set else None,
            limit=config.limit or _SHOWN,
            as_json=as_json,
        )
    if ckpt is None:
        raise ConfigError("Name the model: toolformer evaluate CKPT --task arithmetic.")
    if not task:
        raise ConfigError(f"Name a task: --task arithmetic. Available: {', '.join(TASKS.names())}.")
    chosen = choose_arms(
        Comparison(
            model=ckpt,
            base=base,
            without_base=no_base,
            control=control,
            others=column or [],
            tools=tool or [],
            are_tools_trusted=trust_tools,
        )
    )
    for sentence in chosen.assumed:
        print_note(sentence)
    tasks = load_tasks(task)
    with (
        stopped_with(f"Run the same command again: {out} keeps what was measured."),
        evaluation_bar(Console(stderr=True)) as move,
    ):
        results = evaluate_arms(
            tasks,
            chosen.arms,
            out=out,
            config=config,
            load=lambda name: _load(
                name,
                dtype=config.dtype,
                device=device,
                trust_remote_code=trust_remote_code,
            ),
            on_progress=move,
        )
    missed = sum(cell.counts.unavailable for cell in results.cells if cell.counts is not None)
    if missed:
        print_note(
            f"Tools could not be reached in {missed:,} call{'s' * (missed != 1)}. Run the same "
            "command again: it measures what has such calls again."
        )
    return _print(results, out, as_json=as_json)


def _load(name: str, *, dtype: str, device: str, trust_remote_code: bool) -> LanguageModel:
    """Loads a model into the room of the one before it."""
    gc.collect()  # a network's parts know one another
    return load_model(name, dtype=dtype, device=device, trust_remote_code=trust_remote_code)


def _print(results: Results, out: Path, *, as_json: bool) -> int:
    if as_json:
        print_json(results.to_dict())
        return 0
    console = answer_console()
    for each in tables(results):
        console.print(draw_table(each))
        console.print()
    console.print(f"All numbers: {out}/results.json. What was answered wrongly:")
    console.print(f"  toolformer evaluate --show wrong --out {quote(str(out))}")
    return 0
