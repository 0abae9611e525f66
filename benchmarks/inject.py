"""What stays of injected facts: `python -m benchmarks.inject --out DIR`.

The same million weights are trained with the facts among their texts and without; then the one
without them is tuned on other facts to ask a database, which holds the same facts. Each stage is
done once: a run that was killed continues with the same command.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import report
from benchmarks.spent import Spent
from toolformer.evaluate.tables import TableText
from toolformer.studies.inject.by_tool import TUNING, ToolAnswer, ask_by_tool
from toolformer.studies.inject.config import InjectConfig, read_with_defaults
from toolformer.studies.inject.data.facts import Item, Kind
from toolformer.studies.inject.data.files import FactSet, make
from toolformer.studies.inject.evaluating import Evaluation, evaluate_training
from toolformer.studies.inject.reducing import Asked, estimate, reduce_items
from toolformer.studies.inject.tables import (
    comparison_tables,
    evaluation_tables,
    loss_percent,
    tool_less_weights,
    tool_table,
)
from toolformer.studies.inject.training import MODEL, train

RECIPE = Path("recipes/inject/injected.yaml")
MOST_EXPOSURES = 50  # facts that stood in the texts at least so often are held to the bar
BARS = {"rank": 1.5, "control": 20.0, "loss": 3.0, "tool": 40.0, "minutes": 30.0}
CORES = 2


@dataclass(frozen=True, slots=True)
class Seed:
    """Everything that one seed came to."""

    seed: int
    injected: Evaluation
    without: Evaluation
    answers: Sequence[ToolAnswer]
    core_minutes: float  # of the training with facts


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])  # type: ignore[union-attr]
    parser.add_argument("--out", type=Path, required=True, help="where everything goes")
    parser.add_argument("--recipe", type=Path, default=RECIPE)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--facts", type=int, default=800)
    parser.add_argument("--control", type=int, default=800)
    parser.add_argument("--others", type=int, default=2400)
    parser.add_argument("--choices", type=int, default=99)
    parser.add_argument("--tuning-steps", type=int, help="of the third arm, for a trial")
    parser.add_argument("--write", type=Path, help="a page whose section is replaced")
    options = parser.parse_args()
    facts = make(
        options.out / "facts",
        facts=options.facts,
        control=options.control,
        others=options.others,
        types=8,
    )
    seeds = [_run(facts, seed, options) for seed in options.seeds]
    items = {item.id: item for item in facts.items}
    text = report.section(
        "Facts in the weights or in a tool",
        list(_parts(seeds, items)),
        module="benchmarks.inject",
        settings=_settings(seeds[0], options),
    )
    report.publish(text, name="inject", path=options.write)


def _run(facts: FactSet, seed: int, options: argparse.Namespace) -> Seed:
    folder: Path = options.out / f"seed-{seed}"
    values = read_with_defaults(options.recipe)
    data = {**values.get("dataset", {}), "facts": str((options.out / "facts").resolve())}
    injected = InjectConfig(**{**values, "dataset": data, "seed": seed})
    evaluations = {}
    for name, config in (
        ("injected", injected),
        ("without", injected.model_copy(update={"injection": None})),
    ):
        out = folder / name
        if not (out / MODEL / "metrics.json").exists():
            with Spent(folder / f"{name}.seconds.json") as spent:
                train(
                    config,
                    folder=options.recipe.resolve().parent,
                    out=out,
                    on_step=_Log(out.name, spent),
                )
        evaluations[name] = evaluate_training(
            out,
            out=folder / f"{name}.evaluation",
            choices=options.choices if name == "injected" else 0,
        )
    tuning = TUNING.override(steps=options.tuning_steps)
    answers = ask_by_tool(
        facts, base=str(folder / "without" / MODEL), out=folder / "tool", config=tuning
    )
    core = Spent(folder / "injected.seconds.json").core
    return Seed(seed, evaluations["injected"], evaluations["without"], answers, core / 60)


class _Log:
    """Prints a line about every hundredth step, and keeps the time."""

    def __init__(self, name: str, spent: Spent) -> None:
        self._name = name
        self._spent = spent

    def __call__(self, step: object) -> None:
        self._spent.tick()
        done = getattr(step, "done", 0)
        if done % 100 == 0:
            said = f"{self._name}: step {done}, loss {getattr(step, 'loss', 0.0):.3f}"
            print(f"{said}, {getattr(step, 'tokens_per_second', 0.0):,.0f} tokens/s", flush=True)


def _parts(seeds: Sequence[Seed], items: Mapping[str, Item]) -> Iterator[str]:
    yield report.table(
        ["bar", "wanted", *(f"seed {each.seed}" for each in seeds)], _bars(seeds, items)
    )
    for each in seeds:
        yield f"### Seed {each.seed}"
        yield "Recall from the weights:"
        first, second, third = evaluation_tables(each.injected, items)
        yield from (_drawn(first), _drawn(third))
        yield "With facts in the texts beside without:"
        yield from map(_drawn, comparison_tables(each.injected, each.without, items))
        yield "From the weights beside from a database:"
        yield _drawn(tool_table(each.injected, each.answers, items))
        yield "<details><summary>By template</summary>\n\n" + _drawn(second) + "\n\n</details>"


def _bars(seeds: Sequence[Seed], items: Mapping[str, Item]) -> Iterator[list[str]]:
    measured = [list(bars_of(seed, items)) for seed in seeds]
    for rows in zip(*measured, strict=True):
        yield [rows[0][0], rows[0][1], *(row[2] for row in rows)]


def bars_of(seed: Seed, items: Mapping[str, Item]) -> Iterator[tuple[str, str, str]]:
    """Yields each bar, what it asks for, and what a seed came to."""
    asked = seed.injected.of(items)
    memorised = [each for each in asked if each[0].kind is Kind.MEMORISATION]
    top = [each for each in memorised if each[1].exposures >= MOST_EXPOSURES]
    control = [each for each in memorised if each[0].group == "control"]
    if not top:  # a trial
        most = max(found.exposures for _, found in memorised)
        top = [each for each in memorised if each[1].exposures == most]
    known, unknown = reduce_items(top), reduce_items(control)
    for name, ours, others in (
        ("among values of its slot", known.choice_rank, unknown.choice_rank),
        ("in the vocabulary, worst token", known.token_rank, unknown.token_rank),
    ):
        if ours is None or others is None:
            continue
        yield (
            f"memorisation rank at ≥ {MOST_EXPOSURES} exposures, {name}",
            f"≤ {BARS['rank']}",
            f"{ours.value:.2f} ({ours.low:.2f}–{ours.high:.2f})",
        )
        yield (
            f"control rank over it, {name}",
            f"≥ {BARS['control']:.0f} ×",
            f"{others.value / ours.value:.1f} ×",
        )
    exposed = sorted({found.exposures for item, found in memorised if item.group != "control"})
    recalls = [
        reduce_items([each for each in memorised if each[1].exposures == count]).exact.value
        for count in exposed
    ]
    yield (
        f"memorisation recall over exposures {', '.join(map(str, exposed))}",
        "rising",
        ", ".join(f"{each:.1f}" for each in recalls) + " %",
    )
    loss = loss_percent(seed.injected, seed.without)
    yield (
        "held-out loss with against without injection",
        f"≤ +{BARS['loss']:.0f} %",
        f"{loss.value:+.2f} % ({loss.low:+.2f} to {loss.high:+.2f})",
    )
    yield from _tool_bars(seed, asked)
    yield (
        f"core-minutes of the training over {CORES} cores",
        f"≤ {BARS['minutes']:.0f} min",
        f"{seed.core_minutes / CORES:.1f} min",
    )


def _tool_bars(seed: Seed, asked: Sequence[Asked]) -> Iterator[tuple[str, str, str]]:
    right = {each.item: each.is_right for each in seed.answers}
    most = max(found.exposures for _, found in asked)
    semantic = [
        each for each in asked if each[0].kind is Kind.SEMANTIC and each[1].exposures == most
    ]
    for form in dict.fromkeys(item.form for item, _ in semantic):
        of_form = [each for each in semantic if each[0].form == form]
        more = tool_less_weights(of_form, right)
        weights = estimate(of_form, lambda each: (100.0 * each.is_exact, 1))
        taught = "taught with other facts" if form.endswith("1") else "never seen"
        yield (
            f"semantic recall, {form} ({taught}), {most} exposures: tool − injection",
            f"≥ {BARS['tool']:.0f} points",
            f"{more.value:+.1f} ({more.low:+.1f} to {more.high:+.1f}); weights "
            f"{weights.value:.1f} %",
        )


def _settings(seed: Seed, options: argparse.Namespace) -> dict[str, object]:
    return {
        "weights": f"{seed.injected.parameters:,}",
        "steps": seed.injected.steps,
        "facts": options.facts,
        "control facts": options.control,
        "other facts for the tool": options.others,
        "seeds": len(options.seeds),
    }


def _drawn(text: TableText) -> str:
    note = f" ({text.note})" if text.note else ""
    return f"**{text.title}**{note}\n\n{report.table(text.header, text.rows)}"


if __name__ == "__main__":
    main()
