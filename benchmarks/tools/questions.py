"""The QA tool on open questions: `python -m benchmarks.tools.questions --model build/smollm2`.

Exact match, as SQuAD counts it, of what a language model reads in the passages that BM25 finds in
Wikipedia articles. Most questions are about articles that are not in the corpus: the share whose
answer stands in the passages is what a perfect reader would reach.
"""

import argparse
import re
import string
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from benchmarks import report
from benchmarks.tools.search import Question, natural_questions, pages, web_questions
from toolformer.calls import ToolCall
from toolformer.lm.lending import lent
from toolformer.lm.registry import load_model
from toolformer.tools.builtin.search import found_passages
from toolformer.tools.search import SearchIndex, build_index
from toolformer.tools.toolbox import Toolbox

PASSAGES, CHARACTERS = 2, 1000  # as the tool reads them
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def main() -> None:
    """Runs the benchmark."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--model", default="build/smollm2")
    made.add_argument("--questions", type=int, default=200, help="of each set, drawn")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--index", type=Path, help="that is there already, or is to stay")
    made.add_argument("--shared", type=Path, default=Path("../shared/data"))
    made.add_argument("--write", type=Path, help="put the tables into this page of docs/results/")
    given = made.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = given.index or Path(folder) / "index"
        if not out.exists():
            build_index(pages(given.shared), out)
        rows = []
        with (
            Toolbox([f"qa:index={out}"]) as toolbox,
            toolbox.lending(lent(load_model(given.model))),
        ):
            for name, questions in (
                ("NQ-open, half of the development set", natural_questions(given.shared)),
                ("WebQuestions, validation", web_questions(given.shared)),
            ):
                drawn = Random(given.seed).sample(questions, given.questions)
                rows.append(asked(name, drawn, toolbox, SearchIndex(out)))
    parts = [
        report.table(
            [
                *("questions", "number", "answer in the passages", "answered"),
                *("exact match", "of those answered", "questions/s"),
            ],
            rows,
        )
    ]
    settings = {"reader": given.model, "passages": PASSAGES, "seed": given.seed}
    text = report.section(
        "Questions", parts, module="benchmarks.tools.questions", settings=settings
    )
    report.publish(text, name="questions", path=given.write)


def asked(
    name: str, questions: Sequence[Question], toolbox: Toolbox, index: SearchIndex
) -> list[report.Cell]:
    """Asks all questions; returns a row of the table."""
    there = 0
    for question in questions:
        passage = found_passages(
            question.text, index, results=PASSAGES, characters=CHARACTERS
        ).casefold()
        there += any(answer.casefold() in passage for answer in question.answers)
    calls = [ToolCall("QA", question.text) for question in questions]
    began = time.perf_counter()
    results = toolbox.execute(calls)
    seconds = time.perf_counter() - began
    answered = right = 0
    for question, result in zip(questions, results, strict=True):
        if result.output is not None:
            answered += 1
            right += plain(result.output) in map(plain, question.answers)
    count = len(questions)
    return [
        name,
        count,
        report.percent(there, count),
        report.percent(answered, count),
        report.percent(right, count),
        report.percent(right, answered),
        f"{count / seconds:.1f}",
    ]


def plain(text: str) -> str:
    """Returns an answer as SQuAD's exact match compares it.

    >>> plain("The Beatles!")
    'beatles'
    """
    kept = "".join(sign for sign in text.casefold() if sign not in string.punctuation)
    return " ".join(_ARTICLES.sub(" ", kept).split())


if __name__ == "__main__":
    main()
