"""Without the first stage, without the second, and the other indexings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.report import Cell, table
from benchmarks.tool_tokens.bench import Bench
from benchmarks.tool_tokens.shown import score_of, section
from toolformer.studies.tool_tokens.catalog.records import HELD_OUT
from toolformer.studies.tool_tokens.index.identifiers import INDEXINGS
from toolformer.studies.tool_tokens.measuring import evaluate as measure
from toolformer.studies.tool_tokens.measuring.evaluate import Completion, Memory, TierScore
from toolformer.studies.tool_tokens.measuring.tables import three_digits
from toolformer.studies.tool_tokens.training.config import STAGES, Stage
from toolformer.studies.tool_tokens.training.stages import FOLDERS


@dataclass(frozen=True, slots=True)
class _Arm:
    memory: Memory | None
    retrieval: list[TierScore]


def ablations(bench: Bench) -> str:
    """Returns the section of the ablations and the indexings."""
    catalogue = bench.catalogue()
    rows: list[list[Cell]] = []
    for name, (done, last) in _arms(bench).items():
        folders = {each["stage"]: Path(each["folder"]) for each in done}
        if name == "without stage 2":
            folders["memorize"] = bench.root / "atomic" / FOLDERS["memorize"]
        asked = folders.get("retrieve", last)

        def measured(folders: dict[str, Path] = folders, asked: Path = asked) -> _Arm:
            first = folders.get("memorize")
            memory = None if first is None else measure.score_memory(bench.load(first), catalogue)
            model = bench.load(asked)
            scores = measure.score_retrieval("tokens", model, catalogue, HELD_OUT)
            free = measure.score_retrieval("free", model, catalogue, ("instruction",), free=True)
            return _Arm(memory, [*scores, *free])

        one = bench.once(f"arm-{name.replace(' ', '-')}", _Arm, measured)
        task = None
        if "agent" in folders:
            label = "tasks-instruction" if name == "atomic" else f"tasks-{name.replace(' ', '-')}"
            task = bench.once(
                label,
                Completion,
                lambda folders=folders: bench.tasks(folders["agent"], "instruction"),
            )
        at = [score_of(one.retrieval, "tokens", split, None).ndcg for split in HELD_OUT]
        rows.append(
            [
                name,
                "–" if one.memory is None else three_digits(one.memory.accuracy),
                *(three_digits(at[0][cut]) for cut in (1, 5)),
                *(three_digits(each[1]) for each in at[1:]),
                three_digits(score_of(one.retrieval, "free", "instruction", None).made_up),
                "–" if task is None else three_digits(task.share),
                f"{sum(each['core'] for each in done) / 60:.1f}",
            ]
        )
    header = ["arm", "memory", "NDCG@1", "NDCG@5", "NDCG@1, tools", "NDCG@1, categories"]
    header += ["made up, free", "completed", "core-minutes"]
    return section(bench, "Ablations and indexings", [table(header, rows)])


def _arms(bench: Bench) -> dict[str, tuple[list[dict[str, Any]], Path]]:
    """Trains all arms; returns of each its stages and the model of its last one."""
    catalogue = bench.catalogue()
    main = bench.index(catalogue, "atomic")
    memorised = bench.root / "atomic" / FOLDERS["memorize"]
    arms: dict[str, tuple[Path, tuple[Stage, ...], str]] = {
        "atomic": (main, STAGES, "atomic"),
        "without stage 1": (main, ("retrieve", "agent"), "without-1"),
        # Begins with the memory of the first arm: the two are the same up to there.
        "without stage 2": (memorised, ("agent",), "without-2"),
        **{
            name: (bench.root / f"index-{name}", ("memorize", "retrieve"), name)
            for name in INDEXINGS[1:]
        },
    }
    found = {}
    for name, (index, stages, folder) in arms.items():
        if name in INDEXINGS:
            bench.index(catalogue, name)  # type: ignore[arg-type]
        done = bench.trained(folder, index, stages)
        found[name] = (done, Path(done[-1]["folder"]))
    return found
