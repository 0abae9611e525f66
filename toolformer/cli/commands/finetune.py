"""`toolformer finetune RUN… --out CKPT`: a model learns the kept calls of runs."""

import logging
import sys
from itertools import chain
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from toolformer.cli.display.console import Console, answer_console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.progress import training_bar
from toolformer.cli.display.tables import provisional_line, report_table
from toolformer.cli.settings import MIN_HELP, MIN_USED, TRUST_REMOTE_CODE, with_settings
from toolformer.cli.sharing import LICENSE, PRIVATE, PUSH_TO_HUB, open_shared, share
from toolformer.cli.stopped import AT_A_CHECKPOINT, stopped_with
from toolformer.corpus.read import read_corpus
from toolformer.errors import ConfigError, TrainingError
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.data.runs import read_run
from toolformer.finetune.processes import is_main
from toolformer.hub.cards.card import CardSettings
from toolformer.runs.directory import Run

if TYPE_CHECKING:
    from toolformer.finetune.report import FinetuneReport


@with_settings(
    FinetuneConfig,
)
def finetune(
    runs: Annotated[
        list[str],
        Argument(help="Runs of one model, by directory or URL; of one corpus or of several."),
    ],
    out: Annotated[Path, Option("--out", "--output-dir", help="Where the model goes.")],
    model: Annotated[
        str | None,
        Option(
            help="A directory (a model's or an adapter's), a Hub id, nano, or a file in GGUF. "
            "Default: the runs' own.",
            show_default=False,
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        Option(
            "--gain-threshold",
            "--threshold",
            help="τf: select anew, without the model. Default: as the runs did.",
        ),
    ] = None,
    min_used: MIN_USED = None,
    min_help: MIN_HELP = None,
    allow_peeking: Annotated[
        bool,
        Option("--allow-peeking", help="Keep calls that peek too, with --threshold or without."),
    ] = False,
    incomplete: Annotated[
        bool, Option("--incomplete", help="Train on what is there of a run that is not whole.")
    ] = False,
    mix: Annotated[
        list[str] | None,
        Option(
            help="A corpus of texts that need no tool, trained on as they are, so that a small "
            "model also learns where no call belongs. Repeatable."
        ),
    ] = None,
    *,
    settings: FinetuneConfig,
    lora: Annotated[bool, Option("--lora", help="Train an adapter.")] = False,
    qlora: Annotated[
        bool, Option("--qlora", help="The same beside 4-bit weights (needs bitsandbytes).")
    ] = False,
    bf16: Annotated[bool, Option("--bf16", help="Short for --dtype bfloat16.")] = False,
    device: Annotated[str, Option(help="auto, cpu or cuda.")] = "auto",
    trust_remote_code: TRUST_REMOTE_CODE = False,
    report_to: Annotated[
        list[str] | None,
        Option(help="tensorboard, wandb, trackio, ...: passed on to transformers. Repeatable."),
    ] = None,
    resume: Annotated[
        bool,
        Option(
            "--resume", help="Fail if there is no training in --out to resume, as is done anyway."
        ),
    ] = False,
    push_to_hub: PUSH_TO_HUB = None,
    private: PRIVATE = False,
    license_: LICENSE = None,
    as_json: Annotated[bool, Option("--json", help="Print the report as JSON.")] = False,
) -> int:
    """Tune a model on the kept calls of one or several runs, so that it calls tools by itself.

    Run the same command again after a kill: it resumes at the last checkpoint in OUT/training.
    """
    if lora and qlora:
        raise ConfigError("--lora and --qlora are two ways of one thing: choose one.")
    settings = settings.override(
        adapter="qlora" if qlora else "lora" if lora else None, dtype="bfloat16" if bf16 else None
    )
    notes = Console(stderr=True, quiet=not is_main())  # the other processes are silent
    repository = None
    if is_main():
        repository = open_shared(push_to_hub, kind="model", private=private, license_=license_)
    opened = [Run.open(path, incomplete=incomplete) for path in runs]
    for run in opened if incomplete else ():
        if lack := run.lack():
            notes.print(f"The run '{run.name}' {lack}.", markup=False, soft_wrap=True)
        if told := provisional_line(run):
            notes.print(told, markup=False, soft_wrap=True)
    selected = [
        read_run(
            run,
            threshold=threshold,
            min_used=min_used,
            min_help=min_help,
            allow_peeking=allow_peeking or None,
        )
        for run in opened
    ]
    try:
        # Its advice on faster kernels is for nobody who reads this.
        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
        with notes.status("Loading"):
            from toolformer.finetune.train import finetune as train
        with stopped_with(AT_A_CHECKPOINT), training_bar(notes) as move:
            report = train(
                selected,
                out=out,
                model=model,
                mixed=chain.from_iterable(read_corpus(each) for each in mix or ()),
                config=settings,
                device=device,
                trust_remote_code=trust_remote_code,
                report_to=report_to or (),
                resume=resume,
                on_progress=move,
            )
    except TrainingError as error:
        print(error, file=sys.stderr)
        return 1
    if is_main():
        _answer(report, out=out, as_json=as_json)
    if repository is not None:
        share(notes, out, repository, CardSettings(license=license_))
    return 0


def _answer(report: "FinetuneReport", *, out: Path, as_json: bool) -> None:
    if as_json:
        print_json({"model": str(out)} | report.to_dict())
        return
    console = answer_console()
    console.print(report_table(report))
    console.print(f"The model is in {out}: try it with", markup=False, soft_wrap=True)
    console.print(f"  toolformer infer {quote(str(out))}", markup=False, soft_wrap=True)
