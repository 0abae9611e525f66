"""nano in context against its usual way, on the same texts: `python -m benchmarks.in_context.nano`.

nano was taught to be asked by a tool's signature alone. Both ways annotate the last solutions of
GSM8K's training file, in context behind solutions of the first 400 records.
"""

from benchmarks.in_context import options
from benchmarks.in_context.judging.solutions import (
    as_documents,
    fates_table,
    held_out,
    recovered_all,
    recovery_table,
)
from benchmarks.in_context.marks import calibration_table
from benchmarks.in_context.running.side_by_side import Way, annotate_in_turn
from benchmarks.measure import settings_of
from recipes.real.exemplars import gsm8k_exemplars
from toolformer.assets import EMBEDDED_MODEL
from toolformer.tools.registry import load_tool

USUAL, IN_CONTEXT = "its usual way", "in context"
ALL = 473  # the held-out solutions


def main() -> None:
    """Runs the benchmark."""
    made = options.parser("nano in context.", texts=ALL, exemplars=4)
    made.set_defaults(model=EMBEDDED_MODEL)
    bench = options.read(made.parse_args(), name="nano")
    solutions = held_out(bench.shared, count=bench.texts)
    texts = gsm8k_exemplars(bench.shared, count=bench.exemplars, seed=bench.seed)
    exemplars = options.write_exemplars(texts, bench.out)
    tools = [load_tool("calculator")]
    in_context = bench.config(method="in-context", exemplars=exemplars)
    ways = {
        USUAL: Way(bench.model, tools, bench.paper_config()),
        IN_CONTEXT: Way(bench.model, tools, in_context),
    }
    done = annotate_in_turn(as_documents(solutions), ways, out=bench.out, per_shard=128)
    found = {name: recovered_all(way.run.documents(), solutions) for name, way in done.items()}
    bench.publish(
        "nano under the new method",
        [
            recovery_table(found, seed=bench.seed),
            "Bar: no worse in both.",
            calibration_table(done[IN_CONTEXT].run),
            "Where the marks went:",
            fates_table(found),
        ],
        **{name: settings_of(way.run)["tools"] for name, way in done.items()},
    )


if __name__ == "__main__":
    main()
