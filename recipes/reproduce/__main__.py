"""Annotate, tune, evaluate: the whole loop from the embedded model to its tables.

`python -m recipes.reproduce [--seeds 3] [--write docs/results/reproduce.md]`. Every step is a
command that is printed before it runs, and is skipped when its output is there: a run that was
killed continues.
"""

import argparse
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import report
from recipes.reproduce.inputs import write_inputs
from recipes.reproduce.tables import bars, by_seed
from toolformer.evaluate.results import Results, read_results
from toolformer.evaluate.tables import markdown
from toolformer.runs.directory import Run

HERE = Path("recipes/reproduce")  # the commands are run in the project's root
TOOLFORMER = (sys.executable, "-m", "toolformer")
LIMIT = 500  # inputs per task
SIDE_BY_SIDE = 128  # of them


def main() -> None:
    """Runs the loop once per seed and writes the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=1, help="repeat with so many seeds")
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("build/reproduce"))
    parser.add_argument("--write", type=Path, help="the Markdown file the tables go to")
    arguments = parser.parse_args()
    shared = arguments.shared if arguments.shared.exists() else None
    if shared is None:
        print(f"No data in {arguments.shared}: dates, sums and the sample corpus only.")
    results = [
        reproduce(arguments.out / f"seed-{seed}", shared=shared, seed=seed)
        for seed in range(arguments.seeds)
    ]
    _publish(results, out=arguments.out, write=arguments.write)


def reproduce(folder: Path, *, shared: Path | None, seed: int) -> Results:
    """Runs the loop with one seed in a folder of its own."""
    inputs = folder / "inputs"
    if not (inputs / "corpus.jsonl").exists():
        write_inputs(inputs, shared=shared, seed=seed)
    mix = ["--mix", str(inputs / "mix.jsonl")] if shared else []
    tune = ["--config", str(HERE / "finetune.yaml"), *mix, "--seed", str(seed)]
    run, second_run = folder / "run", folder / "run-2"
    tuned, control = folder / "tuned", folder / "control"
    unfiltered, second = folder / "unfiltered", folder / "second"

    _annotate(inputs, run, model="nano", seed=seed)
    _step(tuned, [*TOOLFORMER, "finetune", str(run), "--out", str(tuned), *tune])
    plain = [*TOOLFORMER, "finetune", str(run), "--plain", "--out", str(control), *tune]
    _step(control, plain)
    drawn = [sys.executable, "-m", "recipes.reproduce.unfiltered", str(run)]
    _step(unfiltered, [*drawn, "--out", str(unfiltered), *tune])
    _annotate(inputs, second_run, model=str(tuned), seed=seed)
    again = [*TOOLFORMER, "finetune", str(second_run), "--out", str(second)]
    _step(second, [*again, *tune])
    return _evaluate(folder, shared=shared, seed=seed)


def _annotate(inputs: Path, run: Path, *, model: str, seed: int) -> None:
    corpus, config = str(inputs / "corpus.jsonl"), str(HERE / "annotate.yaml")
    command = [*TOOLFORMER, "annotate", corpus, "--model", model, "--out", str(run)]
    if not (run.exists() and Run.open(run).is_complete):
        _call([*command, "--config", config, "--seed", str(seed)], run)


def _evaluate(folder: Path, *, shared: Path | None, seed: int) -> Results:
    out = folder / "evaluation"
    command = [*TOOLFORMER, "evaluate", str(folder / "tuned"), "--out", str(out)]
    command += ["--control", str(folder / "control"), "--k", "0,1,3,10"]
    command += ["--column", f"unfiltered={folder / 'unfiltered'}"]
    command += ["--column", f"second round={folder / 'second'}"]
    command += ["--limit", str(LIMIT), "--seed", str(seed), "--batch", str(SIDE_BY_SIDE)]
    for task in tasks(folder / "inputs", shared=shared, seed=seed):
        command += ["--task", task]
    _call(command, out)
    results = read_results(out)
    if results is None:
        raise SystemExit(f"The evaluation wrote no results to {out}.")
    return results


def tasks(inputs: Path, *, shared: Path | None, seed: int) -> list[str]:
    """Returns the specs of the tasks that there is data for."""
    made_up = [f"dates:count={LIMIT},seed={seed}", f"arithmetic:count={LIMIT},seed={seed}"]
    if shared is None:
        return made_up
    facts = (
        f"lama:triples={inputs}/lama-facts.jsonl,templates={inputs}/lama-templates.jsonl,"
        f"training={inputs}/lama-training.jsonl"
    )
    return [
        f"{facts},name=T-REx",
        *made_up,
        f"{facts},edit={seed + 1},name=T-REx edited",
        f"perplexity:path={shared}/wikitext2/valid.txt,name=perplexity WikiText-2",
        f"perplexity:path={inputs}/wikipedia.jsonl,name=perplexity Wikipedia",
        f"restraint:path={inputs}/plain-c4.jsonl,name=restraint C4",
        f"restraint:path={inputs}/plain-wikipedia.jsonl,name=restraint Wikipedia",
        f"math:path={shared}/math/mawps*.jsonl,name=MAWPS",
        f"math:path={shared}/math/svamp.jsonl,name=SVAMP",
        f"date-understanding:path={shared}/dates/date_understanding.jsonl",
    ]


def _step(made: Path, command: Sequence[str]) -> None:
    """Runs a command unless what it makes is there; an unfinished training has no config.json."""
    if not (made / "config.json").exists():
        _call(command, made)


def _call(command: Sequence[str], made: Path) -> None:
    """Runs a command that makes a directory, and notes how long it took, all tries together."""
    print(f"$ {shlex.join(['python', *command[1:]])}", file=sys.stderr, flush=True)
    began = time.monotonic()
    try:
        subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603  our own commands
    finally:
        clock = made.parent / "seconds.json"
        taken = json.loads(clock.read_text(encoding="utf-8")) if clock.exists() else {}
        taken[made.name] = round(taken.get(made.name, 0.0) + time.monotonic() - began, 1)
        clock.write_text(json.dumps(taken, indent=2) + "\n", encoding="utf-8")


def _minutes(folder: Path) -> str:
    taken = json.loads((folder / "seconds.json").read_text(encoding="utf-8"))
    total = sum(taken.values())
    return report.table(
        [*taken, "all"], [[f"{each / 60:.1f}" for each in (*taken.values(), total)]]
    )


def _publish(results: Sequence[Results], *, out: Path, write: Path | None) -> None:
    run = Run.open(out / "seed-0" / "run")
    stats = run.stats()
    kept = ", ".join(f"{name} {each.kept}" for name, each in stats.tools.items())
    settings = {"seeds": len(results), "texts": stats.documents, "kept calls": kept}
    settings["inputs per task"] = f"{LIMIT} at most"
    parts = ["**What it must show**", bars(results[0])]
    if len(results) > 1:
        parts += ["**By seed**", by_seed(results)]
    parts += ["**Minutes**", _minutes(out / "seed-0"), markdown(results[0])]
    text = report.section("The whole loop", parts, module="recipes.reproduce", settings=settings)
    report.publish(text, name="reproduce", path=write)


if __name__ == "__main__":
    main()
