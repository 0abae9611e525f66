"""What the benchmarks of annotation in context are told, and where their runs and tables go."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import measure, report
from toolformer.annotate import AnnotateConfig
from toolformer.lm.base import LanguageModel

MODEL = "build/smollm2"  # `make smollm2`
OUT = Path("build/in-context")
# Settings whose values in context mean another thing in the paper's way, or nothing.
_IN_CONTEXT = frozenset(
    {
        "method",
        "nearest",
        "rounds",
        "gain_threshold",
        "min_used",
        "min_help",
        "min_start_gain",
        "temperature",
    }
)


@dataclass(frozen=True, slots=True)
class Bench:
    """The options of one of these benchmarks."""

    name: str  # its module's, and its section's
    model: LanguageModel
    dtype: str
    shared: Path
    out: Path  # its runs stay here, and continue after a kill
    write: Path | None
    texts: int
    exemplars: int
    seed: int  # of annotation, and of what is drawn: exemplars, wrong calls, intervals
    settings: Mapping[str, Any]  # of `annotate`, as far as given

    def config(self, **changed: Any) -> AnnotateConfig:
        """Returns the settings of a run: those that were given, over those of the benchmark."""
        return AnnotateConfig(**(changed | dict(self.settings)))

    def paper_config(self, **changed: Any) -> AnnotateConfig:
        """Returns the settings of a run in the paper's way: without those for one in context."""
        kept = {name: value for name, value in self.settings.items() if name not in _IN_CONTEXT}
        return AnnotateConfig(**(changed | kept))

    def publish(self, title: str, parts: Sequence[str], **said: object) -> None:
        """Prints a section and puts it into its page.

        Args:
            title: of the section.
            parts: its paragraphs and tables.
            said: what a reader must know besides texts, seed and dtype.
        """
        described = {"dtype": self.dtype, "texts": self.texts, "seed": self.seed} | said
        text = report.section(
            title, parts, module=f"benchmarks.in_context.{self.name}", settings=described
        )
        report.publish(text, name=self.name, path=self.write)


def parser(description: str, *, texts: int, exemplars: int) -> argparse.ArgumentParser:
    """Returns a parser with the options that all of these benchmarks share.

    Args:
        description: of the benchmark.
        texts: how many by default.
        exemplars: how many by default.
    """
    made = measure.parser(description)
    made.set_defaults(model=MODEL)
    made.add_argument("--texts", type=int, default=texts)
    made.add_argument("--exemplars", type=int, default=exemplars, help="how many")
    return made


def read(arguments: argparse.Namespace, *, name: str) -> Bench:
    """Loads the model and keeps what was given."""
    if arguments.out is None:
        arguments.out = OUT / name
    options = measure.read_options(arguments)
    return Bench(
        name=name,
        model=options.model,
        dtype=arguments.dtype,
        shared=options.shared,
        out=options.out,
        write=options.write,
        texts=arguments.texts,
        exemplars=arguments.exemplars,
        seed=arguments.seed or 0,
        settings=options.settings,
    )


def write_exemplars(texts: Sequence[str], folder: Path, *, name: str = "exemplars") -> Path:
    """Writes exemplars into a file, parted by blank lines, and returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.txt"
    path.write_text("\n\n".join(texts) + "\n", encoding="utf-8")
    return path
