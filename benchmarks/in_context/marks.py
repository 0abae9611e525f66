"""GSM8K's marks, in context and in the paper's way: `python -m benchmarks.in_context.marks`.

The last solutions of GSM8K's training file, their marks taken out, are annotated with the
calculator: behind four solutions of the first 400 records, with calibrated thresholds, and in the
paper's way with as many places and samples. Both ways annotate the same shards in turn.
"""

from collections.abc import Mapping

from benchmarks import report
from benchmarks.in_context import options
from benchmarks.in_context.judging.solutions import (
    as_documents,
    fates_table,
    held_out,
    recovered_all,
    recovery_table,
)
from benchmarks.in_context.running.cost import cost_tables
from benchmarks.in_context.running.side_by_side import Way, WayDone, annotate_in_turn
from benchmarks.measure import settings_of
from recipes.gsm8k import Solution
from recipes.real.exemplars import gsm8k_exemplars
from toolformer.annotate.config import resolve
from toolformer.errors import ConfigError
from toolformer.runs import read_selected
from toolformer.runs.directory import Run
from toolformer.tools.registry import load_tool

IN_CONTEXT, PAPER = "in context", "the paper's way"
PAPER_THRESHOLDS = (0.5, 1.0, 2.0)  # τf, nats


def main() -> None:
    """Runs the benchmark."""
    made = options.parser(
        "GSM8K's marks, in context and in the paper's way.", texts=200, exemplars=4
    )
    made.add_argument(
        "--paper-texts", type=int, default=40, help="how many of them in the paper's way, too"
    )
    given = made.parse_args()
    bench = options.read(given, name="marks")
    solutions = held_out(bench.shared, count=bench.texts)
    ways = ways_of(bench, paper_texts=given.paper_texts)
    done = annotate_in_turn(as_documents(solutions), ways, out=bench.out)
    bench.publish(
        "Marks recovered",
        [
            *recovery(done, solutions, seed=bench.seed),
            "Cost:",
            *cost_tables(done, bench.model),
        ],
        **{name: _described(way.run) for name, way in done.items()},
    )


def ways_of(bench: options.Bench, *, paper_texts: int) -> dict[str, Way]:
    """Returns the way in context, and the paper's with as many places and samples."""
    texts = gsm8k_exemplars(bench.shared, count=bench.exemplars, seed=bench.seed)
    exemplars = options.write_exemplars(texts, bench.out)
    tools = [load_tool("calculator")]
    in_context = bench.config(method="in-context", exemplars=exemplars)
    same = resolve(in_context, tools, in_context=True)[tools[0].name]
    paper = bench.paper_config(
        method="paper",
        min_prob=0.0,  # every text has k places, as in context
        max_positions=same.max_positions,
        samples=same.samples,
    )
    return {
        IN_CONTEXT: Way(bench.model, tools, in_context),
        PAPER: Way(bench.model, tools, paper, texts=paper_texts),
    }


def recovery(
    done: Mapping[str, WayDone], solutions: Mapping[str, Solution], *, seed: int
) -> list[str]:
    """Returns what was recovered in each way, and where the marks and the calls went."""
    found = {name: recovered_all(way.run.documents(), solutions) for name, way in done.items()}
    thresholds = {
        f"{PAPER}, τf {threshold:g}": recovered_all(
            read_selected(done[PAPER].run, threshold), solutions
        )
        for threshold in PAPER_THRESHOLDS
        if _answers(done[PAPER].run, threshold)
    }
    return [
        recovery_table({IN_CONTEXT: found[IN_CONTEXT], **thresholds}, seed=seed),
        "Bars: marks recovered ≥ 50 %, goal 70 %; output is the number that follows ≥ 93 %, "
        "goal 98 %.",
        calibration_table(done[IN_CONTEXT].run),
        "Where the marks went:",
        fates_table(found),
        "Where the calls went that the model wrote:",
        fates_table(found, of_calls=True),
    ]


def calibration_table(run: Run) -> str:
    """Returns what thresholds a run was finished with, and what they let pass."""
    return report.table(
        ["tool", "min used", "min help", "placebos", "that pass"],
        (
            [name, found.min_used, found.min_help, found.placebos, found.placebos_passed]
            for name, found in run.calibration().items()
        ),
    )


def _answers(run: Run, threshold: float) -> bool:
    """Returns whether a run can be read again with a threshold."""
    try:
        read_selected(run, threshold)
    except ConfigError:
        return False
    return True


def _described(run: Run) -> str:
    said = settings_of(run)
    return f"{said['tools']}, temperature {said['temperature']}"


if __name__ == "__main__":
    main()
