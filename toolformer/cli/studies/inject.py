"""`toolformer study inject ACTION`: make facts, train with them, ask for them, compare."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from rich.table import Table
from typer import Argument, Option

from toolformer.cli.display.console import Console, answer_console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.progress import training_bar
from toolformer.cli.settings import DEVICE, SETS, read_settings
from toolformer.cli.stopped import AT_A_CHECKPOINT, stopped_with
from toolformer.errors import ConfigError
from toolformer.evaluate.tables import TableText
from toolformer.files import write_whole
from toolformer.finetune.training.steps import TrainingStep
from toolformer.report.figures import check_extra
from toolformer.studies.curves import Panel, draw_lines
from toolformer.studies.inject.data.facts import Group, Kind
from toolformer.studies.inject.tracking import Tracked

_TRAINING = Annotated[Path, Argument(help="A directory that train wrote.")]
_EVALUATION = Annotated[Path, Argument(help="A directory that evaluate wrote.")]
_JSON = Annotated[bool, Option("--json", help="Print the numbers as JSON.")]
_FACTS = Annotated[Path, Option("--facts", help="The directory that make wrote.")]


def make(
    out: Annotated[Path, Option("--out", "--output-dir", help="Where the facts go.")],
    facts: Annotated[int, Option(min=0, help="Facts that can be injected.")] = 800,
    types: Annotated[int, Option(help="Types of facts, 2 to 8; a person has one of each.")] = 8,
    control: Annotated[int, Option(min=0, help="Facts that are asked, never injected.")] = 800,
    others: Annotated[
        int, Option(min=0, help="Facts about further people, by which a tool's use is learned.")
    ] = 2400,
    seed: Annotated[int, Option(help="Random seed.")] = 0,
) -> None:
    """Make facts about made-up people, and the items that ask for them, as JSON lines.

    Each fact is asked in its own words, in these reordered, in other words, and together with a
    second fact. The same seed makes the same bytes.
    """
    from toolformer.studies.inject.data.files import make as make_facts

    made = make_facts(out, facts=facts, control=control, others=others, types=types, seed=seed)
    table = Table("facts", "number", "items", title=str(out))
    for group in Group:
        count = sum(fact.group is group for fact in made.facts)
        asked = sum(item.group is group for item in made.items)
        table.add_row(group.value, f"{count:,}", f"{asked:,}")
    answer_console().print(table)


def train(
    config: Annotated[Path, Argument(help="A YAML file: model, dataset, training, injection.")],
    out: Annotated[Path, Option("--out", "--output-dir", help="Where everything goes.")],
    set_: SETS = None,
    device: DEVICE = "auto",
) -> None:
    """Train a small model from scratch with the facts among its texts.

    After a kill the same command continues. OUT/tracking.svg shows how the facts are recalled
    meanwhile, if matplotlib is installed.
    """
    from toolformer.studies.inject.config import InjectConfig, read_with_defaults
    from toolformer.studies.inject.training import train as train_with_facts

    settings = read_settings(InjectConfig, config, sets=set_ or [], read=read_with_defaults)
    steps = settings.training.steps
    notes = Console(stderr=True)
    bar = training_bar(notes, steps=steps, first="reading the texts", transient=False)
    with stopped_with(AT_A_CHECKPOINT), bar as move:
        train_with_facts(
            settings,
            folder=config.resolve().parent,
            out=out,
            device=device,
            on_step=lambda step: move(TrainingStep(steps=steps, **asdict(step))),
            on_tracked=_drawing(out, notes),
        )
    notes.print(f"The training is in {out}: toolformer study inject evaluate {out} --out DIR")


def evaluate(
    training: _TRAINING,
    out: Annotated[Path, Option("--out", "--output-dir", help="Where the numbers go.")],
    choices: Annotated[
        int, Option(min=0, help="Among how many other values an answer is ranked.")
    ] = 99,
    device: DEVICE = "auto",
    as_json: _JSON = False,
) -> None:
    """Measure how a trained model recalls injected and control facts: rank, perplexity, exact."""
    from toolformer.studies.inject.evaluating import evaluate_training, items_of
    from toolformer.studies.inject.tables import evaluation_tables

    with Console(stderr=True).status("Asking for the facts"):
        evaluation = evaluate_training(training, out=out, choices=choices, device=device)
    if as_json:
        print_json(asdict(evaluation))
        return
    _print(list(evaluation_tables(evaluation, items_of(out))))


def generate(
    training: _TRAINING,
    kind: Annotated[Kind, Option(help="In which way is asked.")] = Kind.SEMANTIC,
    group: Annotated[Group, Option(help="injected or control facts.")] = Group.INJECTED,
    limit: Annotated[int, Option(min=1, help="So many items, those of the last people.")] = 8,
    max_new_tokens: Annotated[int, Option(min=1, help="Tokens of an answer.")] = 16,
    device: DEVICE = "auto",
) -> None:
    """Let a trained model continue prompts about the facts, beside the right answers."""
    from toolformer.infer import decode
    from toolformer.lm.registry import load_model
    from toolformer.studies.inject.data.files import read_facts
    from toolformer.studies.inject.training import FACTS, MODEL

    items = [
        item
        for item in read_facts(training / FACTS).items
        if item.kind is kind and item.group is group and item.needs_fact
    ][-limit:]
    if not items:
        raise ConfigError(f"'{training}' has no {kind.value} items of {group.value} facts.")
    model = load_model(str(training / MODEL), device=device)
    settings = {"max_new_tokens": max_new_tokens, "bar_markers": True, "stop": ["."]}
    answers = decode(model, [item.prompt for item in items], config=settings)
    table = Table("prompt", "continued", "right answer")
    for item, answer in zip(items, answers, strict=True):
        table.add_row(item.prompt, answer.text.strip(), item.answer)
    answer_console().print(table)


def compare(
    first: _EVALUATION,
    second: _EVALUATION,
    as_json: _JSON = False,
) -> None:
    """Show two evaluations of the same facts side by side, with intervals of their differences."""
    from toolformer.studies.inject.evaluating import items_of, read_evaluation
    from toolformer.studies.inject.tables import comparison_tables, loss_percent

    one, other = read_evaluation(first), read_evaluation(second)
    if one.digest != other.digest:
        raise ConfigError(f"'{first}' and '{second}' asked for different facts.")
    if as_json:
        print_json({"held_out_loss_percent": asdict(loss_percent(one, other))})
        return
    _print(list(comparison_tables(one, other, items_of(first))))


def tool(
    base: Annotated[str, Argument(help="The model to tune: OUT/model of a training, nano, ...")],
    facts: _FACTS,
    out: Annotated[Path, Option("--out", "--output-dir", help="Where model and answers go.")],
    beside: Annotated[
        Path | None, Option(help="An evaluation to show the answers beside: from the weights.")
    ] = None,
    set_: SETS = None,
    device: DEVICE = "auto",
) -> None:
    """Tune a model on other facts to ask a database, and ask it for the injected facts.

    --set changes the tuning, as in epochs=2.
    """
    from toolformer.finetune import FinetuneConfig
    from toolformer.studies.inject.by_tool import TUNING, ask_by_tool
    from toolformer.studies.inject.data.files import read_facts
    from toolformer.studies.inject.evaluating import read_evaluation
    from toolformer.studies.inject.tables import answers_table, tool_table

    known = read_facts(facts)
    given = TUNING.model_dump(exclude_unset=True)
    tuning = read_settings(FinetuneConfig, None, sets=set_ or [], flags=given)
    notes = Console(stderr=True)
    with stopped_with(AT_A_CHECKPOINT), training_bar(notes) as move:
        answers = ask_by_tool(
            known, base=base, out=out, config=tuning, device=device, on_progress=move
        )
    items = {item.id: item for item in known.items}
    if beside is None:
        _print([answers_table(answers, items)])
    else:
        _print([tool_table(read_evaluation(beside), answers, items)])


def _drawing(out: Path, notes: Console) -> Callable[[Sequence[Tracked]], None] | None:
    """Returns what draws the looks at a training into its directory, if it can be drawn."""
    try:
        check_extra()
    except ConfigError:
        notes.print("No plots: they need matplotlib, which is in the extra [report].")
        return None

    def draw(looks: Sequence[Tracked]) -> None:
        write_whole(out / "tracking.svg", draw_lines(_panels(looks), x_label="steps"))

    return draw


def _panels(looks: Sequence[Tracked]) -> list[list[Panel]]:
    """Returns a column for each kind of item: recall above perplexity, a line an exposure."""
    kinds = dict.fromkeys(kind.kind for look in looks for kind in look.kinds)
    recall: list[Panel] = []
    perplexity: list[Panel] = []
    for name in kinds:
        exact: dict[str, list[tuple[float, float]]] = {}
        surprise: dict[str, list[tuple[float, float]]] = {}
        for look in looks:
            for kind in look.kinds:
                if kind.kind == name:
                    line = f"{kind.exposures} exposures"
                    exact.setdefault(line, []).append((look.step, 100 * kind.exact))
                    surprise.setdefault(line, []).append((look.step, kind.perplexity))
        recall.append(Panel(name, "exact recall, %", exact))
        perplexity.append(Panel(name, "perplexity", surprise, is_logarithmic=True))
    return [recall, perplexity]


def _print(tables: Sequence[TableText]) -> None:
    console = answer_console()
    for text in tables:
        table = Table(*text.header, title=text.title, caption=text.note or None)
        for row in text.rows:
            table.add_row(*row)
        console.print(table)


ACTIONS: dict[str, Callable[..., Any]] = {
    "make": make,
    "train": train,
    "evaluate": evaluate,
    "generate": generate,
    "compare": compare,
    "tool": tool,
}
