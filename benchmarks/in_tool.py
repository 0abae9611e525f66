"""In-Tool Learning measured: `python -m benchmarks.in_tool PART --write docs/results/in-tool.md`.

Each part trains or continues what it needs under `build/in-tool`, with the command's own functions,
and prints a section. A part that was killed continues.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.report import Cell, publish, section, table
from benchmarks.spent import Spent
from toolformer.assets import SAMPLE_CORPUS, asset
from toolformer.corpus import read_corpus
from toolformer.evaluate.metric import wilson
from toolformer.evaluate.tables import markdown_of
from toolformer.studies.in_tool.data.questions import Mode
from toolformer.studies.in_tool.experiment.grid import GridConfig
from toolformer.studies.in_tool.experiment.one import train_one
from toolformer.studies.in_tool.experiment.results import read_sweep
from toolformer.studies.in_tool.experiment.sweep import sweep
from toolformer.studies.in_tool.forgetting.config import ForgetConfig
from toolformer.studies.in_tool.forgetting.forget import forget
from toolformer.studies.in_tool.recall.asking import Recall
from toolformer.studies.in_tool.reporting.published import TOTAL_VARIATION
from toolformer.studies.in_tool.reporting.tables import sweep_tables
from toolformer.studies.in_tool.training.config import TrainConfig

GRIDS = Path(__file__).parents[1] / "recipes" / "in_tool"
ROOT = Path("build/in-tool")
# Times each fact is seen: as often as a mode needs to answer nearly all of its facts.
EPOCHS = {Mode.WEIGHT: 20.0, Mode.TOOL: 4.0}
# Each bar's model, and what is asked of its answers.
BARS: dict[str, tuple[TrainConfig, str]] = {
    "weights, 64 people, d = 32": (
        TrainConfig(mode=Mode.WEIGHT, people=64, width=32, steps=1500),
        "seen ≥ .95 in ≤ 10 min; edited 0; strangers ≤ .30",
    ),
    "weights, 64 people, d = 8": (
        TrainConfig(mode=Mode.WEIGHT, people=64, width=8, steps=1500),
        "seen ≤ .20",
    ),
    "tool, 1,024 people, d = 64": (
        TrainConfig(mode=Mode.TOOL, people=1024, width=64, steps=6000),
        "strangers ≥ .90 in ≤ 60 min; edited ≥ .95",
    ),
    "tool, 64 people, d = 64": (
        TrainConfig(mode=Mode.TOOL, people=64, width=64, steps=1500),
        "strangers ≤ .10",
    ),
}


def bars(_: argparse.Namespace) -> str:
    """Returns the section of the bars: one model each, at its last step."""
    rows: list[list[Cell]] = []
    for name, (config, bar) in BARS.items():
        out = ROOT / "bars" / name.replace(",", "").replace(" = ", "").replace(" ", "-")
        with Spent(ROOT / "bars" / f"{out.name}.seconds.json") as spent:
            measured = train_one(config, out=out, device="cpu", on_step=spent.tick)
        rows.append(
            [
                name,
                f"{config.steps:,}",
                f"{spent.clock / 60:.1f}",
                f"{spent.core / 60:.1f}",
                *map(spelled, (measured.seen, measured.unseen, measured.edited)),
                bar,
            ]
        )
    header = [
        "model",
        "steps",
        "minutes",
        "core-minutes",
        "its people",
        "strangers",
        "database edited",
        "bar",
    ]
    settings = {"batch": 128, "seed": 0, "decoding": "greedy, last step"}
    return section(
        "The bars", [table(header, rows)], module="benchmarks.in_tool", settings=settings
    )


def swept(arguments: argparse.Namespace) -> str:
    """Returns the section of a grid, which is swept or continued."""
    grid = GridConfig.from_yaml(GRIDS / f"{arguments.grid}.yaml")
    out = ROOT / f"{arguments.grid}.csv"
    sweep(grid, out=out, device="cpu")
    rows = read_sweep(out)
    settings = {
        "models": len(rows),
        "steps": f"{grid.steps:,} (tool {grid.schedule(Mode.TOOL).steps:,})",
        "batch": grid.batch_size,
        "seeds": ", ".join(map(str, grid.seeds)),
    }
    parts = [markdown_of(each) for each in sweep_tables(rows)]
    return section(
        f"The grid {arguments.grid}", parts, module="benchmarks.in_tool", settings=settings
    )


def forgotten(arguments: argparse.Namespace) -> str:
    """Returns the section of a pretrained model taught facts in both ways."""
    texts = [document.text for document in read_corpus(asset(SAMPLE_CORPUS))]
    rows: list[list[Cell]] = []
    variations = {}
    for mode in Mode:
        config = ForgetConfig(
            model=arguments.model, mode=mode, facts=arguments.facts, epochs=EPOCHS[mode]
        )
        out = ROOT / f"forget-{arguments.facts}-{mode}"
        found = forget(config, texts, out=out, device="cpu")
        variations[mode] = found.total_variation
        rows.append(
            [
                str(mode),
                f"{config.epochs:g}",
                spelled(found.recall),
                f"{found.total_variation:.3f}",
                f"{TOTAL_VARIATION[mode]:.3f}",
                f"{found.perplexity_before:.2f} → {found.perplexity_after:.2f}",
                f"{found.chosen_before} → {found.chosen_after} of {found.choices}",
            ]
        )
    header = [
        "facts in", "epochs", "recall", "total variation", "published (10,000 facts)",
        "held-out perplexity", "choices",
    ]  # fmt: skip
    ratio = variations[Mode.WEIGHT] / variations[Mode.TOOL]
    said = f"Total variation of weights over that of the tool: {ratio:.1f} (bar ≥ 3)."
    settings = {"model": Path(arguments.model).name, "facts": arguments.facts, "seed": 0}
    return section(
        "What a pretrained model forgets",
        [table(header, rows), said],
        module="benchmarks.in_tool",
        settings=settings,
    )


def spelled(recall: Recall) -> str:
    """Writes a recall with its interval.

    >>> spelled(Recall(10, 9, 0))
    '0.900 [0.596, 0.982] of 10'
    """
    low, high = wilson(recall.right, recall.asked)
    share = f"{recall.share:.3f} [{low:.3f}, {high:.3f}]" if recall.asked else "–"
    return f"{share} of {recall.asked}"


PARTS: dict[str, Callable[[argparse.Namespace], str]] = {
    "bars": bars,
    "sweep": swept,
    "forget": forgotten,
}


def names(arguments: argparse.Namespace) -> Iterator[str]:
    """Yields the name of the section in the page."""
    yield "in-tool"
    yield arguments.part
    if arguments.part == "sweep":
        yield arguments.grid


def main() -> None:
    """Measures one part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--grid", default="mini", help="mini or families, of recipes/in_tool")
    parser.add_argument("--model", default="build/smollm2")
    parser.add_argument("--facts", type=int, default=500)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    text = PARTS[arguments.part](arguments)
    publish(text, name="-".join(names(arguments)), path=arguments.write)


if __name__ == "__main__":
    main()
