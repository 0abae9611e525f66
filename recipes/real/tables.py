"""What a reproduction with a real model found, as Markdown: annotation, bars, times, tasks."""

import json
import re
from collections.abc import Sequence

from benchmarks import report
from recipes.real import budget
from recipes.real.bars import bars_table
from recipes.real.chain import (
    ADAPTED,
    ADAPTER_COLUMN,
    CONTROL,
    CORPORA,
    EVALUATION,
    TUNED,
    Corpus,
    Reproduction,
    tasks,
)
from recipes.real.results import gathered
from recipes.real.stages import seconds_by_stage
from toolformer.calls import PlacedCall
from toolformer.evaluate.tables import markdown, percent
from toolformer.runs.directory import Run

_BEFORE = re.compile(r"[\s$€£\"'“(]*")
_COMMA = re.compile(r"(?<=\d),(?=\d)")
NOT_RUN = "not run"


def parts(reproduction: Reproduction) -> list[str]:
    """Returns the tables, one under another."""
    results = gathered(reproduction.folder / EVALUATION, tasks(reproduction))
    arms = ["tuned"]
    if results is not None and any(arm.name == ADAPTER_COLUMN for arm in results.arms):
        arms.append(ADAPTER_COLUMN)
    shown = [
        "**What it must show**",
        bars_table(results, arms),
        "**What was annotated**",
        annotation_table(reproduction),
        "**What was tuned**",
        tuning_table(reproduction),
        "**Minutes**",
        minutes_table(reproduction),
    ]
    return shown if results is None else [*shown, markdown(results)]


def annotation_table(reproduction: Reproduction) -> str:
    """Returns what each tool's run proposed and kept, and how much of that is right."""
    header = ["tool", "texts", "proposed", "kept", "of these the output is what follows"]
    header += ["of what could be told", "used ≥", "help ≥"]
    return report.table(header, [_annotated(reproduction, corpus) for corpus in CORPORA])


def _annotated(reproduction: Reproduction, corpus: Corpus) -> list[str]:
    path = reproduction.run_of(corpus)
    if not (path / "stats.json").exists():
        return [corpus.tool, *[NOT_RUN] * 7]
    run = Run.open(path)
    stats = run.stats()
    [(name, counts)] = stats.tools.items()
    told = could = kept = 0
    for annotated in run.documents():
        text, meta = annotated.document.text, annotated.document.meta
        could += int(str(meta.get("told", 0)))
        kept += len(annotated.kept)
        told += sum(tells_what_follows(text, placed) for placed in annotated.kept)
    thresholds = run.thresholds[name]
    return [
        name,
        f"{stats.documents:,}",
        f"{counts.proposed:,}",
        f"{kept:,}",
        percent(told, kept),
        percent(told, could),
        f"{thresholds.used:.2f}",
        f"{thresholds.help:.2f}",
    ]


def tells_what_follows(text: str, placed: PlacedCall) -> bool:
    """Returns whether a call's output stands behind it in the text; of several values, one.

    >>> from toolformer.calls import ToolCall
    >>> placed = PlacedCall(6, ToolCall("Calculator", "700 + 634"), "1334")
    >>> tells_what_follows("It is: $1,334.", placed), tells_what_follows("It is: 13345.", placed)
    (True, False)
    >>> placed = PlacedCall(7, ToolCall("Database", "Chad, neighbour"), "Niger, Libya")
    >>> tells_what_follows("Next is Libya.", placed), tells_what_follows("Next is Lib.", placed)
    (True, False)
    """
    after = _COMMA.sub("", text[placed.position :])
    start = _BEFORE.match(after)
    rest = after[start.end() if start else 0 :]
    output = _COMMA.sub("", placed.output or "")
    values = [output, *(output.split(", ") if placed.call.tool == "Database" else ())]
    return any(
        re.match(rf"{re.escape(value)}(?!\w|[.,]\d)", rest) is not None for value in values if value
    )


def tuning_table(reproduction: Reproduction) -> str:
    """Returns what each model was tuned on."""
    header = ["model", "trained weights", "texts", "with calls of each tool", "steps", "tokens"]
    rows = []
    for name in (TUNED, ADAPTED, CONTROL):
        path = reproduction.folder / name / "metrics.json"
        if not path.exists():
            rows.append([name, *[NOT_RUN] * (len(header) - 1)])
            continue
        found = json.loads(path.read_text(encoding="utf-8"))
        per_tool = ", ".join(f"{tool} {count}" for tool, count in found["texts_per_tool"].items())
        if name == CONTROL:
            per_tool = "the same, without their calls"
        numbers = [f"{found[key]:,}" for key in ("trained_parameters", "texts")]
        more = [f"{found[key]:,}" for key in ("steps", "tokens")]
        rows.append([name, *numbers, per_tool, *more])
    return report.table(header, rows)


def minutes_table(reproduction: Reproduction) -> str:
    """Returns how long each part took, all tries together, beside what was planned."""
    taken = seconds_by_stage(reproduction.folder)
    rows: list[Sequence[str]] = []
    for part in budget.plan(reproduction.size):
        own = [seconds for name, seconds in taken.items() if name.startswith(part.name)]
        minutes = f"{sum(own) / 60:.1f}" if own else NOT_RUN
        rows.append([part.name, f"{part.tokens:,}", f"{part.minutes:.0f}", minutes])
    whole = f"{sum(taken.values()) / 60:.1f}" if taken else NOT_RUN
    planned = sum(part.minutes for part in budget.plan(reproduction.size))
    rows.append(["all", "", f"{planned:.0f}", whole])
    return report.table(["part", "tokens, planned", "minutes, planned", "minutes, taken"], rows)
