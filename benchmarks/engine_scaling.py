"""How time and memory grow with the length of a text, k·m, the number of tools and of documents.

Each point is a process of its own, so that its peak memory is its own. Time should grow no faster
than F, the tokens that must be forwarded, and memory not at all with the number of documents.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks import report
from benchmarks.engine_floor import floor_of
from benchmarks.engine_models import model_source
from benchmarks.engine_work import annotate_measured, bench_tool, cut_texts, settings
from benchmarks.measure import peak_memory_mb
from toolformer.lm.hf.model import load

SHAPE = "gpt2-1m"  # with the embedded model's tokenizer: small, so that all points take minutes


@dataclass(frozen=True, slots=True)
class Point:
    """One size of everything."""

    texts: int = 8
    text_tokens: int = 64
    places: int = 2  # k
    samples: int = 2  # m
    tools: int = 1


@dataclass(frozen=True, slots=True)
class Taken:
    """What a point took."""

    seconds: float
    floor: int  # tokens, F
    peak_mb: float


def sweeps(share: float = 1.0) -> dict[str, list[Point]]:
    """Returns the points by what grows.

    Args:
        share: of the documents, for a try.
    """
    documents = [max(2, round(count * share)) for count in (100, 1000, 10_000)]
    return {
        "text tokens": [Point(text_tokens=length) for length in (64, 256, 1024, 2048)],
        "k·m": [Point(places=k, samples=m) for k, m in ((1, 1), (5, 5), (10, 10), (20, 10))],
        "tools": [Point(tools=count) for count in (1, 2, 4, 8)],
        "documents": [
            Point(texts=count, text_tokens=24, places=1, samples=1) for count in documents
        ],
    }


def measure_here(point: Point, source: str) -> Taken:
    """Annotates in this process."""
    model = load(source, device="cpu")
    first = bench_tool(model, is_trained=False, prompt_tokens=64)
    tools = [replace(first, name=f"{first.name}{number}") for number in range(point.tools)]
    config = settings(places=point.places, samples=point.samples).override(
        max_tokens=32, window_tokens=point.text_tokens + 8
    )
    documents = cut_texts(model, count=point.texts, tokens=point.text_tokens)
    with tempfile.TemporaryDirectory() as out:
        warm, cold = Path(out) / "warm", Path(out) / "run"
        annotate_measured(documents[:1], model=model, tools=tools, out=warm, config=config)
        taken = annotate_measured(documents, model=model, tools=tools, out=cold, config=config)
        # Before the floor is taken, which reads the whole run.
        peak = peak_memory_mb()
        floor = floor_of(taken.run.documents(), model.engine.encoding)
    return Taken(taken.seconds, floor.total, peak)


def measure(point: Point, *, source: str) -> Taken:
    """Annotates in a process of its own."""
    given = json.dumps(asdict(point))
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.engine_scaling", source, given],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return Taken(**json.loads(ended.stdout.splitlines()[-1]))


def scaling_tables(scratch: Path, *, share: float = 1.0) -> Iterator[str]:
    """Measures and prints the sweeps."""
    source = model_source(SHAPE, tokenizer=None, scratch=scratch)
    for name, points in sweeps(share).items():
        yield scaling_table(name, points, [measure(point, source=source) for point in points])


def scaling_table(name: str, points: list[Point], taken: list[Taken]) -> str:
    """Prints one sweep; the last column is 1 where time grows as F does."""
    rows: list[list[report.Cell]] = []
    for point, each in zip(points, taken, strict=True):
        grown = each.seconds / taken[0].seconds / (each.floor / taken[0].floor)
        rows.append(
            [
                _size(name, point),
                f"{each.seconds:.2f}",
                f"{each.floor:,}",
                f"{each.peak_mb:.0f} MB",
                f"{grown:.2f}",
            ]
        )
    return report.table([name, "seconds", "floor F, tokens", "peak memory", "growth ÷ F's"], rows)


def _size(name: str, point: Point) -> str:
    sizes = {
        "text tokens": point.text_tokens,
        "k·m": point.places * point.samples,
        "tools": point.tools,
        "documents": point.texts,
    }
    return f"{sizes[name]:,}"


def main() -> None:
    """Measures one point and prints it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("point", type=json.loads)
    given = parser.parse_args()
    print(json.dumps(asdict(measure_here(Point(**given.point), given.source))))


if __name__ == "__main__":
    main()
