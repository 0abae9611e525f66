"""What `toolformer annotate` costs with nothing but defaults: `python -m benchmarks.demo`.

The embedded corpus with the default tools, as the demo runs it.
"""

from benchmarks import report
from benchmarks.measure import measure, parser, read_options, settings_of
from toolformer.assets import asset
from toolformer.corpus.read import read_corpus
from toolformer.tools.registry import default_tools

CORPUS = "sample.jsonl.gz"


def main() -> None:
    """Runs the benchmark."""
    options = read_options(parser("The demo's speed and memory.").parse_args())
    measured = measure(list(read_corpus(asset(CORPUS))), default_tools(), options)
    stats = measured.run.stats()
    rows: list[list[report.Cell]] = [
        [
            name,
            tool.texts_tried,
            tool.proposed,
            tool.executed,
            tool.scored,
            tool.kept,
            report.percent(tool.kept, tool.proposed),
        ]
        for name, tool in stats.tools.items()
    ]
    header = ["tool", "texts tried", "proposed", "executed", "scored", "kept", "kept share"]
    text = report.section(
        "The demo",
        [report.table(header, rows), "Cost:", measured.cost()],
        module="benchmarks.demo",
        settings=settings_of(measured.run),
    )
    report.publish(text, name="demo", path=options.write)


if __name__ == "__main__":
    main()
