"""Facts told by look-ups, exemplars from other subjects: `python -m benchmarks.in_context.facts`.

Template sentences of T-REx's fold 2, one for each fact; the exemplars are sentences about subjects
of fold 1, of which each text is shown the nearest.
"""

from collections.abc import Mapping

from benchmarks import report
from benchmarks.in_context import options
from benchmarks.in_context.judging.told import (
    REPORTED_FOLD,
    as_documents,
    fates_table,
    is_right,
    sentences,
    told,
    told_all,
    told_table,
)
from benchmarks.in_context.marks import calibration_table
from benchmarks.in_context.running.side_by_side import Way, annotate_in_turn
from benchmarks.measure import settings_of
from benchmarks.stated import StatedFact
from recipes.real.exemplars import trex_exemplars
from toolformer.records import Verdict
from toolformer.runs.directory import Run
from toolformer.tools.registry import load_tool

LISTED = 12


def main() -> None:
    """Runs the benchmark."""
    made = options.parser("Facts told by look-ups.", texts=200, exemplars=300)
    made.add_argument("--fold", type=int, default=REPORTED_FOLD, help="1 or 3 to choose by")
    arguments = made.parse_args()
    bench = options.read(arguments, name="facts")
    stated = sentences(bench.shared, count=bench.texts, of_fold=arguments.fold)
    texts = trex_exemplars(bench.shared, count=bench.exemplars, seed=bench.seed)
    exemplars = options.write_exemplars(texts, bench.out)
    config = bench.config(method="in-context", exemplars=exemplars)
    way = Way(bench.model, [load_tool("database")], config)
    done = annotate_in_turn(as_documents(stated), {"facts": way}, out=bench.out)
    run = done["facts"].run
    found = {"nearest of a pool": told_all(run.documents(), stated)}
    bench.publish(
        "Facts told, exemplars of other subjects",
        [
            told_table(found, seed=bench.seed),
            "Bars: right call proposed ≥ 70 %, goal 85 %; facts told ≥ 60 % at ≥ 93 %, goal 80 % "
            "at 98 %.",
            calibration_table(run),
            "Where the facts went:",
            fates_table(found),
            "Some that were not told:",
            untold_table(run, stated),
        ],
        exemplars=bench.exemplars,
        fold=arguments.fold,
        **{"in context": settings_of(run)["tools"]},
    )


def untold_table(run: Run, stated: Mapping[str, StatedFact]) -> str:
    """Returns some facts that no kept call tells, with what stood for them."""
    rows: list[list[report.Cell]] = []
    for annotated in run.documents():
        each = stated[annotated.document.text]
        became = told(annotated, each)
        if became.fate == Verdict.KEPT or len(rows) == LISTED:
            continue
        right = [c for c in annotated.candidates if is_right(c, each.fact)]
        others = [c for c in annotated.candidates if c.arguments and c.position <= each.place]
        calls = (f"`{c.arguments}` → {c.output or c.verdict}" for c in (right or others)[:3])
        wanted = f"{each.fact.attribute} → {each.fact.object}"
        rows.append([annotated.document.text, wanted, became.fate, "; ".join(calls) or "–"])
    return report.table(["text", "wanted", "fate", "proposed"], rows)


if __name__ == "__main__":
    main()
