"""Each part of the method taken out alone: `python -m benchmarks.in_context.ablations`.

The numbers are those of the issue: 2 demonstrations, 3 places, 4 arguments, 5 the filter, 6
calibration. What changes proposals is a run of its own; what changes judgement reads one again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from benchmarks.in_context import options
from benchmarks.in_context.judging import solutions, told
from benchmarks.in_context.running.altered import FreeArguments, NoGreedySample, PlacesByProbability
from benchmarks.in_context.running.rescored import by_one_threshold, rescored
from benchmarks.in_context.running.scoring import score_in_context, score_in_front
from benchmarks.in_context.running.side_by_side import Way, annotate_in_turn
from recipes.gsm8k import Solution
from recipes.real.exemplars import gsm8k_exemplars, trex_exemplars
from toolformer.annotate import AnnotateConfig, make_plan
from toolformer.annotate.config import MIN_HELP, PROVISIONAL_USED
from toolformer.lm.base import LanguageModel
from toolformer.records import AnnotatedDocument
from toolformer.runs import read_selected
from toolformer.runs.directory import Run
from toolformer.runs.thresholds import Thresholds
from toolformer.tools.base import Tool
from toolformer.tools.registry import load_tool
from toolformer.tools.toolbox import Toolbox

WHOLE = "the whole method"
FIXED = Thresholds(used=PROVISIONAL_USED, help=MIN_HELP)  # without placebos
POOL = 300  # exemplars of sentences


def main() -> None:
    """Runs the benchmark."""
    made = options.parser("Each part of the method taken out alone.", texts=100, exemplars=4)
    bench = options.read(made.parse_args(), name="ablations")
    held_out = solutions.held_out(bench.shared, count=bench.texts)
    stated = told.sentences(bench.shared, count=bench.texts)
    sums = sum_ways(bench)
    facts = fact_ways(bench)
    run_of_sums = annotate_in_turn(
        solutions.as_documents(held_out), sums, out=bench.out / "calculator"
    )
    run_of_facts = annotate_in_turn(told.as_documents(stated), facts, out=bench.out / "database")
    bench.publish(
        "Each part taken out alone",
        [
            "Calculator, on the last solutions of GSM8K's training file:",
            _sums_table(
                {name: way.run for name, way in run_of_sums.items()},
                held_out,
                way=sums[WHOLE],
                seed=bench.seed,
            ),
            "Database, on template sentences of fold 2:",
            told.told_table(
                {
                    name: told.told_all(way.run.documents(), stated)
                    for name, way in run_of_facts.items()
                },
                seed=bench.seed,
            ),
        ],
        exemplars=f"{bench.exemplars} of solutions, {POOL} of sentences",
    )


def sum_ways(bench: options.Bench) -> dict[str, Way]:
    """Returns the method on solutions, whole and with a part of its proposals taken out."""
    texts = gsm8k_exemplars(bench.shared, count=bench.exemplars, seed=bench.seed)
    tool = load_tool("calculator")
    config = bench.config(
        method="in-context", exemplars=options.write_exemplars(texts, bench.out, name="solutions")
    )
    model: LanguageModel = bench.model
    anywhere = replace(tool, followed_by=None)
    hot = config.model_copy(update={"temperature": 1.0})
    return {
        WHOLE: Way(model, [tool], config),
        "2: the tool's own exemplars": Way(model, [tool], _own(config)),
        "3: places by raw p(open)": Way(PlacesByProbability(model), [tool], config),
        "3: places not narrowed": Way(model, [anywhere], config),
        "3: neither gain nor narrowing": Way(PlacesByProbability(model), [anywhere], config),
        "4: three samples at T 1, none greedy": Way(NoGreedySample(model), [tool], hot),
        "4: greedy alone": Way(model, [tool], config.model_copy(update={"samples": 1})),
    }


def fact_ways(bench: options.Bench) -> dict[str, Way]:
    """Returns the method on sentences, whole and with a part of its proposals taken out."""
    texts = trex_exemplars(bench.shared, count=POOL, seed=bench.seed)
    tools: Sequence[Tool] = [load_tool("database")]
    config = bench.config(
        method="in-context", exemplars=options.write_exemplars(texts, bench.out, name="sentences")
    )
    static = config.model_copy(update={"nearest": 0})
    return {
        WHOLE: Way(bench.model, tools, config),
        "2: the tool's own exemplars": Way(bench.model, tools, _own(config)),
        "2: the same exemplars for all texts": Way(bench.model, tools, static),
        "4: parameters free": Way(FreeArguments(bench.model), tools, config),
    }


def _own(config: AnnotateConfig) -> AnnotateConfig:
    return config.model_copy(update={"exemplars": None, "nearest": None})


def _sums_table(
    runs: Mapping[str, Run], held_out: Mapping[str, Solution], *, way: Way, seed: int
) -> str:
    whole = runs[WHOLE]
    judged: dict[str, tuple[Sequence[AnnotatedDocument], str]] = {
        name: (list(run.documents()), str(next(iter(run.thresholds.values()))))
        for name, run in runs.items()
    }
    one = by_one_threshold(whole)
    judged["5: the paper's rule, τf calibrated"] = one.documents, str(one.thresholds)
    with Toolbox(way.tools) as toolbox:
        plan = make_plan(way.config, model=way.model, toolbox=toolbox)
        tokens = rescored(
            whole, lambda calls: [each.tokens for each in score_in_context(calls, plan)]
        )
    judged["5: losses over tokens"] = tokens.documents, str(tokens.thresholds)
    front = rescored(whole, lambda calls: score_in_front(calls, way.model))
    judged["5: calls in front of the text"] = front.documents, str(front.thresholds)
    judged["6: thresholds fixed"] = list(read_selected(whole, FIXED)), str(FIXED)
    found = {
        f"{name} ({thresholds})": solutions.recovered_all(documents, held_out)
        for name, (documents, thresholds) in judged.items()
    }
    return solutions.recovery_table(found, seed=seed)


if __name__ == "__main__":
    main()
