"""`toolformer study in-tool ACTION`: facts in the weights of a model, or behind a tool."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from rich.table import Table
from typer import Argument, Option

from toolformer.assets import SAMPLE_CORPUS, asset
from toolformer.cli.display.console import Console, answer_console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.progress import training_bar
from toolformer.cli.display.tables import draw_table
from toolformer.cli.settings import DEVICE, SETS, read_settings, with_settings
from toolformer.cli.stopped import AT_A_CHECKPOINT, stopped_with
from toolformer.errors import RunError
from toolformer.evaluate.metric import wilson
from toolformer.evaluate.tables import markdown_of
from toolformer.files import write_whole
from toolformer.finetune.training.steps import TrainingStep
from toolformer.studies.in_tool.data.biographies import biographies as written_biographies
from toolformer.studies.in_tool.data.files import (
    write_biographies,
    write_database,
    write_people,
    write_questions,
)
from toolformer.studies.in_tool.data.people import Person, make_people
from toolformer.studies.in_tool.data.questions import Mode, questions_about
from toolformer.studies.in_tool.experiment.grid import GridConfig
from toolformer.studies.in_tool.experiment.one import DATABASE, train_one
from toolformer.studies.in_tool.experiment.results import read_sweep
from toolformer.studies.in_tool.experiment.sweep import SweepStep
from toolformer.studies.in_tool.experiment.sweep import sweep as run_sweep
from toolformer.studies.in_tool.forgetting.config import ForgetConfig
from toolformer.studies.in_tool.recall.asking import Recall
from toolformer.studies.in_tool.reporting.plots import plot
from toolformer.studies.in_tool.reporting.tables import sweep_tables
from toolformer.studies.in_tool.training.config import TrainConfig

_NUM = Annotated[int, Option("--num", help="People, up to 169,556.")]
_SEED = Annotated[int, Option(help="Random seed: the same seed gives the same bytes.")]
_ALPHA = Annotated[
    float, Option(help="Probability that a fact is the person's own; else the last name decides.")
]
_UNSEEN = Annotated[
    bool, Option("--unseen", help="People whose first names are in no training (out of it).")
]
_OUT = Annotated[Path, Option("--out", help="The file to write.")]
_DIRECTORY = Annotated[Path, Option("--out", "--output-dir", help="The directory to write.")]
_JSON = Annotated[bool, Option("--json", help="Print what came of it as JSON.")]


def people(
    out: _OUT, num: _NUM = 1000, seed: _SEED = 0, alpha: _ALPHA = 1.0, unseen: _UNSEEN = False
) -> None:
    """Write people who do not exist: names, birth date, birth place, address, occupation."""
    write_people(out, _people(num, seed, alpha, unseen))
    _tell(out, num)


def biographies(
    out: _OUT, num: _NUM = 1000, seed: _SEED = 0, alpha: _ALPHA = 1.0, unseen: _UNSEEN = False
) -> None:
    """Write a short biography of each person, as a corpus in JSON lines."""
    write_biographies(out, written_biographies(_people(num, seed, alpha, unseen), seed=seed))
    _tell(out, num)


def qa(
    out: _OUT,
    num: _NUM = 1000,
    tool_use: Annotated[
        bool, Option("--tool-use", help="Put a call to the database in front of each answer.")
    ] = False,
    seed: _SEED = 0,
    alpha: _ALPHA = 1.0,
    unseen: _UNSEEN = False,
) -> None:
    """Write four questions a person with their answers, in JSON lines."""
    asked = questions_about(_people(num, seed, alpha, unseen))
    write_questions(out, asked, mode=Mode.TOOL if tool_use else Mode.WEIGHT)
    _tell(out, num)


def database(
    out: _OUT, num: _NUM = 1000, seed: _SEED = 0, alpha: _ALPHA = 1.0, unseen: _UNSEEN = False
) -> None:
    """Write the facts as a SQLite file that the tool database:path=FILE reads."""
    write_database(out, _people(num, seed, alpha, unseen))
    _tell(out, num)


@with_settings(TrainConfig)
def train(
    settings: TrainConfig, out: _DIRECTORY, device: DEVICE = "auto", as_json: _JSON = False
) -> int:
    """Train one small model on facts, in its weights or by the tool, and ask it.

    After a kill the same command continues from the last checkpoint, in OUT/checkpoint.
    """
    notes = Console(stderr=True)
    bar = training_bar(notes, steps=settings.steps, first="the first step")
    with stopped_with(AT_A_CHECKPOINT), bar as move:
        measured = train_one(
            settings,
            out=out,
            device=device,
            on_step=lambda each: move(
                TrainingStep(
                    each.done,
                    settings.steps,
                    loss=each.losses[0],
                    learning_rate=settings.rate_at(each.done - 1),
                )
            ),
        )
    if as_json:
        print_json(measured.to_dict())
        return 0
    table = Table("asked about", "questions", "recall", "95 % interval")
    for name, each in (
        ("people it was trained on", measured.seen),
        ("strangers", measured.unseen),
        ("the former, database edited", measured.edited),
    ):
        table.add_row(name, f"{each.asked:,}", *_spelled(each))
    answer_console().print(table)
    where = f" --tool database:path={out / DATABASE}" if settings.mode is Mode.TOOL else ""
    notes.print(f"The model is in {out}: toolformer infer {out}{where}")
    return 0


def sweep(
    grid: Annotated[Path, Argument(help="A YAML file: facts, widths, modes, seeds, schedule.")],
    out: Annotated[Path, Option("--out", help="The CSV file, a line a model.")],
    set_: SETS = None,
    device: DEVICE = "auto",
) -> int:
    """Train and ask a grid of models, many at once as one batched program.

    After a kill the same command continues from the last checkpoint of the stack it was at.
    """
    settings = read_settings(GridConfig, grid, sets=set_ or [])
    notes = Console(stderr=True)
    with stopped_with(AT_A_CHECKPOINT), training_bar(notes, first="the first step") as move:

        def show(told: SweepStep) -> None:
            losses = told.step.losses
            steps = told.steps
            done = told.step.done
            mean = sum(losses) / len(losses)
            move(TrainingStep(told.stack * steps + done, told.stacks * steps, loss=mean))

        rows = run_sweep(settings, out=out, device=device, on_step=show)
    answer_console().print(f"{len(rows):,} models in {out}: toolformer study in-tool report {out}")
    return 0


def report(
    results: Annotated[Path, Argument(help="The CSV file of a sweep.")],
    out: Annotated[
        Path | None, Option("--out", help="A directory for report.md and the figures.")
    ] = None,
    markdown: Annotated[bool, Option("--markdown", help="Print the tables as Markdown.")] = False,
) -> int:
    """Print what a sweep comes to, beside the published values; write tables and figures."""
    rows = read_sweep(results)
    if not rows:
        raise RunError(f"'{results}' holds no model yet: run the sweep to its end.")
    tables = list(sweep_tables(rows))
    written = "\n\n".join(markdown_of(each) for each in tables)
    if out is not None:
        figures = plot(rows, out)
        images = "\n\n".join(f"![{each.stem}]({each.name})" for each in figures)
        write_whole(out / "report.md", f"{written}\n\n{images}\n")
    if markdown:
        print(written)
        return 0
    console = answer_console()
    for each in tables:
        console.print(draw_table(each))
        console.print()
    return 0


@with_settings(ForgetConfig)
def forget(
    settings: ForgetConfig,
    out: _DIRECTORY,
    corpus: Annotated[
        str | None, Option(help="Held-out texts; the embedded sample corpus unless given.")
    ] = None,
    device: DEVICE = "auto",
    as_json: _JSON = False,
) -> int:
    """Teach a pretrained model facts, in its weights or by the tool; measure what it forgets."""
    from toolformer.studies.in_tool.forgetting.forget import forget as run

    notes = Console(stderr=True)
    with stopped_with(AT_A_CHECKPOINT), training_bar(notes) as move:
        found = run(settings, _texts(corpus), out=out, device=device, on_progress=move)
    if as_json:
        print_json(found.to_dict())
        return 0
    table = Table("", "pretrained", "taught")
    table.add_row("recall", "–", " ".join(_spelled(found.recall)))
    table.add_row("total variation", "0", f"{found.total_variation:.3f}")
    before, after = f"{found.perplexity_before:.2f}", f"{found.perplexity_after:.2f}"
    table.add_row("held-out perplexity", before, after)
    chosen = (found.chosen_before, found.chosen_after)
    table.add_row(f"right of {found.choices} choices", *map(str, chosen))
    answer_console().print(table)
    return 0


ACTIONS = {
    "people": people,
    "biographies": biographies,
    "qa": qa,
    "database": database,
    "train": train,
    "sweep": sweep,
    "report": report,
    "forget": forget,
}


def _people(num: int, seed: int, alpha: float, unseen: bool) -> Iterator[Person]:
    return make_people(num, seed=seed, alpha=alpha, unseen=unseen)


def _tell(out: Path, num: int) -> None:
    Console(stderr=True).print(f"{num:,} people in {out}")


def _texts(corpus: str | None) -> Iterator[str]:
    from toolformer.corpus import read_corpus

    source = asset(SAMPLE_CORPUS) if corpus is None else corpus
    return (document.text for document in read_corpus(source))


def _spelled(recall: Recall) -> tuple[str, str]:
    low, high = wilson(recall.right, recall.asked)
    return (f"{recall.share:.3f}" if recall.asked else "–", f"{low:.3f} to {high:.3f}")
