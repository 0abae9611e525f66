"""How fast a run is exported, and in how much memory: `python -m benchmarks.export`.

A run of 100,000 texts, two thirds of them with a kept call, in each format. Each export is a
process of its own.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import made_up, report
from toolformer.export import export_run
from toolformer.export.rows import FORMATS
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Verdict

_TEXT = "The sum of {0} and 12 is {1}, said the teacher to the children in the room. {2}"
_REST = "They wrote it down, and asked what the next one would be. " * 6


def main() -> None:
    """Runs the benchmark."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--texts", type=int, default=100_000)
    made.add_argument("--files", default="parquet")
    made.add_argument("--one", help="export a run that is there, in one format")
    made.add_argument("--run", type=Path)
    made.add_argument("--write", type=Path, help="put the table into this page of docs/results/")
    given = made.parse_args()
    if given.one:
        print(json.dumps(measure(given.run, given.one, given.files)))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        write_run(run, given.texts)
        for kind in FORMATS:
            command = [sys.executable, "-m", "benchmarks.export", "--one", kind]
            command += ["--run", str(run), "--files", given.files]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found = json.loads(told.splitlines()[-1])
            rows.append(
                [
                    kind,
                    f"{found['texts']:,}",
                    f"{given.texts / found['seconds']:,.0f}",
                    f"{found['megabytes']:.0f} MB",
                    f"{found['peak']:.0f} MB",
                    f"{found['grown']:.0f} MB",
                ]
            )
    table = report.table(
        [
            "format",
            "texts written",
            "texts read/s",
            "on disk",
            "peak memory",
            "of it while writing",
        ],
        rows,
    )
    settings = {"texts": given.texts, "files": given.files}
    text = report.section("Export", [table], module="benchmarks.export", settings=settings)
    report.publish(text, name="export", path=given.write)


def measure(run: Path, kind: str, files: str) -> dict[str, float]:
    """Exports a run; returns what it took."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        model = "nano" if kind == "tokens" else None
        export_run(run, Path(folder) / "warm", kind=kind, files=files, model=model, only=["none"])  # type: ignore[arg-type]
        before, began = _peak(), time.perf_counter()
        done = export_run(run, out, kind=kind, files=files, model=model)  # type: ignore[arg-type]
        seconds = time.perf_counter() - began
        size = sum(path.stat().st_size for path in done.files) / 1e6
    return {
        "texts": done.texts,
        "seconds": seconds,
        "megabytes": size,
        "peak": _peak(),
        "grown": _peak() - before,
    }


def write_run(path: Path, texts: int) -> None:
    """Writes a run of made-up sums."""
    made_up.write_run(
        path,
        _documents(texts),
        name="sums",
        model="nano",
        calculator=made_up.stated_calculator(
            min_used=0.5, min_help=0.5, max_positions=5, samples=5, prune_below=0.5
        ),
        config={"seed": 0},
    )


def _documents(count: int) -> Iterator[AnnotatedDocument]:
    for number in range(count):
        text = _TEXT.format(number, number + 12, _REST)
        keeps = number % 3 < 2
        losses = Losses(no_call=3.0, no_output=2.5, with_output=1.0 if keeps else 2.4)
        verdict = Verdict.KEPT if keeps else Verdict.LOW_GAIN
        call = Candidate(
            text.index(" is ") + 3,
            "Calculator",
            f"{number} + 12",
            start_prob=0.1,
            count=2,
            output=str(number + 12),
            losses=losses,
            verdict=verdict,
        )
        yield AnnotatedDocument(Document(str(number), text), ("Calculator",), None, (call,))


def _peak() -> float:
    """Returns the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    main()
