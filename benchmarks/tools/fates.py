"""What becomes of the calls of search, QA and MT: `python -m benchmarks.tools.fates`.

A model as it comes annotates, behind the tools' own exemplars, texts that suit them: sentences of
T-REx for search and QA, over Wikipedia's articles; for MT, English paragraphs of XQuAD in which a
Spanish sentence stands in front of its translation. QA is annotated in the paper's way: SmolLM2, as
its reader, answers none of its exemplars, and what has no output cannot be shown in context. After
a kill the same command continues.
"""

import argparse
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from benchmarks import report
from benchmarks.tools.search import pages
from recipes.data.templates import template_sentences
from toolformer.annotate import AnnotateConfig, annotate
from toolformer.annotate.config import Method
from toolformer.calls import InlineGrammar
from toolformer.lm.registry import load_model
from toolformer.records import AnnotatedDocument, Verdict
from toolformer.runs.directory import Run
from toolformer.tools.search import build_index

SHOWN = 3  # kept calls of each tool
PER_SHARD = 10  # texts that a kill costs
AROUND = 160  # characters that are shown in front of a call
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def main() -> None:
    """Runs the benchmark."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--model", default="build/smollm2")
    made.add_argument("--texts", type=int, default=100, help="of each tool")
    made.add_argument("--tool", action="append", help="WikiSearch, QA, MT; all when left out")
    made.add_argument("--index", type=Path, help="that is there already; build/fates/index if not")
    made.add_argument("--out", type=Path, default=Path("build/fates"), help="keeps what was done")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--shared", type=Path, default=Path("../shared/data"))
    made.add_argument("--write", type=Path, help="put the tables into this page of docs/results/")
    given = made.parse_args()
    index = given.index or given.out / "index"
    if not index.exists():
        build_index(pages(given.shared), index)
    facts = [each.text for each in template_sentences(given.shared, count=given.texts)]
    translated = list(islice(translated_paragraphs(given.shared), given.texts))
    cases: dict[str, tuple[str, list[str], Method]] = {
        "WikiSearch": (f"search:index={index}", facts, "in-context"),
        "MT": ("translate", translated, "in-context"),
        "QA": (f"qa:index={index}", facts, "paper"),
    }
    model = load_model(given.model)
    runs = {
        name: annotate(
            texts,
            model=model,
            tools=spec,
            out=given.out / name,
            config=AnnotateConfig(method=method, seed=given.seed, documents_per_shard=PER_SHARD),
        )
        for name, (spec, texts, method) in cases.items()
        if not given.tool or name in given.tool
    }
    parts = [fates(runs), "Some that were kept:", kept(runs)]
    settings = {"texts": given.texts, "model": given.model, "seed": given.seed}
    text = report.section("Fates", parts, module="benchmarks.tools.fates", settings=settings)
    report.publish(text, name="fates", path=given.write)


def translated_paragraphs(shared: Path) -> Iterator[str]:
    """Yields paragraphs in which a sentence stands in Spanish before it does in English.

    Only paragraphs that have as many sentences in both languages are taken.
    """
    paragraphs: dict[str, dict[str, str]] = {}
    for code in ("en", "es"):
        name = shared / "xquad" / f"{code}.jsonl.gz"
        with gzip.open(name, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                paragraphs.setdefault(row["id"], {})[code] = row["context"].lstrip("\ufeff")
    seen = set[str]()
    for each in paragraphs.values():
        if len(each) < 2 or each["en"] in seen:
            continue
        seen.add(each["en"])
        english, spanish = (_SENTENCE.split(each[code]) for code in ("en", "es"))
        if len(english) == len(spanish) >= 3:
            yield f"{english[0]} “{spanish[1]}” {english[1]} {english[2]}"


def fates(runs: dict[str, Run]) -> str:
    """Returns what became of the calls, tool by tool."""
    stats = {name: run.stats().tools[name] for name, run in runs.items()}
    found = Counter[str]()
    for each in stats.values():
        found.update(each.verdicts)
    verdicts = [verdict for verdict, _ in found.most_common() if verdict != Verdict.KEPT]
    rows: list[list[report.Cell]] = []
    for name, each in stats.items():
        count = runs[name].stats().documents
        counted = [each.verdicts.get(verdict, 0) for verdict in verdicts]
        proposed, kept_calls = each.proposed, each.verdicts.get(Verdict.KEPT, 0)
        share = report.percent(each.texts_kept, count)
        method = runs[name].manifest.config["method"]
        rows.append([name, method, count, each.texts_tried, proposed, kept_calls, share, *counted])
    return report.table(
        ["tool", "method", "texts", "tried", "calls", "kept", "texts with a kept call", *verdicts],
        rows,
    )


def kept(runs: dict[str, Run]) -> str:
    """Returns some texts up to a kept call, with what follows it."""
    rows = [
        [name, _shown(annotated)]
        for name, run in runs.items()
        for annotated in islice((each for each in run.documents() if each.kept), SHOWN)
    ]
    return report.table(["tool", "text"], rows)


def _shown(annotated: AnnotatedDocument) -> str:
    first, text = annotated.kept[0], annotated.document.text
    start, end = max(0, first.position - AROUND), first.position + AROUND
    moved = type(first)(first.position - start, first.call, first.output)
    return " ".join(InlineGrammar().render(text[start:end], [moved]).replace("|", "\\|").split())


if __name__ == "__main__":
    main()
