"""200 tools in three stages: memory, retrieval beside BM25, tasks; by tier and split."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.report import Cell, table
from benchmarks.tool_tokens.bench import Bench
from benchmarks.tool_tokens.shown import completed, score_of, section
from toolformer.evaluate.metric import wilson
from toolformer.lm.hf.load import load_pretrained
from toolformer.studies.tool_tokens.catalog.files import Catalogue
from toolformer.studies.tool_tokens.catalog.records import HELD_OUT
from toolformer.studies.tool_tokens.index.tool_model import ToolModel
from toolformer.studies.tool_tokens.measuring import evaluate as measure
from toolformer.studies.tool_tokens.measuring.bm25 import search_bm25
from toolformer.studies.tool_tokens.measuring.embedding import search_embeddings
from toolformer.studies.tool_tokens.measuring.tables import three_digits
from toolformer.studies.tool_tokens.training.config import STAGES


def bars(bench: Bench) -> str:
    """Returns the section of the bars."""
    catalogue = bench.catalogue()
    done = bench.trained("atomic", bench.index(catalogue, "atomic"), STAGES)
    folders = {each["stage"]: Path(each["folder"]) for each in done}
    memory = bench.once(
        "memory",
        lambda: asdict(measure.score_memory(bench.load(folders["memorize"]), catalogue)),
    )
    scores = bench.once(
        "retrieval", lambda: _retrieval(bench, bench.load(folders["retrieve"]), catalogue)
    )
    tasks = [
        bench.once(f"tasks-{split}", lambda split=split: bench.tasks(folders["agent"], split))
        for split in HELD_OUT
    ]
    clock, core = (sum(each[name] for each in done) / 60 for name in ("clock", "core"))
    stages = [
        [e["stage"], f"{e['tokens']:,}", f"{e['clock'] / 60:.1f}", f"{e['core'] / 60:.1f}"]
        for e in done
    ]
    paraphrased = {
        name: score_of(scores, name, "instruction", "paraphrased")["ndcg"]["1"]
        for name in ("tokens", "BM25")
    }
    whole = score_of(scores, "tokens", "instruction", None)["ndcg"]
    gain = 100 * (paraphrased["tokens"] - paraphrased["BM25"])
    answers = 5 * sum(score_of(scores, "tokens", split, None)["queries"] for split in HELD_OUT)
    made_up = [
        max(score_of(scores, system, split, None)["made_up"] for split in HELD_OUT)
        for system in ("tokens", "tokens, free")
    ]
    met: list[list[Cell]] = [
        ["the three stages, core-minutes over 2 cores", "≤ 30 min", f"{core / 2:.1f} min"],
        ["the three stages by the clock", "reported", f"{clock:.1f} min"],
        ["memorisation", "≥ .95", three_digits(memory["accuracy"])],
        ["NDCG@1, held-out instructions", "≥ .85", three_digits(whole["1"])],
        ["NDCG@5, held-out instructions", "≥ .85", three_digits(whole["5"])],
        ["NDCG@1 against BM25, paraphrased", "≥ +10 points", f"{gain:+.1f} points"],
        [f"names that do not exist, of {answers:,}", "0", f"{made_up[0] * 100:.2f} %"],
        ["the same without the trie", "reported", f"{made_up[1] * 100:.2f} %"],
        ["end-to-end completion", "≥ .80", completed(tasks[0])],
    ]
    return section(
        bench,
        "200 tools",
        [
            table(["asked for", "bar", "measured"], met),
            table(["stage", "tokens", "minutes", "core-minutes"], stages),
            "Memory: accuracy, macro F1, accuracy without the trie, names that no API has: "
            + ", ".join(
                three_digits(memory[name])
                for name in ("accuracy", "f1", "free_accuracy", "made_up")
            )
            + ".",
            table(*_retrieval_rows(scores)),
            table(
                ["held out", "tasks", "completed", "95 %", "answered", "calls a task"],
                [_task_row(each) for each in tasks],
            ),
        ],
    )


def _retrieval(bench: Bench, model: ToolModel, catalogue: Catalogue) -> list[dict[str, Any]]:
    base = load_pretrained(bench.given.model, dtype="float32", device="cpu")
    scores = measure.score_retrieval("tokens", model, catalogue, HELD_OUT)
    scores += measure.score_retrieval("tokens, free", model, catalogue, HELD_OUT, free=True)
    scores += measure.score_search(
        "BM25", lambda queries: search_bm25(catalogue.apis, queries), catalogue, HELD_OUT
    )
    scores += measure.score_search(
        "embeddings",
        lambda queries: search_embeddings(base, catalogue.apis, queries),
        catalogue,
        HELD_OUT,
    )
    return [score.to_dict() for score in scores]


def _retrieval_rows(scores: list[dict[str, Any]]) -> tuple[list[str], list[list[Cell]]]:
    header = ["system", "held out", "tier", "NDCG@1", "@3", "@5", "as ToolGen @3", "@5", "MRR"]
    header += ["recall@5", "made up"]
    rows: list[list[Cell]] = []
    for each in scores:
        one = each["score"]
        rows.append(
            [
                each["system"],
                each["split"],
                each["tier"] or "all",
                *(three_digits(one["ndcg"][cut]) for cut in "135"),
                *(three_digits(one["ndcg_of_predicted"][cut]) for cut in "35"),
                three_digits(one["reciprocal_rank"]),
                three_digits(one["recall"]["5"]),
                three_digits(one["made_up"]),
            ]
        )
    return header, rows


def _task_row(task: dict[str, Any]) -> list[Cell]:
    low, high = wilson(task["completed"], task["tasks"])
    return [
        task["split"],
        task["tasks"],
        completed(task),
        f"{three_digits(low)}–{three_digits(high)}",
        three_digits(task["finished"] / max(1, task["tasks"])),
        f"{task['calls']:.2f}",
    ]
