"""Annotates with a clock running: how long it took, what was forwarded, how much memory it needed.

Also the options that all benchmarks share, so that one command line reads like the next.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import report
from toolformer.annotate import AnnotateConfig, annotate
from toolformer.lm.base import LanguageModel
from toolformer.lm.registry import load_model
from toolformer.records import Document
from toolformer.runs.directory import Run
from toolformer.tools.base import Tool

# Of `annotate`, given as they are.
_SETTINGS = (
    "method",
    "nearest",
    "rounds",
    "gain_threshold",
    "min_used",
    "min_help",
    "min_start_gain",
    "min_prob",
    "max_positions",
    "samples",
    "temperature",
    "seed",
    "max_documents",
)


@dataclass(frozen=True, slots=True)
class Options:
    """What every benchmark is told."""

    shared: Path
    model: LanguageModel
    out: Path
    write: Path | None
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measured:
    """A finished run and what it cost."""

    run: Run
    documents: int
    seconds: float
    tokens: dict[str, int]  # forwarded, by what for
    peak_mb: float

    def cost(self) -> str:
        """Returns documents a second, tokens per text and peak memory as a table."""
        per_text = {name: f"{count / self.documents:.0f}" for name, count in self.tokens.items()}
        header = ["texts", "seconds", "texts/s", *(f"{name} tokens/text" for name in per_text)]
        row: list[report.Cell] = [
            self.documents,
            f"{self.seconds:.1f}",
            f"{self.documents / self.seconds:.2f}",
            *per_text.values(),
        ]
        total = sum(self.tokens.values()) / self.documents
        return report.table(
            [*header, "all tokens/text", "peak memory"],
            [[*row, f"{total:.0f}", f"{self.peak_mb:.0f} MB"]],
        )


def parser(description: str) -> argparse.ArgumentParser:
    """Returns a parser with the options of every benchmark."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--model", default="nano", help="a directory, a Hub id or nano")
    made.add_argument("--shared", type=Path, default=Path("../shared/data"))
    made.add_argument("--out", type=Path, help="keep the run here; default: a temporary directory")
    made.add_argument("--write", type=Path, help="put the tables into this page of docs/results/")
    made.add_argument("--dtype", default="float32")
    made.add_argument("--device", default="auto")
    made.add_argument("--batch-tokens", type=int)
    made.add_argument("--method", choices=("in-context", "paper"), help="default: the model's")
    made.add_argument("--nearest", type=int, help="exemplars of a pool that a text is shown")
    made.add_argument("--rounds", type=int, help="each behind what was kept before")
    made.add_argument("--threshold", type=_threshold, dest="gain_threshold", help="nats, or auto")
    made.add_argument("--min-used", type=float, help="nats that an output must save")
    made.add_argument("--min-help", type=float, help="nats that a call must save")
    made.add_argument("--min-prob", type=float, help="τs")
    made.add_argument("--min-start-gain", type=float, help="nats that a place must gain")
    made.add_argument("--max-positions", type=int, help="k")
    made.add_argument("--samples", type=int, help="m")
    made.add_argument("--temperature", type=float)
    made.add_argument("--max-documents", type=int)
    made.add_argument("--seed", type=int)
    return made


def read_options(arguments: argparse.Namespace) -> Options:
    """Loads the model and keeps the settings that were given."""
    given = {name: getattr(arguments, name) for name in _SETTINGS}
    return Options(
        shared=arguments.shared,
        model=load_model(
            arguments.model,
            dtype=arguments.dtype,
            device=arguments.device,
            batch_tokens=arguments.batch_tokens,
        ),
        out=arguments.out or Path(tempfile.mkdtemp(prefix="toolformer-benchmark-")),
        write=arguments.write,
        settings={name: value for name, value in given.items() if value is not None},
    )


def measure(documents: Sequence[Document], tools: Sequence[Tool], options: Options) -> Measured:
    """Annotates documents and says what it cost; a run that is there already costs nothing."""
    usage = options.model.usage
    before = {name: getattr(usage, name) for name in ("prompt", "text", "decode", "score")}
    start = time.perf_counter()
    run = annotate(
        list(documents),
        model=options.model,
        tools=tools,
        out=options.out,
        on_progress=lambda progress: _show(progress.documents, start),
        config=AnnotateConfig(**options.settings),
    )
    print(file=sys.stderr)
    return Measured(
        run=run,
        documents=run.stats().documents,
        seconds=time.perf_counter() - start,
        tokens={name: getattr(usage, name) - count for name, count in before.items()},
        peak_mb=peak_memory_mb(),
    )


def settings_of(run: Run) -> dict[str, object]:
    """Returns the settings that a reader of a table needs, from the run's manifest."""
    thresholds = run.thresholds
    tools = []
    for tool in run.manifest.tools:
        # By the paper's rule the two numbers are one, τf.
        least = str(thresholds[tool.name])
        least = f"τf {least}" if thresholds[tool.name].are_equal else least
        calibrated = ", calibrated" if tool.calibrated else ""
        start = "" if tool.min_start_gain is None else f"start gain {tool.min_start_gain:g}, "
        least_gain = tool.prune_below
        pruned = "nothing pruned" if least_gain is None else f"prune below {least_gain:g}"
        tools.append(
            f"{tool.name} (τs {tool.min_prob:g}, {start}{least}{calibrated}, "
            f"k {tool.max_positions}, m {tool.samples}, {pruned})"
        )
    config = run.manifest.config
    return {
        "model": f"{run.manifest.model.name} ({run.manifest.model.fingerprint})",
        "prompt": config["prompt_style"],
        "temperature": f"{config['temperature']:g}",
        "seed": config["seed"],
        "tools": " and ".join(tools),
    }


def peak_memory_mb() -> float:
    """Returns the most memory this process has had, in MB; the GPU's is not in it."""
    status = Path("/proc/self/status")
    if status.exists():  # what the system says of a process otherwise includes its parent's
        lines = status.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def _show(documents: float, start: float) -> None:
    seconds = time.perf_counter() - start
    print(f"\r{documents:8.1f} texts, {seconds:6.0f} s", end="", file=sys.stderr, flush=True)


def _threshold(text: str) -> float | str:
    return text if text == "auto" else float(text)
