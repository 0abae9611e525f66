"""Right against wrong calls at the same places: `python -m benchmarks.in_context.auc`.

Calculator, database and calendar; in context behind exemplars of the same kind of text and behind
the tool's own, and in the paper's form, in front of the text.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.in_context import options
from benchmarks.in_context.judging.dated import notes
from benchmarks.in_context.judging.separation import separation
from benchmarks.in_context.judging.solutions import held_out
from benchmarks.in_context.judging.told import sentences
from benchmarks.in_context.judging.wrong_calls import JudgedCall, of_facts, of_notes, of_solutions
from benchmarks.in_context.running.scoring import CallAtPlace, score_in_context, score_in_front
from recipes.real.exemplars import calendar_exemplars, gsm8k_exemplars, trex_exemplars
from toolformer.annotate.demonstrations import write_exemplars
from toolformer.annotate.plan import make_plan
from toolformer.records import Losses
from toolformer.tools.registry import load_tool
from toolformer.tools.toolbox import Toolbox

EXEMPLARS = 8  # of sentences, and of notes
BARS = {"calculator": "≥ .93, goal .98", "database": "≥ .96, goal .99", "calendar": "≥ .97, goal 1"}


def main() -> None:
    """Runs the benchmark."""
    made = options.parser("Right against wrong calls.", texts=200, exemplars=4)
    bench = options.read(made.parse_args(), name="auc")
    judged = {
        "calculator": of_solutions(
            held_out(bench.shared, count=bench.texts), bench.model, seed=bench.seed
        ),
        "database": of_facts(
            sentences(bench.shared, count=bench.texts),
            bench.model,
            shared=bench.shared,
            seed=bench.seed,
        ),
        "calendar": of_notes(
            notes(count=bench.texts, seed=bench.seed), bench.model, seed=bench.seed
        ),
    }
    exemplars = exemplars_of(bench)
    rows: list[list[report.Cell]] = []
    for tool, calls in judged.items():
        rows += _rows(tool, calls, exemplars[tool], bench)
    header = ["", "right", "wrong", "AUC: used", "recall at 5 %, 1 %", "AUC: the less of both"]
    bench.publish(
        "Right against wrong calls at the same places",
        [
            report.table([*header, "recall at 5 %, 1 %", "bar"], rows),
            "Used is L(e(c, ε)) − L(e(c, r)); the less of both is the paper's rule, "
            "min(L(ε), L(e(c, ε))) − L(e(c, r)). Wrong calls by kind: "
            + "; ".join(f"{tool}: {_kinds(calls)}" for tool, calls in judged.items())
            + ".",
        ],
        exemplars=f"{bench.exemplars} of solutions, {EXEMPLARS} of sentences and notes",
    )


def exemplars_of(bench: options.Bench) -> dict[str, Path]:
    """Returns a file of exemplars by tool, all of which every text is shown."""
    texts = gsm8k_exemplars(bench.shared, count=bench.exemplars, seed=bench.seed)
    facts = trex_exemplars(bench.shared, count=EXEMPLARS, seed=bench.seed)
    bench.out.mkdir(parents=True, exist_ok=True)
    dated = bench.out / "calendar.jsonl"
    write_exemplars(dated, calendar_exemplars(count=EXEMPLARS, seed=bench.seed))
    return {
        "calculator": options.write_exemplars(texts, bench.out, name="calculator"),
        "database": options.write_exemplars(facts, bench.out, name="database"),
        "calendar": dated,
    }


def _rows(
    tool: str, judged: Sequence[JudgedCall], exemplars: Path, bench: options.Bench
) -> list[list[report.Cell]]:
    losses = _losses(tool, judged, exemplars, bench)
    right = [each.is_right for each in judged]
    texts = [each.at.text for each in judged]
    return [
        [
            f"{tool}, {name}",
            right.count(True),
            right.count(False),
            *_separated([each.used or 0.0 for each in found], right, texts, seed=bench.seed),
            *_separated([each.gain or 0.0 for each in found], right, texts, seed=bench.seed),
            BARS[tool] if name == "in context, units" else "",
        ]
        for name, found in losses.items()
    ]


def _losses(
    tool: str, judged: Sequence[JudgedCall], exemplars: Path, bench: options.Bench
) -> dict[str, list[Losses]]:
    """Returns the losses of calls in each form; what was scored before is read."""
    path = bench.out / f"{tool}-{len(judged)}-{bench.seed}.losses.json"
    if path.exists():
        known = json.loads(path.read_text(encoding="utf-8"))
        return {name: [Losses(*each) for each in rows] for name, rows in known.items()}
    scored = _score(tool, [each.at for each in judged], exemplars, bench)
    rows = {
        name: [(each.no_call, each.with_output, each.no_output) for each in losses]
        for name, losses in scored.items()
    }
    path.write_text(json.dumps(rows), encoding="utf-8")
    return scored


def _score(
    tool: str, calls: Sequence[CallAtPlace], exemplars: Path, bench: options.Bench
) -> dict[str, list[Losses]]:
    scored: dict[str, list[Losses]] = {}
    with Toolbox([load_tool(tool)]) as toolbox:
        for name, shown in (("in context", exemplars), ("in context, own exemplars", None)):
            config = bench.config(method="in-context", exemplars=shown)
            plan = make_plan(config, model=bench.model, toolbox=toolbox)
            found = score_in_context(calls, plan)
            scored[f"{name}, units"] = [each.units for each in found]
            scored[f"{name}, tokens"] = [each.tokens for each in found]
    scored["the paper's form"] = score_in_front(calls, bench.model)
    return scored


def _separated(
    gains: Sequence[float], right: Sequence[bool], texts: Sequence[str], *, seed: int
) -> list[str]:
    found = separation(gains, right, texts, seed=seed)
    return [str(found), f"{found.recall_at_5:.2f}, {found.recall_at_1:.2f}"]


def _kinds(calls: Sequence[JudgedCall]) -> str:
    counted: Mapping[str, int] = {
        kind: sum(each.kind == kind for each in calls)
        for kind in dict.fromkeys(each.kind for each in calls)
        if kind != "right"
    }
    return ", ".join(f"{count} of {kind}" for kind, count in counted.items())


if __name__ == "__main__":
    main()
