"""What is kept in web pages as they come: `python -m benchmarks.c4 --model nano`.

Two hundred pages with all default tools. No page says what should be kept, so the listing is there
to be read: a kept call in it should look as if somebody meant it.
"""

from benchmarks import report
from benchmarks.measure import measure, parser, read_options, settings_of
from recipes.data.sources import read_c4
from toolformer.records import AnnotatedDocument, Document, Verdict
from toolformer.runs import read_selected
from toolformer.tools.registry import default_tools

TEXTS, LISTED = 200, 60
LONGEST = 2000  # characters of a page that are annotated


def main() -> None:
    """Runs the benchmark."""
    options = read_options(parser("Kept calls in web pages.").parse_args())
    # The last pages; the sample corpus may hold passages of any.
    pages = list(read_c4(options.shared))[-TEXTS:]
    documents = [Document(page.id, page.text[:LONGEST]) for page in pages]
    measured = measure(documents, default_tools(), options)
    annotated = list(read_selected(measured.run))
    stats = measured.run.stats()
    rows: list[list[report.Cell]] = [
        [
            name,
            tool.texts_tried,
            tool.proposed,
            tool.kept,
            f"{100 * tool.kept / stats.documents:.1f}",
        ]
        for name, tool in stats.tools.items()
    ]
    text = report.section(
        "Web pages (C4)",
        [
            report.table(["tool", "texts tried", "proposed", "kept", "kept per 100 texts"], rows),
            f"The kept calls (at most {LISTED}):",
            _listing(annotated),
            "Cost:",
            measured.cost(),
        ],
        module="benchmarks.c4",
        settings={
            "texts": f"{stats.documents} (first {LONGEST:,} characters)",
            **settings_of(measured.run),
        },
    )
    report.publish(text, name="c4", path=options.write)


def _listing(annotated: list[AnnotatedDocument]) -> str:
    rows: list[list[report.Cell]] = []
    for each in annotated:
        text = each.document.text
        for candidate in each.candidates:
            if candidate.verdict is not Verdict.KEPT or len(rows) == LISTED:
                continue
            place = candidate.position
            before, after = text[max(0, place - 60) : place], text[place : place + 40]
            call = f"`{candidate.tool}({candidate.arguments}) -> {candidate.output}`"
            rows.append([one_line(f"…{before}"), call, one_line(after), candidate.gain or 0.0])
    return report.table(["before", "call", "after", "gain"], rows)


def one_line(text: str) -> str:
    r"""Returns a text on one line.

    >>> one_line("a\n b")
    'a b'
    """
    return " ".join(text.split())


if __name__ == "__main__":
    main()
