"""The tables of the study of API-Bank: `python -m benchmarks.api_bank`.

Without --answers the published answers of five systems are scored; with it, those of your own.
"""

import argparse
from pathlib import Path

from benchmarks import report
from toolformer.studies.api_bank.answers import read_answers
from toolformer.studies.api_bank.rouge import rouge_1
from toolformer.studies.api_bank.rows import read_rows
from toolformer.studies.api_bank.scores import score_groups
from toolformer.studies.api_bank.tables import score_rows

DATA = Path("../shared/data/apibank")


def main() -> None:
    """Runs the benchmark."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--answers", nargs="+", help="files of `toolformer study api-bank predict`")
    made.add_argument("--rows", default=str(DATA / "test.jsonl.gz"), help="that were answered")
    made.add_argument("--train", default=str(DATA / "train.jsonl.gz"), help="that were trained on")
    made.add_argument("--name", default="published", help="of the section")
    made.add_argument("--title", default="The published answers")
    made.add_argument("--write", type=Path, help="put the tables into this page of docs/results/")
    given = made.parse_args()
    rows = list(read_rows(given.rows))
    seen = frozenset(name for row in read_rows(given.train) for name in row.function_names)
    rouge = rouge_1()
    groups = {}
    for path in given.answers or [str(DATA / "predictions.jsonl.gz")]:
        for system, answers in read_answers(path, rows).items():
            groups[system] = score_groups(answers, seen=seen, rouge=rouge)
    parts = [
        report.table(*score_rows(groups)),
        "95 % intervals, from 2,000 draws of as many answers:",
        report.table(*score_rows(groups, intervals=True)),
    ]
    settings = {"rows": f"{len(rows):,}", "functions trained on": f"{len(seen):,}"}
    text = report.section(given.title, parts, module="benchmarks.api_bank", settings=settings)
    report.publish(text, name=given.name, path=given.write)


if __name__ == "__main__":
    main()
