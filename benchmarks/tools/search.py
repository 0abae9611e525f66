"""The search tool's index over Wikipedia articles: `python -m benchmarks.tools.search`.

How long it takes to build, how large it is, how fast it answers, and how often an answer to an open
question stands in what it finds. Most questions are about articles that are not in the corpus.
"""

import argparse
import gzip
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import report
from toolformer.corpus.read import read_corpus
from toolformer.tools.search import Page, SearchIndex, build_index

MOST = 5  # passages that are looked at


@dataclass(frozen=True, slots=True)
class Question:
    """An open question, and what would answer it."""

    text: str
    answers: Sequence[str]


def main() -> None:
    """Runs the benchmark."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--shared", type=Path, default=Path("../shared/data"))
    made.add_argument("--write", type=Path, help="put the tables into this page of docs/results/")
    given = made.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "index"
        began = time.perf_counter()
        built = build_index(pages(given.shared), out)
        seconds = time.perf_counter() - began
        megabytes = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6
        index = SearchIndex(out)
        rows = [
            asked(name, questions, index)
            for name, questions in (
                ("NQ-open, half of the development set", natural_questions(given.shared)),
                ("WebQuestions, validation", web_questions(given.shared)),
            )
        ]
    parts = [
        report.table(
            ["articles", "passages", "built in", "on disk"],
            [[built.pages, built.passages, f"{seconds:.0f} s", f"{megabytes:.0f} MB"]],
        ),
        report.table(
            ["questions", "number", "queries/s", "answer in the first", f"in the first {MOST}"],
            rows,
        ),
    ]
    text = report.section(
        "Search", parts, module="benchmarks.tools.search", settings={"threads": 1}
    )
    report.publish(text, name="search", path=given.write)


def pages(shared: Path) -> Iterator[Page]:
    """Yields the articles."""
    for document in read_corpus(shared / "wikipedia" / "train.jsonl.xz"):
        yield Page(str(document.meta["title"]), document.text)


def natural_questions(shared: Path) -> list[Question]:
    """Returns the questions of NQ-open."""
    with gzip.open(shared / "qa" / "nq_open_dev_half.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [Question(row["question"], row["answer"]) for row in map(_row, lines)]


def web_questions(shared: Path) -> list[Question]:
    """Returns the questions of WebQuestions."""
    with (shared / "qa" / "webquestions_val.jsonl").open(encoding="utf-8") as lines:
        return [Question(row["qText"], row["answers"]) for row in map(_row, lines)]


def asked(name: str, questions: Sequence[Question], index: SearchIndex) -> list[report.Cell]:
    """Asks all questions; returns a row of the table."""
    began = time.perf_counter()
    found = [index.search(question.text, most=MOST) for question in questions]
    seconds = time.perf_counter() - began
    first = any_five = 0
    for question, passages in zip(questions, found, strict=True):
        told = [
            any(answer.casefold() in each.passage.text.casefold() for answer in question.answers)
            for each in passages
        ]
        first += told[:1] == [True]
        any_five += any(told)
    count = len(questions)
    return [
        name,
        count,
        f"{count / seconds:.0f}",
        report.percent(first, count),
        report.percent(any_five, count),
    ]


def _row(line: str) -> Mapping[str, Any]:
    row: Mapping[str, Any] = json.loads(line)
    return row


if __name__ == "__main__":
    main()
