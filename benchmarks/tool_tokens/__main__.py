"""Tools as tokens, measured: `python -m benchmarks.tool_tokens PART --write FILE`.

    bars       200 tools in three stages: memory, retrieval beside BM25, tasks; by tier and split
    ablations  without the first stage, without the second, and the other indexings
    unseen     tools that were never learned of, beside inline calls with documentation
    scale      46,985 APIs: tokens added, model saved and loaded, the time of a retrieval
    all        all of them

Everything lies under `build/tool-tokens`; a part that was killed continues.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import publish
from benchmarks.tool_tokens.ablations import ablations
from benchmarks.tool_tokens.bars import bars
from benchmarks.tool_tokens.bench import Bench
from benchmarks.tool_tokens.scale import scale
from benchmarks.tool_tokens.unseen import unseen
from toolformer.studies.tool_tokens.training.config import StagesConfig

PARTS = {"bars": bars, "ablations": ablations, "unseen": unseen, "scale": scale}


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the benchmark."""
    defaults = StagesConfig()
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("part", choices=[*PARTS, "all"])
    made.add_argument("--model", default="build/smollm2", help="that learns")
    made.add_argument("--root", type=Path, default=Path("build/tool-tokens"), help="of all pieces")
    made.add_argument("--tools", type=int, default=200)
    made.add_argument("--held-out", type=int, default=300, help="queries of each held-out kind")
    made.add_argument("--tasks", type=int, default=100, help="done from end to end, of each kind")
    made.add_argument("--memorize-epochs", type=float, default=defaults.memorize_epochs)
    made.add_argument("--retrieve-epochs", type=float, default=defaults.retrieve_epochs)
    made.add_argument("--agent-epochs", type=float, default=defaults.agent_epochs)
    made.add_argument("--agent-tasks", type=int, default=defaults.agent_tasks)
    made.add_argument("--rate", type=float, default=defaults.learning_rate)
    made.add_argument("--apis", type=int, nargs=2, default=(1000, 46_985), help="of the part scale")
    made.add_argument("--rounds", type=int, default=5, help="of the part scale")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--device", default="cpu")
    made.add_argument("--write", type=Path, help="put the tables into this page of docs/results/")
    given = made.parse_args(arguments)
    bench = Bench(given)
    for name in PARTS if given.part == "all" else [given.part]:
        publish(PARTS[name](bench), name=f"tool-tokens-{name}", path=given.write)


if __name__ == "__main__":
    main()
