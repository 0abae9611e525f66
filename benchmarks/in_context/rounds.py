"""A database from six exemplars alone, in two rounds: `python -m benchmarks.in_context.rounds`.

Template sentences of T-REx's fold 2. The first round is shown the six, each text those nearest to
it; the second what the first has kept as well, and never a text itself.
"""

import time
from pathlib import Path

from benchmarks.in_context import options
from benchmarks.in_context.facts import untold_table
from benchmarks.in_context.judging.told import (
    REPORTED_FOLD,
    as_documents,
    fates_table,
    sentences,
    told_all,
    told_table,
)
from benchmarks.measure import settings_of
from recipes.real.exemplars import trex_exemplars
from toolformer.annotate import annotate
from toolformer.runs.directory import ROUNDS, Run
from toolformer.tools.registry import load_tool

EXEMPLARS, NEAREST, MADE_ROUNDS = 6, 3, 2


def main() -> None:
    """Runs the benchmark."""
    made = options.parser("Facts told from six exemplars alone.", texts=200, exemplars=EXEMPLARS)
    made.add_argument("--fold", type=int, default=REPORTED_FOLD, help="1 or 3 to choose by")
    arguments = made.parse_args()
    bench = options.read(arguments, name="rounds")
    stated = sentences(bench.shared, count=bench.texts, of_fold=arguments.fold)
    texts = trex_exemplars(bench.shared, count=bench.exemplars, seed=bench.seed)
    exemplars = options.write_exemplars(texts, bench.out)
    config = bench.config(
        method="in-context", exemplars=exemplars, nearest=NEAREST, rounds=MADE_ROUNDS
    )
    start = time.monotonic()
    annotate(
        as_documents(stated),
        model=bench.model,
        tools=[load_tool("database")],
        out=bench.out / "run",
        config=config,
    )
    runs = rounds_of(bench.out / "run", config.rounds)
    found = {name: told_all(run.documents(), stated) for name, run in runs.items()}
    last = list(runs.values())[-1]
    bench.publish(
        "Facts told from six exemplars alone",
        [
            told_table(found, seed=bench.seed),
            "Bars: facts told after round 1 ≥ 30 %, after round 2 ≥ 45 %, at ≥ 96 %; goals 40 %, "
            "70 %, 99 %.",
            f"The last command took {time.monotonic() - start:.0f} s.",
            "Where the facts went:",
            fates_table(found),
            "Some that were not told in the last round:",
            untold_table(last, stated),
        ],
        exemplars=bench.exemplars,
        nearest=config.nearest,
        fold=arguments.fold,
        **{"in context": settings_of(last)["tools"]},
    )


def rounds_of(out: Path, count: int) -> dict[str, Run]:
    """Returns the runs of all rounds by name, the last of which is the directory itself."""
    folders = [*(out / ROUNDS / str(number) for number in range(1, count)), out]
    return {f"round {number}": Run.open(each) for number, each in enumerate(folders, start=1)}


if __name__ == "__main__":
    main()
