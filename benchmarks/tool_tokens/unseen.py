"""Tools that were never learned of, beside inline calls with documentation."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import Cell, table
from benchmarks.tool_tokens.bench import Bench
from benchmarks.tool_tokens.shown import section
from toolformer.finetune import finetune_texts
from toolformer.lm.registry import load_model
from toolformer.studies.tool_tokens.acting.act import act
from toolformer.studies.tool_tokens.acting.inline import call_inline, inline_texts, with_gold
from toolformer.studies.tool_tokens.catalog.endpoints import is_same_call
from toolformer.studies.tool_tokens.catalog.files import Catalogue
from toolformer.studies.tool_tokens.catalog.records import HELD_OUT, ApiQuery
from toolformer.studies.tool_tokens.measuring.bm25 import search_bm25
from toolformer.studies.tool_tokens.measuring.tables import three_digits
from toolformer.studies.tool_tokens.training.config import STAGES
from toolformer.studies.tool_tokens.training.stages import FOLDERS

_SHOWN = 5  # APIs in an inline prompt


def unseen(bench: Bench) -> str:
    """Returns the section of tools that were never learned of."""
    catalogue = bench.catalogue()
    bench.trained("atomic", bench.index(catalogue, "atomic"), STAGES)
    folder = _train_inline(bench, catalogue)
    rows: list[list[Cell]] = []
    for split in HELD_OUT:
        queries = [q for q in catalogue.of_split(split) if len(q.calls) == 1][: bench.given.tasks]

        def by_tokens(queries: list[ApiQuery] = queries) -> list[int]:
            model = bench.load(bench.root / "atomic" / FOLDERS["agent"])
            episodes = act(model, [q.text for q in queries], catalogue.by_id)
            calls = [next(iter(each.calls), None) for each in episodes]
            return _hits(calls, queries)

        def inline(*, given: bool, queries: list[ApiQuery] = queries) -> list[int]:
            model = load_model(str(folder), device=bench.given.device)
            shown = _shown(catalogue, queries, given=given)
            return _hits(list(call_inline(model, queries, shown)), queries)

        ways: dict[str, Callable[[], list[int]]] = {
            "tokens": by_tokens,
            "inline, BM25's 5": lambda inline=inline: inline(given=False),
            "inline, the right one among 5": lambda inline=inline: inline(given=True),
        }
        for number, (way, make) in enumerate(ways.items()):
            hits = bench.once(f"unseen-{split}-{number}", list[int], make)
            rows.append([split, way, len(queries), *(_of(hit, len(queries)) for hit in hits)])
    header = ["held out", "system", "queries", "API right", "call right"]
    return section(bench, "Unseen tools", [table(header, rows)])


def _train_inline(bench: Bench, catalogue: Catalogue) -> Path:
    out = bench.root / "inline"
    queries = [query for query in catalogue.of_split("train") if len(query.calls) == 1]
    step = max(1, len(queries) // bench.given.agent_tasks)
    queries = queries[::step][: bench.given.agent_tasks]
    shown = _shown(catalogue, queries, given=True)
    finetune_texts(
        inline_texts(queries, shown, catalogue.by_id),
        model=bench.given.model,
        out=out,
        config=bench.config.finetuning("agent", new_tokens_from=None).override(
            loss_on_output=True  # no call has one, and what closes it is the model's to write
        ),
        device=bench.given.device,
    )
    return out


def _shown(catalogue: Catalogue, queries: Sequence[ApiQuery], *, given: bool) -> list[Any]:
    found = search_bm25(catalogue.apis, [query.text for query in queries], most=_SHOWN)
    others = [api.id for api in catalogue.apis[:_SHOWN]]  # where nothing is found
    shown = []
    for query, names in zip(queries, found, strict=True):
        filled = list(dict.fromkeys([*names, *others]))[:_SHOWN]
        if given:
            filled = with_gold(filled, query, most=_SHOWN)
        shown.append([catalogue.by_id[name] for name in filled])
    return shown


def _hits(calls: Sequence[Any], queries: Sequence[ApiQuery]) -> list[int]:
    """Returns how many calls are of the right API, and how many have the right arguments, too."""
    pairs = [(call, q.calls[0]) for call, q in zip(calls, queries, strict=True) if call is not None]
    return [
        sum(call.api == wanted.api for call, wanted in pairs),
        sum(is_same_call(call, wanted) for call, wanted in pairs),
    ]


def _of(part: int, whole: int) -> str:
    return three_digits(part / max(1, whole))
