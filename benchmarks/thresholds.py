"""Kept texts per tool at three thresholds: `python -m benchmarks.thresholds RUN`.

One run answers for all of them, without its model: the shape of the paper's Table 2.
"""

import argparse
from pathlib import Path

from benchmarks import report
from benchmarks.measure import settings_of
from toolformer.runs.directory import Run
from toolformer.runs.reading import count_by_threshold
from toolformer.runs.stats import ToolStats

THRESHOLDS = (0.5, 1.0, 2.0)  # τf, nats; the paper's


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description="Kept texts per tool by threshold.")
    parser.add_argument("run", type=Path, help="a run directory")
    parser.add_argument("--write", type=Path, help="put the table into this file")
    arguments = parser.parse_args()
    run = Run.open(arguments.run)
    counted = count_by_threshold(run, list(THRESHOLDS))
    rows: list[list[report.Cell]] = []
    for tool in (each.name for each in run.manifest.tools):
        found = [
            None if stats is None else stats.tools.get(tool, ToolStats())
            for stats in counted.values()
        ]
        tried = max((each.texts_tried for each in found if each is not None), default=0)
        kept = ("not in this run" if each is None else each.texts_kept for each in found)
        rows.append([tool, tried, *kept])
    text = report.section(
        "Kept texts by threshold",
        [report.table(["tool", "texts tried", *(f"τf {nats}" for nats in THRESHOLDS)], rows)],
        module="benchmarks.thresholds",
        settings=settings_of(run),
    )
    report.publish(text, name="thresholds", path=arguments.write)


if __name__ == "__main__":
    main()
