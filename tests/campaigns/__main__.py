"""`python -m tests.campaigns`: tries to break the program, and prints what held.

python -m tests.campaigns                      all campaigns, as `make campaigns`
python -m tests.campaigns kills --trials 20    some of one

`--write FILE` puts their rows into the table of a page; rows of campaigns that were not run stay.
"""

import argparse
import os
import random
import sys
import tempfile
from collections import Counter
from importlib import import_module
from pathlib import Path

from benchmarks.report import machine
from tests.campaigns.campaign import Trial

HERE = Path(__file__).parent
NAMES = sorted(
    path.stem
    for path in HERE.glob("*.py")
    if path.stem != "campaign" and not path.stem.startswith(("_", "test_"))
)

_HEAD = """\
# What was tried to break it

`make campaigns` tries to break the program by kills and signals, hostile input, damaged files and
full disks, drawn at random, and prints what held: no traceback, no hang, no lost byte, an exit code
and a sentence that say what happened; after a kill, equal bytes. A script for each stands in
`tests/campaigns/`, and a small draw of each is in `make test`. Each row was printed by
`python -m tests.campaigns NAME --trials N --seed S` on the machine that it names.

| campaign | what was tried | seed | trials | held | machine |
|---|---|---|---|---|---|
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all by default"
    )
    parser.add_argument("--trials", type=int, help="of each; as many as each says otherwise")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, help="a Markdown file for the table")
    options = parser.parse_args()
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE"):
        os.environ.setdefault(name, "1")
    rows = []
    faults = 0
    names = options.names or NAMES
    for name in names:
        tried: Counter[str] = Counter()
        held: Counter[str] = Counter()
        for trial in trials_of(name, trials=options.trials, seed=options.seed):
            tried[trial.kind] += 1
            held[trial.kind] += not trial.fault
            if trial.fault:
                print(f"{name}: {trial.kind}: {trial.what}: {trial.fault}", flush=True)
        for kind, count in tried.items():
            row = (name, kind, options.seed, count, held[kind], machine())
            rows.append(f"| {' | '.join(map(str, row))} |")
            print(rows[-1], flush=True)
        faults += tried.total() - held.total()
    if options.write is not None:
        write_table(options.write, rows, names=names)
    print(f"{faults} faults" if faults else "everything held")
    return 1 if faults else 0


def write_table(page: Path, rows: list[str], *, names: list[str]) -> None:
    """Writes the rows of some campaigns; those of others stay."""
    before = page.read_text(encoding="utf-8").splitlines() if page.exists() else []
    others = [
        line
        for line in before
        for name in NAMES
        if line.startswith(f"| {name} |") and name not in names
    ]
    page.write_text(_HEAD + "\n".join(sorted(others + rows)) + "\n", encoding="utf-8")


def trials_of(name: str, *, trials: int | None, seed: int) -> list[Trial]:
    """Returns the trials of a campaign, made."""
    module = import_module(f"tests.campaigns.{name}")
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as folder:
        draw = random.Random(seed)
        return list(module.campaign(draw, trials or module.TRIALS, Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
