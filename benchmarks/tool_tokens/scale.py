"""46,985 APIs: tokens added, model saved and loaded, the time of a retrieval."""

import statistics
import time
from collections.abc import Sequence

from benchmarks.report import Cell, table
from benchmarks.tool_tokens.bench import Bench
from benchmarks.tool_tokens.shown import section
from toolformer.studies.tool_tokens.acting.transcript import naming_prompt
from toolformer.studies.tool_tokens.index.tool_model import ToolModel, load_tool_model

_Numbers = dict[str, int | float]  # by what they count or time


def scale(bench: Bench) -> str:
    """Returns the section of a large catalogue beside a small one."""
    small, large = bench.given.apis

    def measured() -> dict[int, _Numbers]:
        found: dict[int, _Numbers] = {}
        models: dict[int, ToolModel] = {}
        for count in (small, large):
            began = time.monotonic()
            catalogue = bench.catalogue(count)
            made = time.monotonic()
            index = bench.index(catalogue, "atomic", name=f"atomic-{count}")
            saved = time.monotonic()
            models[count] = load_tool_model(index, device=bench.given.device)
            found[count] = {
                "APIs": len(catalogue.apis),
                "catalogue, s": made - began,
                "tokens added, model saved, s": saved - made,
                "model loaded, s": time.monotonic() - saved,
            }
        queries = [query.text for query in bench.catalogue(small).queries][:20]
        prompts = [naming_prompt(text) for text in queries]
        for count, times in _retrieval_times(models, prompts, rounds=bench.given.rounds).items():
            found[count] |= {name: statistics.median(each) for name, each in times.items()}
        return found

    found = bench.once(f"scale-{small}-{large}", dict[int, _Numbers], measured)
    one, other = found[small], found[large]
    rows: list[list[Cell]] = []
    for name in one:
        ratio = other[name] / one[name] if one[name] else 0.0
        rows.append([name, _number(one[name]), _number(other[name]), f"{ratio:.2f} ×"])
    return section(
        bench,
        "46,985 APIs",
        [
            table(["", f"{small:,}", f"{large:,}", "ratio"], rows),
            "A retrieval is one query, five beams, one after the other, alternately of the two; "
            "the medians. The head's part is the logits of the tools alone.",
        ],
    )


def _retrieval_times(
    models: dict[int, ToolModel], prompts: Sequence[str], *, rounds: int
) -> dict[int, dict[str, list[float]]]:
    """Returns the milliseconds of retrievals, whole and of the head; the models take turns."""
    times: dict[int, dict[str, list[float]]] = {
        count: {"retrieval, ms": [], "of it the head, ms": []} for count in models
    }
    for number in range(rounds + 1):
        for prompt in prompts:
            for count, model in models.items():
                began = time.perf_counter()
                list(model.name([prompt], most=5))
                whole = time.perf_counter() - began
                head = model.head_seconds()
                if number:  # the first round warms up
                    times[count]["retrieval, ms"].append(1000 * whole)
                    times[count]["of it the head, ms"].append(1000 * head)
    return times


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
