"""What a dry run says that a corpus takes, and what it takes: `python -m benchmarks.dry_run`.

Each corpus is drawn from first and annotated whole after it, by the same loaded model.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import report
from benchmarks.gsm8k import read_solutions
from recipes.data.sources import read_c4
from toolformer.annotate import annotate
from toolformer.annotate.dry_run import DryRun, dry_run
from toolformer.assets import SAMPLE_CORPUS, asset
from toolformer.corpus import read_corpus
from toolformer.lm.base import LanguageModel
from toolformer.lm.registry import load_model
from toolformer.records import Document
from toolformer.tools.registry import default_tools, load_tools

_LONGEST = 4000  # characters of a page or an article


@dataclass(frozen=True, slots=True)
class Compared:
    """A corpus, what a dry run said of it, and what it took."""

    name: str
    model: str
    tried: DryRun
    dry_s: float
    seconds: float
    bytes: int


def main() -> None:
    """Runs the benchmark."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--draw", type=int, default=50, help="documents of each dry run")
    made.add_argument("--texts", type=int, default=600, help="of each corpus that nano annotates")
    made.add_argument("--real", help="a model that is tried in context on GSM8K")
    made.add_argument("--real-texts", type=int, default=60)
    made.add_argument("--real-draw", type=int, default=20)
    made.add_argument("--shared", type=Path, default=Path("../shared/data"))
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--write", type=Path, help="put the table into this page of docs/results/")
    given = made.parse_args()
    nano = load_model("nano")
    solutions = [Document(name, each.text) for name, each in read_solutions(given.shared).items()]
    corpora = {
        "the sample corpus": list(read_corpus(asset(SAMPLE_CORPUS))),
        "GSM8K's solutions": solutions,
        "web pages (C4)": _clipped((each.id, each.text) for each in read_c4(given.shared)),
    }
    found = [
        compare(name, texts[: given.texts], nano, draw=given.draw, seed=given.seed)
        for name, texts in corpora.items()
    ]
    if given.real:
        real = load_model(given.real)
        name = "GSM8K's solutions, in context"
        some = solutions[: given.real_texts]
        draw = given.real_draw
        found.append(compare(name, some, real, draw=draw, seed=given.seed, tools="calculator"))
    text = report.section(
        "Dry runs",
        [table(found), "Bar: within 25 % of the whole run."],
        module="benchmarks.dry_run",
        settings={"drawn": given.draw, "seed": given.seed},
    )
    report.publish(text, name="dry-run", path=given.write)


def compare(
    name: str,
    texts: Sequence[Document],
    model: LanguageModel,
    *,
    draw: int,
    seed: int,
    tools: str | None = None,
) -> Compared:
    """Draws from a corpus, annotates it whole, and returns both."""
    loaded = default_tools() if tools is None else load_tools(tools)
    began = time.perf_counter()
    tried = dry_run(list(texts), draw, model=model, tools=loaded, config={"seed": seed})
    between = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        run = annotate(
            list(texts), model=model, tools=loaded, out=Path(folder) / "run", config={"seed": seed}
        )
        seconds = time.perf_counter() - between
        size = sum(path.stat().st_size for path in run.shards().values())
    return Compared(name, model.name, tried, between - began, seconds, size)


def table(found: Sequence[Compared]) -> str:
    """Returns a row per corpus."""
    return report.table(
        [
            *("corpus", "model", "texts", "drawn", "the dry run took, s", "it said, s"),
            *("95 % of samples, s", "the whole run took, s", "off by", "disk said", "disk"),
        ],
        [
            [
                each.name,
                each.model,
                each.tried.estimate.documents,
                len(each.tried.sample.documents),
                f"{each.dry_s:.0f}",
                f"{each.tried.estimate.seconds:.0f}",
                f"± {each.tried.estimate.margin_s:.0f}",
                f"{each.seconds:.0f}",
                f"{100 * (each.tried.estimate.seconds / each.seconds - 1):+.0f} %",
                f"{each.tried.estimate.bytes / 1e3:.0f} kB",
                f"{each.bytes / 1e3:.0f} kB",
            ]
            for each in found
        ],
    )


def _clipped(pages: Iterator[tuple[str, str]]) -> list[Document]:
    return [Document(name, text[:_LONGEST]) for name, text in pages]


if __name__ == "__main__":
    main()
