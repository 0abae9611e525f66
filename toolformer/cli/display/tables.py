"""A run's counts, and what came of a training, as tables for a terminal."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from toolformer.errors import clipped
from toolformer.evaluate.tables import TableText
from toolformer.runs.calibration import ONE_IN
from toolformer.runs.directory import Run
from toolformer.runs.error_shapes import ErrorShape
from toolformer.runs.stats import RunStats
from toolformer.runs.sweep import FalsePositives
from toolformer.runs.thresholds import Thresholds

if TYPE_CHECKING:
    from toolformer.finetune.report import FinetuneReport

_SHAPES = 12  # kinds of messages that are listed
_EXAMPLE = 80  # characters of an example


def tool_table(stats: RunStats, tools: Sequence[str]) -> Table:
    """Returns a row per tool: what was tried, proposed, executed, scored and kept."""
    table = Table(title="Calls per tool")
    table.add_column("tool")
    for name in ("texts tried", "proposed", "executed", "scored", "kept", "kept %"):
        table.add_column(name, justify="right")
    for name in tools:
        counts = stats.tools.get(name)
        if counts is None:
            table.add_row(name, *("0",) * 5, "–")
            continue
        table.add_row(
            name,
            f"{counts.texts_tried:,}",
            f"{counts.proposed:,}",
            f"{counts.executed:,}",
            f"{counts.scored:,}",
            f"{counts.kept:,}",
            f"{100 * counts.kept_share:.1f}" if counts.proposed else "–",
        )
    return table


def threshold_table(counted: Mapping[float, RunStats | None], tools: Sequence[str]) -> Table:
    """Returns a row per tool with how many texts keep a call at each τf (the paper's Table 2)."""
    is_partial = None in counted.values()
    table = Table(
        title="Texts with a kept call",
        caption="– : the run was pruned above this" if is_partial else None,
    )
    table.add_column("tool")
    for threshold in counted:
        table.add_column(f"τf = {threshold:g}", justify="right")
    for name in tools:
        table.add_row(name, *(_texts_kept(stats, name) for stats in counted.values()))
    return table


def placebo_table(tool: str, rows: Sequence[FalsePositives], *, settled: Thresholds) -> Table:
    """Returns a row per pair of thresholds: how many wrong calls they let pass, by the placebos.

    Args:
        tool: its name.
        rows: of the tool; it has placebos.
        settled: those that count are marked.
    """
    placebos, calls = rows[0].placebos, rows[0].calls
    caption = f"placebos: {placebos:,} of {calls:,} calls, with another call's output"
    if placebos < ONE_IN:
        caption += f"; fewer than {ONE_IN} say little, and a threshold stays provisional"
    table = Table(title=f"What passes by chance: {tool}", caption=caption)
    for name in (
        *("used ≥", "help ≥", "placebos pass", "%", "calls pass", "kept"),
        "of these false, about",
    ):
        table.add_column(name, justify="right")
    for row in rows:
        mark = "▸ " if row.thresholds == settled else ""
        table.add_row(
            f"{mark}{row.thresholds.used:g}",
            f"{row.thresholds.help:g}",
            f"{row.placebos_passed:,}",
            "–" if row.share is None else f"{100 * row.share:.1f}",
            f"{row.calls_passed:,}",
            f"{row.kept:,}",
            "–" if row.expected_false is None else f"{row.expected_false:.1f}",
        )
    return table


def error_table(tool: str, shapes: Sequence[ErrorShape]) -> Table:
    """Returns a row per kind of message with which a tool refused or failed, the commonest first.

    Args:
        tool: its name.
        shapes: its messages by shape.
    """
    rest = shapes[_SHAPES:]
    table = Table(
        title=f"What {tool} refused",
        caption=f"and {sum(each.count for each in rest):,} of {len(rest)} other kinds"
        if rest
        else None,
    )
    table.add_column("calls", justify="right")
    for name in ("the tool said", "for example"):
        table.add_column(name)
    for each in shapes[:_SHAPES]:
        table.add_row(f"{each.count:,}", each.shape, clipped(each.example, _EXAMPLE))
    return table


def provisional_line(run: Run) -> str:
    """Says that the thresholds of an unfinished run are provisional; "" where they count."""
    if not run.is_provisional:
        return ""
    nats = ", ".join(f"{name} {each}" for name, each in run.thresholds.items())
    return (
        f"The thresholds are provisional ({nats}): those that count are calibrated on all placebos "
        "when the run is finished."
    )


def verdict_line(stats: RunStats) -> str:
    """Spells what became of the candidates that were not kept, and of the texts.

    >>> verdict_line(RunStats(documents=3, documents_kept=1, problems=2, skipped={"empty": 1}))
    '3 texts, 1 with a kept call. Texts skipped: 1 empty. Records that could not be read: 2.'
    """
    verdicts: dict[str, int] = {}
    for counts in stats.tools.values():
        for verdict, number in counts.verdicts.items():
            verdicts[verdict] = verdicts.get(verdict, 0) + number
    verdicts.pop("kept", None)
    said = [f"{stats.documents:,} texts, {stats.documents_kept:,} with a kept call."]
    if verdicts:
        listed = ", ".join(f"{number:,} {name}" for name, number in sorted(verdicts.items()))
        said.append(f"Not kept: {listed}.")
    if stats.skipped:
        listed = ", ".join(f"{number:,} {reason}" for reason, number in stats.skipped.items())
        said.append(f"Texts skipped: {listed}.")
    if stats.problems:
        said.append(f"Records that could not be read: {stats.problems:,}.")
    return " ".join(said)


def unavailable_line(stats: RunStats) -> str:
    """Spells which tools could not be reached, and what to do; "" where all could.

    >>> from toolformer.runs.stats import ToolStats
    >>> weather = ToolStats(verdicts={"unavailable": 1_200})
    >>> line = unavailable_line(RunStats(tools={"Weather": weather, "Map": ToolStats()}))
    >>> line.partition(". ")[0]
    'Weather could not be reached in 1,200 calls'
    """
    said = [
        f"{name} could not be reached in {tool.unavailable:,} call{'s' * (tool.unavailable != 1)}."
        for name, tool in stats.tools.items()
        if tool.unavailable
    ]
    again = "Run the same command again: only shards with such calls are annotated again."
    return " ".join([*said, again]) if said else ""


def _texts_kept(stats: RunStats | None, tool: str) -> str:
    if stats is None:
        return "–"
    return f"{stats.tools[tool].texts_kept:,}" if tool in stats.tools else "0"


def report_table(report: "FinetuneReport") -> Table:
    """Returns what came of a training."""
    table = Table(show_header=False, title=f"{report.base} tuned in {report.steps} steps")
    rows = {
        "texts": f"{report.texts:,} in {report.rows:,} rows",
        **{f"  with calls of {tool}": f"{n:,}" for tool, n in report.texts_per_tool.items()},
        **{f"  left out: {reason}": f"{n:,}" for reason, n in report.left_out.items()},
        "learning rate": f"{report.learning_rate:.3g}",
        "tokens": f"{report.tokens:,}"
        + (f" at {report.machine.tokens_per_second:,.0f}/s" if report.machine else ""),
        "loss": f"{report.losses[0]:.3f} → {report.losses[-1]:.3f}" if report.losses else "",
    }
    if report.dev:
        first, kept = report.dev[min(report.dev)], report.dev.get(report.kept_step)
        if kept is not None:
            if first.perplexity is not None and kept.perplexity is not None:
                rows["dev perplexity"] = " → ".join(
                    map(spell_perplexity, (first.perplexity, kept.perplexity))
                )
            if first.loss is not None and kept.loss is not None:
                rows["dev loss"] = f"{first.loss:.3f} → {kept.loss:.3f}"
    rows["kept"] = f"step {report.kept_step}"
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def spell_perplexity(perplexity: float) -> str:
    """Returns a perplexity as people read it.

    >>> spell_perplexity(7.5), spell_perplexity(1e300)
    ('7.50', '1.00e+300')
    """
    return f"{perplexity:.2f}" if perplexity < 1e9 else f"{perplexity:.2e}"


def draw_table(table: TableText) -> Table:
    """Returns a table of texts as one to be painted; its first column names the rows."""
    drawn = Table(title=Text(table.title), caption=Text(table.note) if table.note else None)
    for number, name in enumerate(table.header):
        drawn.add_column(Text(name), justify="right" if number else "left", overflow="fold")
    for row in table.rows:
        drawn.add_row(*(Text(cell) for cell in row))
    return drawn
