"""The translation tool on XQuAD's Spanish questions: `python -m benchmarks.tools.translation`.

Whether their language is found, how near a translation by Apertium is to the English question that
XQuAD has beside each, and how many calls a second there are, together and one by one.
"""

import argparse
import gzip
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import sacrebleu

from benchmarks import report
from toolformer.calls import ToolCall
from toolformer.tools.result import ToolResult
from toolformer.tools.toolbox import Toolbox
from toolformer.tools.translating.languages import language_of

ONE_BY_ONE = 50  # calls that are timed one by one


def main() -> None:
    """Runs the benchmark."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--shared", type=Path, default=Path("../shared/data"))
    made.add_argument("--write", type=Path, help="put the tables into this page of docs/results/")
    given = made.parse_args()
    english, spanish = (questions(given.shared, code) for code in ("en", "es"))
    ids = [each for each in spanish if each in english]
    languages = [language_of(spanish[each]) for each in ids]
    found = sum(each.code == "es" for each in languages)
    certain = [each.code for each in languages if each.is_certain]
    rows = []
    for spec, name in (("translate", "found out"), ("translate:source=es", "told")):
        results, seconds = translated(spec, [spanish[each] for each in ids])
        kept = [index for index, result in enumerate(results) if result.output is not None]
        outputs = [results[index].output or "" for index in kept]
        wanted = [[english[ids[index]] for index in kept]]
        rows.append(
            [
                name,
                len(ids),
                report.percent(len(kept), len(ids)),
                f"{sacrebleu.corpus_chrf(outputs, wanted).score:.1f}",
                f"{sacrebleu.corpus_bleu(outputs, wanted).score:.1f}",
                f"{len(ids) / seconds:.0f}",
            ]
        )
    alone = one_by_one([spanish[each] for each in ids[:ONE_BY_ONE]])
    parts = [
        report.table(
            ["questions", "language found", "and certain (> .8)", "of these, wrong"],
            [
                [
                    len(ids),
                    report.percent(found, len(ids)),
                    report.percent(len(certain), len(ids)),
                    sum(code != "es" for code in certain),
                ]
            ],
        ),
        report.table(
            ["language", "questions", "translated", "chrF", "BLEU", "calls/s together"], rows
        ),
        f"One by one, as a model that decodes calls it: {ONE_BY_ONE / alone:.1f} calls/s.",
    ]
    text = report.section(
        "Translation",
        parts,
        module="benchmarks.tools.translation",
        settings={"engine": "Apertium, Spanish to English"},
    )
    report.publish(text, name="translation", path=given.write)


def questions(shared: Path, code: str) -> Mapping[str, str]:
    """Returns the questions of a language by their ids."""
    with gzip.open(shared / "xquad" / f"{code}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {str(row["id"]): str(row["question"]) for row in rows}


def translated(spec: str, texts: Sequence[str]) -> tuple[list[ToolResult], float]:
    """Translates texts together; returns the results and the seconds."""
    with Toolbox([spec], workers=1) as toolbox:
        calls = [ToolCall("MT", text) for text in texts]
        began = time.perf_counter()
        return toolbox.execute(calls), time.perf_counter() - began


def one_by_one(texts: Sequence[str]) -> float:
    """Translates texts one after the other; returns the seconds."""
    with Toolbox(["translate:source=es"]) as toolbox:
        began = time.perf_counter()
        for text in texts:
            toolbox.execute([ToolCall("MT", text)])
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
