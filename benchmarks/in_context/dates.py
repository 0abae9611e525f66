"""Calendar calls in dated notes: `python -m benchmarks.in_context.dates`.

The notes are of twelve families. Each is shown the nearest of exemplars of each kind of call, which
are worded otherwise; and, beside it, of notes of the same families with other dates.
"""

from collections.abc import Mapping, Sequence

from benchmarks import report
from benchmarks.in_context import options
from benchmarks.in_context.judging.dated import (
    DateTold,
    as_documents,
    dated_exemplars,
    notes,
    precision,
    stated_date,
    told_all,
)
from benchmarks.in_context.judging.intervals import wilson
from benchmarks.in_context.marks import calibration_table
from benchmarks.in_context.running.side_by_side import Way, annotate_in_turn
from benchmarks.measure import settings_of
from recipes.data.notes import Note
from recipes.real.exemplars import calendar_exemplars
from toolformer.annotate.demonstrations import Demonstration, write_exemplars
from toolformer.runs.directory import Run
from toolformer.tools.registry import load_tool

EXEMPLARS = 28  # four of each kind
OTHERWISE, ALIKE = "exemplars worded otherwise", "exemplars of the notes' families"


def main() -> None:
    """Runs the benchmark."""
    made = options.parser("Calendar calls in dated notes.", texts=240, exemplars=EXEMPLARS)
    bench = options.read(made.parse_args(), name="dates")
    dated = notes(count=bench.texts, seed=bench.seed)
    exemplars = {
        OTHERWISE: calendar_exemplars(count=bench.exemplars, seed=bench.seed),
        ALIKE: dated_exemplars(count=bench.exemplars, seed=bench.seed + 1),
    }
    ways = {name: _way(name, shown, bench) for name, shown in exemplars.items()}
    done = annotate_in_turn(as_documents(dated), ways, out=bench.out)
    found = {name: told_all(way.run.documents(), dated) for name, way in done.items()}
    run = done[OTHERWISE].run
    bench.publish(
        "Dates told in notes",
        [
            _told(found, seed=bench.seed),
            "Bars: right call proposed ≥ 75 %, goal 90 %; kept ≥ 70 % at ≥ 95 %, goal 85 %.",
            calibration_table(run),
            f"By family of notes, {OTHERWISE}:",
            _by_family(found[OTHERWISE]),
            "Some that were not told:",
            _untold(run, found[OTHERWISE], dated),
        ],
        exemplars=bench.exemplars,
        **{name: settings_of(way.run)["tools"] for name, way in done.items()},
    )


def _way(name: str, shown: Sequence[Demonstration], bench: options.Bench) -> Way:
    bench.out.mkdir(parents=True, exist_ok=True)
    path = bench.out / f"{name}.jsonl"
    write_exemplars(path, shown)
    config = bench.config(method="in-context", exemplars=path)
    return Way(bench.model, [load_tool("calendar")], config)


def _told(ways: Mapping[str, Sequence[DateTold]], *, seed: int) -> str:
    header = ["", "notes", "right call proposed", "kept", "kept calls"]
    return report.table(
        [*header, "the text continues with what they tell"],
        (
            [
                name,
                len(found),
                str(wilson(sum(each.is_proposed for each in found), len(found))),
                str(wilson(sum(each.is_told for each in found), len(found))),
                sum(each.kept for each in found),
                str(precision(found, seed=seed)),
            ]
            for name, found in ways.items()
        ),
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
