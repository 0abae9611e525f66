"""What annotating costs besides the model: reading, sharding, executing, selecting and writing.

A scripted model proposes the two products of every document as the text has them, so that no two
calls are alike and none comes from the cache. The run has a process of its own, whose peak memory
is taken after a tenth of the documents and at the end: flat means that it grows no more.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import report
from benchmarks.measure import peak_memory_mb
from toolformer.annotate import AnnotateConfig, RunProgress, annotate
from toolformer.lm.scripted.model import ScriptedCall, ScriptedLanguageModel
from toolformer.sidecar import PromptStyle
from toolformer.tools.base import suits_any
from toolformer.tools.decorator import tool

CHARACTERS = 200  # of a document
DOCUMENTS_PER_SHARD = 1000
_REST = (
    "Nobody had asked the clerk about the weather that day, and so he wrote nothing of it in the"
    " great book of the harbour, which lay open until the evening."
)


@dataclass(frozen=True, slots=True)
class Overhead:
    """What a run of so many documents took."""

    documents: int
    candidates: int
    seconds: float
    cpu_seconds: float
    peak_mb_early: float  # after a tenth of the documents
    peak_mb: float

    @property
    def documents_per_s(self) -> float:
        """By the clock on the wall."""
        return self.documents / self.seconds


@tool(name="Times", suits=suits_any, min_prob=0.05, gain_threshold=0.5)
def times(product: str) -> str:
    """Multiplies two numbers: as little as a tool can do."""
    first, _, second = product.split()
    return str(int(first) * int(second))


def texts(count: int) -> Iterator[str]:
    """Yields texts of 200 characters with two products, all different.

    >>> next(texts(1))[:54]
    'Entry 0: 17 crates of 3 jars, 17 x 3 = 51 jars; and 90'
    """
    for number in range(count):
        one, other, third, fourth = 17 + number, 3 + number % 29, 900 + number, 2 + number % 61
        text = (
            f"Entry {number}: {one} crates of {other} jars, {one} x {other} = {one * other} jars;"
            f" and {third} carts of {fourth} casks, {third} x {fourth} = {third * fourth} casks. "
        )
        yield (text + _REST)[:CHARACTERS]


def product_before(text: str) -> tuple[str, ...]:
    """Returns the call for a text that ends in a product and an equals sign.

    >>> product_before("jars, 17 x 3 =")
    ('17 x 3)',)
    """
    return (" ".join(text.rsplit(maxsplit=4)[-4:-1]) + ")",)


def write_corpus(path: Path, count: int) -> None:
    """Writes the documents as JSON lines."""
    with path.open("w", encoding="utf-8") as file:
        for number, text in enumerate(texts(count)):
            file.write(json.dumps({"id": str(number), "text": text}) + "\n")


def measure_here(corpus: Path, out: Path, *, documents: int) -> Overhead:
    """Annotates a corpus in this process."""
    early = 0.0

    def note_memory(progress: RunProgress) -> None:
        nonlocal early
        if not early and progress.documents >= documents / 10:
            early = peak_memory_mb()

    model = ScriptedLanguageModel([ScriptedCall("Times", after=" =", writes=product_before)])
    start, cpu = time.perf_counter(), time.process_time()
    run = annotate(
        corpus,
        model=model,
        tools=[times],
        out=out,
        config=AnnotateConfig(
            prompt_style=PromptStyle.BRIEF, documents_per_shard=DOCUMENTS_PER_SHARD
        ),
        on_progress=note_memory,
    )
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    stats = run.stats()
    return Overhead(
        stats.documents,
        stats.tools["Times"].proposed,
        seconds,
        cpu_seconds,
        early,
        peak_memory_mb(),
    )


def measure(scratch: Path, *, documents: int) -> Overhead:
    """Annotates so many documents in a process of its own."""
    corpus = scratch / "corpus.jsonl"
    write_corpus(corpus, documents)
    command = [sys.executable, "-m", "benchmarks.engine_overhead", str(corpus)]
    ended = subprocess.run(
        [*command, str(scratch / "overhead"), str(documents)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return Overhead(**json.loads(ended.stdout))


def overhead_table(found: Overhead) -> str:
    """Prints what the run took."""
    return report.table(
        [
            "documents",
            "candidates",
            "seconds",
            "documents/s",
            "bar",
            "CPU µs a document",
            "peak memory after a tenth",
            "at the end",
        ],
        [
            [
                f"{found.documents:,}",
                f"{found.candidates:,}",
                f"{found.seconds:.0f}",
                f"{found.documents_per_s:,.0f}",
                "≥ 3,000",
                f"{found.cpu_seconds / found.documents * 1e6:.0f}",
                f"{found.peak_mb_early:.0f} MB",
                f"{found.peak_mb:.0f} MB",
            ]
        ],
    )


def main() -> None:
    """Measures one run and prints it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("documents", type=int)
    given = parser.parse_args()
    print(json.dumps(asdict(measure_here(given.corpus, given.out, documents=given.documents))))


if __name__ == "__main__":
    main()
