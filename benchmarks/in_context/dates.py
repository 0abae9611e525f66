"""Calendar calls in notes of new wordings: `python -m benchmarks.in_context.dates`.

The notes are of twelve families; the exemplars, some of each kind of call, are worded otherwise,
and each note is shown the nearest.
"""

from collections.abc import Mapping, Sequence

from benchmarks import report
from benchmarks.in_context import options
from benchmarks.in_context.dated import (
    DateTold,
    as_documents,
    notes,
    precision,
    stated_date,
    told_all,
)
from benchmarks.in_context.intervals import wilson
from benchmarks.in_context.marks import calibration_table
from benchmarks.in_context.side_by_side import Way, annotate_in_turn
from benchmarks.measure import settings_of
from recipes.data.notes import Note
from recipes.real.exemplars import calendar_exemplars
from toolformer.annotate.demonstrations import write_exemplars
from toolformer.runs.directory import Run
from toolformer.tools.registry import load_tool

EXEMPLARS = 28  # four of each kind


def main() -> None:
    """Runs the benchmark."""
    made = options.parser("Calendar calls in dated notes.", texts=240, exemplars=EXEMPLARS)
    bench = options.read(made.parse_args(), name="dates")
    dated = notes(count=bench.texts, seed=bench.seed)
    bench.out.mkdir(parents=True, exist_ok=True)
    exemplars = bench.out / "exemplars.jsonl"
    write_exemplars(exemplars, calendar_exemplars(count=bench.exemplars, seed=bench.seed))
    config = bench.config(method="in-context", exemplars=exemplars)
    way = Way(bench.model, [load_tool("calendar")], config)
    run = annotate_in_turn(as_documents(dated), {"dates": way}, out=bench.out)["dates"].run
    found = told_all(run.documents(), dated)
    bench.publish(
        "Dates told in notes of new wordings",
        [
            _told(found, seed=bench.seed),
            "Bars: right call proposed ≥ 75 %, goal 90 %; kept ≥ 70 % at ≥ 95 %, goal 85 %.",
            calibration_table(run),
            "By family of notes:",
            _by_family(found),
            "Some that were not told:",
            _untold(run, found, dated),
        ],
        exemplars=bench.exemplars,
        **{"in context": settings_of(run)["tools"]},
    )


def _told(found: Sequence[DateTold], *, seed: int) -> str:
    return report.table(
        ["notes", "right call proposed", "kept", "kept calls", "the text goes on with the output"],
        [
            [
                len(found),
                str(wilson(sum(each.is_proposed for each in found), len(found))),
                str(wilson(sum(each.is_told for each in found), len(found))),
                sum(each.kept for each in found),
                str(precision(found, seed=seed)),
            ]
        ],
    )


def _by_family(found: Sequence[DateTold]) -> str:
    families = dict.fromkeys(each.family for each in found)
    of = {family: [each for each in found if each.family == family] for family in families}
    return report.table(
        ["family", "notes", "right call proposed", "kept", "kept calls", "right"],
        (
            [
                family,
                len(some),
                sum(each.is_proposed for each in some),
                sum(each.is_told for each in some),
                sum(each.kept for each in some),
                sum(each.right for each in some),
            ]
            for family, some in of.items()
        ),
    )


def _untold(run: Run, found: Sequence[DateTold], dated: Mapping[str, Note]) -> str:
    rows: list[list[report.Cell]] = []
    seen: set[str] = set()
    for annotated, told in zip(run.documents(), found, strict=True):
        if told.is_told or told.family in seen:
            continue
        seen.add(told.family)
        stated = stated_date(dated[annotated.document.id])
        there = [each for each in annotated.candidates if each.position == stated.place]
        calls = (f"`{c.arguments}` → {c.output or c.error}: {c.verdict}" for c in there[:3])
        wanted = f"`{stated.arguments}` → {stated.value}"
        rows.append([annotated.document.text, wanted, "; ".join(calls) or "no place there"])
    return report.table(["note", "wanted", "at its place"], rows)


if __name__ == "__main__":
    main()
