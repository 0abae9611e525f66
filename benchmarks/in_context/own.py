"""GSM8K's marks without a person's exemplars: `python -m benchmarks.in_context.own`.

`toolformer exemplars --yes 6` proposes exemplars from solutions of the records 400 to 800, whose
marks it does not see; the last solutions are annotated behind them, in two rounds.
"""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks import report
from benchmarks.in_context import options
from benchmarks.in_context.judging.solutions import (
    as_documents,
    development,
    fates_table,
    held_out,
    recovered_all,
    recovery_table,
)
from benchmarks.in_context.rounds import rounds_of
from benchmarks.measure import settings_of
from toolformer.annotate import annotate
from toolformer.annotate.demonstrations import Demonstration, read_exemplars_file
from toolformer.records import Document
from toolformer.tools.exemplar import NOTATION
from toolformer.tools.registry import load_tool
from toolformer.tools.toolbox import Toolbox

YES, PILOT_TEXTS, MADE_ROUNDS = 6, 50, 2


def main() -> None:
    """Runs the benchmark."""
    made = options.parser("GSM8K's marks without a person's exemplars.", texts=200, exemplars=YES)
    made.add_argument("--pilot-texts", type=int, default=PILOT_TEXTS)
    arguments = made.parse_args()
    bench = options.read(arguments, name="own")
    pilot = as_documents(development(bench.shared, count=arguments.pilot_texts))
    exemplars = proposed(pilot, bench, model=arguments.model, device=arguments.device)
    solutions = held_out(bench.shared, count=bench.texts)
    config = bench.config(method="in-context", exemplars=exemplars, rounds=MADE_ROUNDS)
    annotate(
        as_documents(solutions),
        model=bench.model,
        tools=[load_tool("calculator")],
        out=bench.out / "run",
        config=config,
    )
    runs = rounds_of(bench.out / "run", config.rounds)
    found = {name: recovered_all(run.documents(), solutions) for name, run in runs.items()}
    with Toolbox("calculator") as toolbox:
        shown = read_exemplars_file(exemplars, toolbox)
    bench.publish(
        "Marks recovered without a person's exemplars",
        [
            recovery_table(found, seed=bench.seed),
            "Bars: marks recovered ≥ 30 % at ≥ 85 %, goal 50 % at 95 %.",
            "Where the marks went:",
            fates_table(found),
            "The exemplars that were proposed:",
            _shown(shown),
        ],
        **{"pilot texts": arguments.pilot_texts, "exemplars": bench.exemplars},
        **{name: settings_of(run)["tools"] for name, run in runs.items()},
    )


def proposed(pilot: list[Document], bench: options.Bench, *, model: str, device: str) -> Path:
    """Returns the file that `toolformer exemplars` writes, which is written once."""
    bench.out.mkdir(parents=True, exist_ok=True)
    path, corpus = bench.out / "exemplars.jsonl", bench.out / "pilot.jsonl"
    if path.exists():
        return path
    rows = (json.dumps({"id": each.id, "text": each.text}) + "\n" for each in pilot)
    corpus.write_text("".join(rows), encoding="utf-8")
    command = [sys.executable, "-m", "toolformer", "exemplars", str(corpus)]
    command += ["--tool", "calculator", "--model", model, "--yes", str(bench.exemplars)]
    command += ["--max-documents", str(len(pilot)), "--seed", str(bench.seed)]
    command += ["--dtype", bench.dtype, "--device", device, "--out", str(path)]
    subprocess.run(command, check=True, stdout=sys.stderr)
    return path


def _shown(exemplars: tuple[Demonstration, ...]) -> str:
    return report.table(
        ["exemplar"], ([each.render(NOTATION).replace("\n", " ⏎ ")] for each in exemplars)
    )


if __name__ == "__main__":
    main()
