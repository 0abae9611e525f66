"""`python -m tests.campaigns`: tries to break the program, and prints what held.

python -m tests.campaigns                      all campaigns, as `make campaigns`
python -m tests.campaigns kills --trials 20    some of one
"""

import argparse
import os
import random
import sys
import tempfile
import time
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

`make campaigns` printed this table ({machine}, {minutes:.0f} minutes): kills, hostile input, damage
and want of room, drawn from seed {seed}. Each script stands in `tests/campaigns/`; a small
draw of each is in `make test`.

| campaign | tried | trials | held |
|---|---|---|---|
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
    start = time.monotonic()
    rows = []
    faults = 0
    for name in options.names or NAMES:
        tried: Counter[str] = Counter()
        held: Counter[str] = Counter()
        for trial in trials_of(name, trials=options.trials, seed=options.seed):
            tried[trial.kind] += 1
            held[trial.kind] += not trial.fault
            if trial.fault:
                print(f"{name}: {trial.kind}: {trial.what}: {trial.fault}", flush=True)
        for kind, count in tried.items():
            rows.append(f"| {name} | {kind} | {count} | {held[kind]} |")
            print(rows[-1], flush=True)
        faults += tried.total() - held.total()
    if options.write is not None:
        minutes = (time.monotonic() - start) / 60
        head = _HEAD.format(machine=machine(), minutes=minutes, seed=options.seed)
        options.write.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    print(f"{faults} faults" if faults else "everything held")
    return 1 if faults else 0


def trials_of(name: str, *, trials: int | None, seed: int) -> list[Trial]:
    """Returns the trials of a campaign, made."""
    module = import_module(f"tests.campaigns.{name}")
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as folder:
        draw = random.Random(seed)
        return list(module.campaign(draw, trials or module.TRIALS, Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
