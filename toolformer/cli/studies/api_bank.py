"""`toolformer study api-bank …`: API-Bank cleaned, learned, answered, scored, exported."""

import logging
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.table import Table
from typer import Argument, Option

from toolformer.cli.display.console import Console, answer_console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.progress import counting_bar, training_bar
from toolformer.cli.settings import DEVICE, DTYPE, MODEL_HELP, with_settings
from toolformer.cli.stopped import AT_A_CHECKPOINT, CONTINUED, stopped_with
from toolformer.errors import ConfigError
from toolformer.lm.registry import load_model
from toolformer.studies.api_bank.answers import read_answers
from toolformer.studies.api_bank.clean import CleanConfig, write_cleaned
from toolformer.studies.api_bank.clean import clean as clean_source
from toolformer.studies.api_bank.draw import draw_rows
from toolformer.studies.api_bank.export import EXPORTS, export_rows
from toolformer.studies.api_bank.predict import PredictConfig, continue_file
from toolformer.studies.api_bank.rouge import rouge_1
from toolformer.studies.api_bank.rows import ApiRow, read_rows, write_json_lines
from toolformer.studies.api_bank.scores import score_groups
from toolformer.studies.api_bank.tables import score_rows, sweep_rows
from toolformer.studies.api_bank.training import RATES, Diverged, SweepConfig, Trained, sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROWS = "Rows with prompt and completion, as `clean` writes them."
_JSON = Annotated[bool, Option("--json", help="Print the numbers as JSON.")]


@with_settings(CleanConfig)
def clean(
    source: Annotated[
        str,
        Argument(
            metavar="SRC",
            help="API-Bank's training-data or test-data, a file of it, rows with prompt and "
            "completion, or the id of a dataset on the Hub.",
        ),
    ],
    out: Annotated[Path, Option(help="A directory for train.jsonl, eval.jsonl, clean.json.")],
    *,
    config: CleanConfig,
    as_json: _JSON = False,
) -> int:
    """Turn API-Bank into rows: calls only, each once, a share held out for evaluation."""
    cleaned = clean_source(source, config)
    write_cleaned(cleaned, out, source=source, config=config)
    if as_json:
        print_json(cleaned.to_dict())
        return 0
    table = Table("rows", "count", title=f"{cleaned.records:,} records of {source}")
    for split, rows in cleaned.rows.items():
        table.add_row(split, f"{len(rows):,}")
    for reason, count in cleaned.left_out.items():
        table.add_row(f"left out: {reason}", f"{count:,}")
    answer_console().print(table)
    return 0


@with_settings(SweepConfig)
def train(
    rows: Annotated[str, Argument(metavar="ROWS", help=_ROWS)],
    model: Annotated[str, Option(help="The model to tune: a directory, a Hub id, or nano.")],
    out: Annotated[Path, Option(help="A directory, in which each rate's model has one.")],
    held_out: Annotated[
        str | None,
        Option("--eval", help="Rows by which weights are chosen and trainings stopped."),
    ] = None,
    rates: Annotated[str, Option("--lr", help="Learning rates, separated by commas.")] = ",".join(
        f"{rate:g}" for rate in RATES
    ),
    *,
    config: SweepConfig,
    device: Annotated[str, Option(help="auto, cpu or cuda.")] = "auto",
    as_json: _JSON = False,
) -> int:
    """Tune a model on the rows at each learning rate; a training that diverges is stopped.

    Run the same command again after a kill: it continues at the last checkpoint. The exit code is
    1 where a rate diverged; what the others learned is there all the same.
    """
    read = _rates(rates)
    notes = Console(stderr=True)
    if held_out is None:
        config = config.override(eval_rows=0)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # advice on faster kernels
    with stopped_with(AT_A_CHECKPOINT), training_bar(notes) as move:
        trained = sweep(
            list(read_rows(rows)),
            [] if held_out is None else list(read_rows(held_out)),
            model=model,
            rates=read,
            out=out,
            config=config,
            device=device,
            on_begin=lambda rate, folder: notes.print(f"Rate {rate:g}: {folder}"),
            on_progress=move,
        )
    _answer_sweep(trained, as_json=as_json)
    diverged = [each for each in trained if isinstance(each.report, Diverged)]
    for each in diverged:
        if isinstance(each.report, Diverged):
            print(f"At a rate of {each.rate:g}: {each.report.message}", file=sys.stderr)
    return 1 if diverged else 0


@with_settings(PredictConfig)
def predict(
    model: Annotated[str, Argument(help=MODEL_HELP)],
    rows: Annotated[str, Argument(metavar="ROWS", help=_ROWS)],
    out: Annotated[Path, Option(help="The file of answers; those it has are not made again.")],
    limit: Annotated[
        int | None, Option(min=1, help="Only so many rows, drawn by --draw. Default: all.")
    ] = None,
    draw: Annotated[int, Option(help="Random seed for --limit.")] = 0,
    *,
    config: PredictConfig,
    dtype: DTYPE = "float32",
    device: DEVICE = "auto",
) -> int:
    """Answer the rows greedily, many side by side; run the command again to continue."""
    notes = Console(stderr=True)
    chosen = draw_rows(list(read_rows(rows)), limit, seed=draw).rows
    loaded = load_model(model, dtype=dtype, device=device)
    with (
        stopped_with(CONTINUED),
        counting_bar(notes, "Answering", "rows", total=len(chosen)) as move,
    ):
        resumed = None
        for done in continue_file(out, loaded, chosen, config):
            resumed = done if resumed is None else resumed
            move(done, resumed, "")
    notes.print(f"{out} answers {len(chosen):,} rows.")
    return 0


def score(
    predictions: Annotated[
        list[str],
        Argument(
            metavar="PREDICTIONS...",
            help="Files of answers: of `predict`, or with a field predictions of several systems.",
        ),
    ],
    rows: Annotated[
        str | None, Option(help="The rows that were answered, for the query types.")
    ] = None,
    trained_on: Annotated[
        str | None,
        Option("--train", help="The rows that were trained on: which functions are seen."),
    ] = None,
    no_rouge: Annotated[
        bool, Option("--no-rouge", help="Leave ROUGE-1 out, which needs rouge-score.")
    ] = False,
    as_json: _JSON = False,
) -> int:
    """Score answers: as published, and by what a call is; with 95 % intervals.

    contained: the wanted list of calls stands in the answer; exact: it is the answer; name: so do
    the wanted names; parsed: calls can be read; equal: their names, keywords and values are the
    wanted ones, whatever their order and quotes; arg F1: pairs of keyword and value.
    """
    rouge = None if no_rouge else rouge_1()
    asked: list[ApiRow] = [] if rows is None else list(read_rows(rows))
    seen = None
    if trained_on is not None:
        seen = frozenset(name for row in read_rows(trained_on) for name in row.function_names)
    groups = {}
    for path in predictions:
        for system, answers in read_answers(path, asked).items():
            if system in groups:
                raise ConfigError(f"Two of the files answer as {system!r}: rename one of them.")
            groups[system] = score_groups(answers, seen=seen, rouge=rouge)
    if as_json:
        print_json(
            {
                system: {group.name: group.to_dict() for group in found}
                for system, found in groups.items()
            }
        )
        return 0
    _print_table(*score_rows(groups))
    _print_table(*score_rows(groups, intervals=True), title="95 % intervals")
    return 0


def export(
    rows: Annotated[str, Argument(metavar="ROWS", help=_ROWS)],
    out: Annotated[Path, Option(help="The file of JSON lines.")],
    kind: Annotated[
        str, Option("--format", help=f"What a row is: {', '.join(EXPORTS)}.")
    ] = "messages",
) -> int:
    """Write the rows so that others train on them: TRL, or OpenAI's interface."""
    left_out: Counter[str] = Counter()
    form = next((each for each in EXPORTS if each == kind), None)
    if form is None:
        raise ConfigError(f"--format is one of {', '.join(EXPORTS)}, not {kind!r}.")
    count = write_json_lines(out, export_rows(read_rows(rows), form, left_out=left_out))
    without = ", ".join(f"{number:,}: {reason}" for reason, number in left_out.items())
    Console(stderr=True).print(
        f"{count:,} rows in '{out}'." + (f" Left out: {without}." if without else "")
    )
    return 0


ACTIONS = {"clean": clean, "train": train, "predict": predict, "score": score, "export": export}


def _rates(text: str) -> list[float]:
    try:
        return [float(each) for each in text.split(",")]
    except ValueError:
        raise ConfigError(
            f"--lr {text!r} is not a list of numbers: write it as in --lr 2e-4,4e-4,2e-3."
        ) from None


def _answer_sweep(trained: "Sequence[Trained]", *, as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {"rate": each.rate, "model": str(each.folder)}
                | (
                    {"diverged": each.report.message}
                    if isinstance(each.report, Diverged)
                    else each.report.to_dict()
                )
                for each in trained
            ]
        )
        return
    _print_table(*sweep_rows(trained))


def _print_table(
    header: "Sequence[str]", lines: "Sequence[Sequence[str]]", *, title: str | None = None
) -> None:
    table = Table(*header, title=title)
    for line in lines:
        table.add_row(*line)
    answer_console().print(table)
