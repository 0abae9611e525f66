"""200 tools in three stages: memory, retrieval beside BM25, tasks; by tier and split."""

from pathlib import Path

from benchmarks.report import Cell, table
from benchmarks.tool_tokens.bench import Bench
from benchmarks.tool_tokens.shown import score_of, section
from toolformer.lm.hf.load import load_pretrained
from toolformer.studies.tool_tokens.catalog.files import Catalogue
from toolformer.studies.tool_tokens.catalog.records import HELD_OUT
from toolformer.studies.tool_tokens.index.tool_model import ToolModel
from toolformer.studies.tool_tokens.measuring import evaluate as measure
from toolformer.studies.tool_tokens.measuring.bm25 import search_bm25
from toolformer.studies.tool_tokens.measuring.embedding import search_embeddings
from toolformer.studies.tool_tokens.measuring.evaluate import Completion, Memory, TierScore
from toolformer.studies.tool_tokens.measuring.tables import (
    completion_rows,
    memory_rows,
    retrieval_rows,
    three_digits,
)
from toolformer.studies.tool_tokens.training.config import STAGES


def bars(bench: Bench) -> str:
    """Returns the section of the bars."""
    catalogue = bench.catalogue()
    done = bench.trained("atomic", bench.index(catalogue, "atomic"), STAGES)
    folders = {each["stage"]: Path(each["folder"]) for each in done}
    memory = bench.once(
        "memory",
        Memory,
        lambda: measure.score_memory(bench.load(folders["memorize"]), catalogue),
    )
    scores = bench.once(
        "retrieval",
        list[TierScore],
        lambda: _retrieval(bench, bench.load(folders["retrieve"]), catalogue),
    )
    tasks = [
        bench.once(
            f"tasks-{split}", Completion, lambda split=split: bench.tasks(folders["agent"], split)
        )
        for split in HELD_OUT
    ]
    clock, core = (sum(each[name] for each in done) / 60 for name in ("clock", "core"))
    stages = [
        [e["stage"], f"{e['tokens']:,}", f"{e['clock'] / 60:.1f}", f"{e['core'] / 60:.1f}"]
        for e in done
    ]
    paraphrased = {
        name: score_of(scores, name, "instruction", "paraphrased").ndcg[1]
        for name in ("tokens", "BM25")
    }
    whole = score_of(scores, "tokens", "instruction", None).ndcg
    gain = 100 * (paraphrased["tokens"] - paraphrased["BM25"])
    answers = 5 * sum(score_of(scores, "tokens", split, None).queries for split in HELD_OUT)
    made_up = [
        max(score_of(scores, system, split, None).made_up for split in HELD_OUT)
        for system in ("tokens", "tokens, free")
    ]
    met: list[list[Cell]] = [
        ["the three stages, core-minutes over 2 cores", "≤ 30 min", f"{core / 2:.1f} min"],
        ["the three stages by the clock", "reported", f"{clock:.1f} min"],
        ["memorisation", "≥ .95", three_digits(memory.accuracy)],
        ["NDCG@1, held-out instructions", "≥ .85", three_digits(whole[1])],
        ["NDCG@5, held-out instructions", "≥ .85", three_digits(whole[5])],
        ["NDCG@1 against BM25, paraphrased", "≥ +10 points", f"{gain:+.1f} points"],
        [f"names that do not exist, of {answers:,}", "0", f"{made_up[0] * 100:.2f} %"],
        ["the same without the trie", "reported", f"{made_up[1] * 100:.2f} %"],
        ["end-to-end completion", "≥ .80", three_digits(tasks[0].share)],
    ]
    return section(
        bench,
        "200 tools",
        [
            table(["asked for", "bar", "measured"], met),
            table(["stage", "tokens", "minutes", "core-minutes"], stages),
            table(*memory_rows([("tokens", memory)])),
            table(*retrieval_rows(scores)),
            table(*completion_rows([("tokens", each) for each in tasks])),
        ],
    )


def _retrieval(bench: Bench, model: ToolModel, catalogue: Catalogue) -> list[TierScore]:
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
    return scores
