"""The tables of the study as rows of texts."""

from collections.abc import Sequence

from toolformer.studies.tool_tokens.measuring.evaluate import Completion, Memory, TierScore
from toolformer.studies.tool_tokens.measuring.ranking import CUTS

Table = tuple[list[str], list[list[str]]]


def retrieval_rows(scores: Sequence[TierScore]) -> Table:
    """Returns header and rows: a row for each system, split and tier."""
    header = ["system", "held out", "tier", "queries"]
    header += [f"NDCG@{cut}" for cut in CUTS]
    header += [f"as ToolGen @{cut}" for cut in CUTS[1:]]
    header += ["MRR", *(f"recall@{cut}" for cut in (1, 5)), "made up"]
    rows = []
    for each in scores:
        score = each.score
        rows.append(
            [
                each.system,
                each.split,
                each.tier or "all",
                f"{score.queries:,}",
                *(three_digits(score.ndcg[cut]) for cut in CUTS),
                *(three_digits(score.ndcg_of_predicted[cut]) for cut in CUTS[1:]),
                three_digits(score.reciprocal_rank),
                *(three_digits(score.recall[cut]) for cut in (1, 5)),
                three_digits(score.made_up),
            ]
        )
    return header, rows


def memory_rows(memories: Sequence[tuple[str, Memory]]) -> Table:
    """Returns header and rows: a row for each system."""
    header = ["system", "APIs", "accuracy", "F1", "accuracy, free", "made up, free"]
    rows = [
        [
            system,
            f"{memory.apis:,}",
            three_digits(memory.accuracy),
            three_digits(memory.f1),
            three_digits(memory.free_accuracy),
            three_digits(memory.made_up),
        ]
        for system, memory in memories
    ]
    return header, rows


def completion_rows(completions: Sequence[tuple[str, Completion]]) -> Table:
    """Returns header and rows: a row for each system and split."""
    header = ["system", "held out", "tasks", "completed", "95 %", "answered", "calls a task"]
    rows = [
        [
            system,
            each.split,
            f"{each.tasks:,}",
            three_digits(each.share),
            "–".join(three_digits(end) for end in each.interval),
            three_digits(each.finished / each.tasks if each.tasks else 0.0),
            f"{each.calls:.2f}",
        ]
        for system, each in completions
    ]
    return header, rows


def three_digits(value: float) -> str:
    """Writes a share in three digits.

    >>> three_digits(0.4693), three_digits(1.0)
    ('.469', '1.000')
    """
    return f"{value:.3f}".removeprefix("0") if value < 1 else "1.000"
