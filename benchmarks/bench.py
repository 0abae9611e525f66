"""What the engine must show, printed as tables: `python -m benchmarks.bench`.

Everything that is compared is measured in one run. The whole takes about a quarter of an hour on
two cores that do nothing else; `--only` takes some of the sections, `--share 0.05` less of all
work, for a try. `--gpu` measures a GPT-J-6B-shaped model on a GPU instead, and nothing else.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks import report
from benchmarks.engine_gpu import SHAPE as GPU_SHAPE
from benchmarks.engine_gpu import gpu_table, measure_gpu, peak_flops
from benchmarks.engine_models import scratch_directory
from benchmarks.engine_overhead import measure as measure_overhead
from benchmarks.engine_overhead import overhead_table
from benchmarks.engine_scaling import SHAPE as SCALING_SHAPE
from benchmarks.engine_scaling import scaling_tables
from benchmarks.engine_speed import (
    Comparison,
    Work,
    compare,
    limit_table,
    profile,
    profile_table,
    shrink,
    speed_table,
    tokens_table,
)
from toolformer.assets import EMBEDDED_MODEL, asset

LARGE = "gpt2-124m"
# The model of 124M takes seconds a text, and plainly half a minute: it gets fewer texts.
WORKS = {EMBEDDED_MODEL: Work(texts=200, plain_texts=16), LARGE: Work(texts=24, plain_texts=3)}
BARS = {EMBEDDED_MODEL: 15.0, LARGE: 4.0}
DOCUMENTS = 1_000_000
GPU_TEXTS = 1024


@dataclass(slots=True)
class Bench:
    """What the sections share: a place for weights and runs, and comparisons that are made once."""

    scratch: Path
    tokenizer: Path
    share: float
    compared: dict[str, Comparison]

    def comparisons(self) -> list[Comparison]:
        """Returns both models' comparisons; three sections are read off them."""
        for name, work in WORKS.items():
            if name not in self.compared:
                self.compared[name] = compare(
                    name,
                    shrink(work, self.share),
                    tokenizer=self.tokenizer,
                    scratch=self.scratch,
                )
        return list(self.compared.values())


def tokens(bench: Bench) -> tuple[str, list[str]]:
    """Tokens forwarded per text, beside the floor."""
    return "Tokens forwarded", [tokens_table(bench.comparisons())]


def speed(bench: Bench) -> tuple[str, list[str]]:
    """Wall clock against the plain implementation."""
    return "Wall clock", [speed_table(bench.comparisons(), bars=BARS)]


def limit(bench: Bench) -> tuple[str, list[str]]:
    """Closeness to dense forwards, and what is left."""
    work = shrink(Work(texts=4, plain_texts=1), bench.share)
    costs = profile(LARGE, work, tokenizer=bench.tokenizer, scratch=bench.scratch)
    return "Closeness to the limit", [limit_table(bench.comparisons()), profile_table(costs)]


def scaling(bench: Bench) -> tuple[str, list[str]]:
    """Time and memory against four sizes."""
    tables = list(scaling_tables(bench.scratch, share=bench.share))
    return f"Scaling ({SCALING_SHAPE})", tables


def overhead(bench: Bench) -> tuple[str, list[str]]:
    """What is not the model."""
    count = max(1000, round(DOCUMENTS * bench.share))
    return "Pipeline overhead", [overhead_table(measure_overhead(bench.scratch, documents=count))]


SECTIONS: dict[str, Callable[[Bench], tuple[str, list[str]]]] = {
    "tokens": tokens,
    "speed": speed,
    "limit": limit,
    "scaling": scaling,
    "overhead": overhead,
}


def main() -> None:
    """Runs the sections that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(SECTIONS), help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--write", type=Path, help="put the tables into this file")
    parser.add_argument("--share", type=float, default=1.0, help="of the work, for a try")
    parser.add_argument(
        "--tokenizer",
        type=Path,
        default=Path("../shared/data/tokenizers/gpt-2"),
        help="of the random models; nano's where there is none",
    )
    parser.add_argument("--gpu", action="store_true", help="the GPU's measurement alone")
    parser.add_argument("--peak-tflops", type=float, help="of a GPU that is not known here")
    given = parser.parse_args()
    names = [name.strip() for name in given.only.split(",")]
    unknown = sorted(set(names) - set(SECTIONS))
    if unknown:
        parser.error(f"unknown section {unknown[0]!r}: there are {', '.join(SECTIONS)}")
    with scratch_directory() as scratch:
        bench = Bench(Path(scratch), given.tokenizer, given.share, compared={})
        if given.gpu:
            _publish("gpu", *_gpu(bench, peak_flops(given.peak_tflops)), path=given.write)
            return
        for name in names:
            title, parts = SECTIONS[name](bench)
            _publish(name, title, parts, path=given.write)


def _gpu(bench: Bench, peak: float) -> tuple[str, list[str]]:
    there = bench.tokenizer.is_dir()
    found = measure_gpu(
        GPU_SHAPE,
        tokenizer=bench.tokenizer if there else asset(EMBEDDED_MODEL),
        texts=max(8, round(GPU_TEXTS * bench.share)),
        out=bench.scratch,
        peak=peak,
    )
    return f"On a GPU ({torch.cuda.get_device_name()})", [gpu_table(GPU_SHAPE, found)]


def _publish(name: str, title: str, parts: list[str], *, path: Path | None) -> None:
    settings = {
        "dtype": "bfloat16" if name == "gpu" else "float32",
        "texts": "of 100 tokens under prompts of about 300, k = m = 5",
        "torch": f"{torch.__version__}, {torch.get_num_threads()} threads",
    }
    if name in ("scaling", "overhead"):
        del settings["texts"]
    text = report.section(f"Engine: {title}", parts, module="benchmarks.bench", settings=settings)
    report.publish(text, name=f"bench-{name}", path=path)


if __name__ == "__main__":
    main()
