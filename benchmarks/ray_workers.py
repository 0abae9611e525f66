"""Two workers on a Ray cluster against one, and their bytes: `python -m benchmarks.ray_workers`.

One cluster on this machine, one thread of torch a worker, GSM8K's solutions with the calculator.
Rounds alternate, the best counts. A rate is that of the texts which come after every worker has
brought its first shard, so that what it takes to start and to load is not in it; the whole is
beside it. The run that one process makes without Ray, with one thread, has to have the same bytes.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import torch

from benchmarks import report
from benchmarks.gsm8k import read_solutions
from toolformer.annotate import AnnotateConfig, RunProgress, annotate
from toolformer.annotate.workers.cluster import connected
from toolformer.annotate.workers.crew import Workers
from toolformer.annotate.workers.run import annotate_by_workers
from toolformer.lm.base import LanguageModel
from toolformer.lm.registry import load_model
from toolformer.tools.toolbox import Toolbox

BAR = 1.7


@dataclass(frozen=True, slots=True)
class Taken:
    """How long a run took, and how fast it was once all were at work."""

    seconds: float
    rate: float  # texts/s


def main() -> None:
    """Runs the benchmark."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--model", default="build/smollm2")
    made.add_argument("--texts", type=int, default=96)
    made.add_argument("--per-shard", type=int, default=4, help="texts of a shard")
    made.add_argument("--rounds", type=int, default=2)
    made.add_argument("--shared", type=Path, default=Path("../shared/data"))
    made.add_argument("--write", type=Path, help="put the table into this page of docs/results/")
    given = made.parse_args()
    torch.set_num_threads(1)
    model = given.model if given.model == "nano" else str(Path(given.model).resolve())
    config = AnnotateConfig(documents_per_shard=given.per_shard)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = folder / "texts.jsonl"
        solutions = islice(read_solutions(given.shared).items(), given.texts)
        lines = (json.dumps({"id": key, "text": each.text}) for key, each in solutions)
        corpus.write_text("\n".join(lines) + "\n", encoding="utf-8")
        began = time.perf_counter()
        loaded, tools = equip(model)
        with tools:
            annotate(corpus, model=loaded, tools=tools, out=folder / "alone", config=config)
        alone_s = time.perf_counter() - began
        found: dict[int, list[Taken]] = {1: [], 2: []}
        equal = True
        with connected(cpus=2):
            for number in range(given.rounds):
                for count, taken in found.items():
                    out = folder / f"{count}-{number}"
                    taken.append(measure(corpus, model, out=out, workers=count, config=config))
                    equal = equal and files_of(out) == files_of(folder / "alone")
    best = {count: max(taken, key=lambda each: each.rate) for count, taken in found.items()}
    text = report.section(
        "Workers",
        workers_table(best, alone_s=alone_s, texts=given.texts, is_equal=equal),
        module="benchmarks.ray_workers",
        settings={
            "model": Path(model).name,
            "texts": given.texts,
            "texts a shard": given.per_shard,
            "threads a worker": 1,
            "rounds": given.rounds,
        },
    )
    report.publish(text, name="workers", path=given.write)


def equip(model: str) -> tuple[LanguageModel, Toolbox]:
    """Loads what a worker works with."""
    return load_model(model, device="cpu"), Toolbox(["calculator"])


def measure(corpus: Path, model: str, *, out: Path, workers: int, config: AnnotateConfig) -> Taken:
    """Annotates with so many workers."""
    told: list[tuple[float, RunProgress]] = []
    began = time.perf_counter()
    annotate_by_workers(
        corpus,
        equip=partial(equip, model),
        out=out,
        workers=Workers(workers, workers),
        config=config,
        on_progress=lambda progress: told.append((time.perf_counter(), progress)),
    )
    seconds = time.perf_counter() - began
    # A shard comes back at a time: behind the n-th, each of n workers has done one.
    (since, first), (until, last) = told[workers - 1], told[-1]
    return Taken(seconds, (last.documents - first.documents) / (until - since))


def workers_table(
    best: Mapping[int, Taken], *, alone_s: float, texts: int, is_equal: bool
) -> Iterator[str]:
    """Yields a row for each number of workers, and what was asked for."""
    one = best[1].rate
    rows = [
        [count, f"{taken.seconds:.0f}", f"{taken.rate:.2f}", f"{taken.rate / one:.2f} ×"]
        for count, taken in best.items()
    ]
    without = ["without Ray", f"{alone_s:.0f}", f"{texts / alone_s:.2f}, loading included", "–"]
    yield report.table(
        ["workers", "whole run, s", "texts/s once all are at work", "against one"],
        [without, *rows],
    )
    bytes_ = "equal" if is_equal else "**unequal**"
    yield f"Bar: two workers ≥ {BAR} × one. All files of all runs, byte by byte: {bytes_}."


def files_of(out: Path) -> dict[str, bytes]:
    """Returns what a run consists of."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file()
    }


if __name__ == "__main__":
    main()
