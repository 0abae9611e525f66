"""A real pretrained model teaches itself: annotate, tune, evaluate.

`python -m recipes.real [--size small] [--write docs/results/reproduce-real.md]`. Every step is a
command that is printed before it runs; a run that was killed continues where it was. `--budget`
prints how long it should take, and runs nothing.
"""

import argparse
import time
from pathlib import Path

from benchmarks import report
from recipes.real import budget
from recipes.real.chain import Reproduction, dtype_of, stages
from recipes.real.inputs import LAST, write_inputs
from recipes.real.sizes import FULL, SIZES
from recipes.real.stages import FINISHED, Budget, note, run_stages
from recipes.real.tables import parts


def main() -> None:
    """Runs what is not done and writes the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", choices=[*SIZES], default=FULL.name)
    parser.add_argument("--model", default="build/smollm2")
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, help="default: build/real-SIZE")
    parser.add_argument("--write", type=Path, help="the Markdown file the tables go to")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--dtype", choices=["auto", "float32", "bfloat16"], default="auto")
    parser.add_argument("--minutes", type=float, help="stop in time, and show what there is")
    parser.add_argument("--inputs-only", action="store_true", help="write what is read, no more")
    parser.add_argument("--budget", action="store_true", help="print how long it should take")
    given = parser.parse_args()
    size = SIZES[given.size]
    if given.budget:
        print(budget.table(size))
        return
    reproduction = Reproduction(
        folder=given.out or Path(f"build/real-{size.name}"),
        model=given.model,
        size=size,
        seed=given.seed,
        device=given.device,
        dtype=given.dtype,
        is_budgeted=given.minutes is not None,
    )
    began = time.monotonic()
    _make_inputs(reproduction, shared=given.shared)
    if given.inputs_only:
        return
    limit = None if given.minutes is None else Budget(given.minutes, began)
    run_stages(stages(reproduction), folder=reproduction.folder, budget=limit)
    settings = {
        "model": reproduction.model,
        "size": size.name,
        "seed": given.seed,
        "dtype": f"{dtype_of(reproduction)} on {given.device}",
        "inputs per task": f"{size.asked} at most",
    }
    text = report.section(
        "A real model, the whole loop",
        parts(reproduction),
        module="recipes.real",
        settings=settings,
    )
    where = "-gpu" if given.device == "cuda" else ""
    report.publish(text, name=f"reproduce-real-{size.name}{where}", path=given.write)


def _make_inputs(reproduction: Reproduction, *, shared: Path) -> None:
    """Writes what is read, unless it is there.

    Raises:
        SystemExit: there are no data, or the folder is of another size.
    """
    folder = reproduction.inputs
    mark = folder / LAST
    if mark.exists():
        found = mark.read_text(encoding="utf-8").strip()
        if found != reproduction.size.name:
            raise SystemExit(
                f"{reproduction.folder} was begun with --size {found}: name another --out."
            )
        return
    if not shared.is_dir():
        raise SystemExit(f"There are no data in {shared}: say where they are with --shared.")
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    write_inputs(folder, shared=shared, size=reproduction.size, seed=reproduction.seed)
    note(reproduction.folder, "inputs", time.monotonic() - began, FINISHED)


if __name__ == "__main__":
    main()
