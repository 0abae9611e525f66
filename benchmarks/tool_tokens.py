"""Tools as tokens, measured: `python -m benchmarks.tool_tokens PART --write FILE`.

    bars       200 tools in three stages: memory, retrieval beside BM25, tasks; by tier and split
    ablations  without the first stage, without the second, and the other indexings
    unseen     tools that were never learned of, beside inline calls with documentation
    scale      46,985 APIs: tokens added, model saved and loaded, the time of a retrieval
    all        all of them

Everything lies under `build/tool-tokens`; a part that was killed continues.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.report import Cell, publish, section, table
from toolformer import files
from toolformer.evaluate.metric import wilson
from toolformer.finetune import finetune_texts
from toolformer.lm.hf.load import load_pretrained, quiet
from toolformer.lm.registry import load_model
from toolformer.studies.tool_tokens.acting.act import act, is_completed
from toolformer.studies.tool_tokens.acting.inline import call_inline, inline_texts, with_gold
from toolformer.studies.tool_tokens.acting.transcript import naming_prompt
from toolformer.studies.tool_tokens.catalog.endpoints import is_same_call
from toolformer.studies.tool_tokens.catalog.files import (
    Catalogue,
    read_catalogue,
    write_catalogue,
)
from toolformer.studies.tool_tokens.catalog.make import CatalogConfig
from toolformer.studies.tool_tokens.catalog.records import HELD_OUT, ApiQuery, Split
from toolformer.studies.tool_tokens.index.build import build_index
from toolformer.studies.tool_tokens.index.identifiers import INDEXINGS, Indexing
from toolformer.studies.tool_tokens.index.tool_model import ToolModel, load_tool_model
from toolformer.studies.tool_tokens.measuring import evaluate as measure
from toolformer.studies.tool_tokens.measuring.bm25 import search_bm25
from toolformer.studies.tool_tokens.measuring.embedding import search_embeddings
from toolformer.studies.tool_tokens.training.config import STAGES, Stage, StagesConfig
from toolformer.studies.tool_tokens.training.stages import FOLDERS, train_stages

_SHOWN = 5  # APIs in an inline prompt


class Bench:
    """The sizes of a benchmark, and where its pieces lie."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.root: Path = given.root / f"{given.tools}-{given.held_out}-{given.seed}"
        self.config = StagesConfig(
            seed=given.seed,
            memorize_epochs=given.memorize_epochs,
            retrieve_epochs=given.retrieve_epochs,
            agent_epochs=given.agent_epochs,
            agent_tasks=given.agent_tasks,
            learning_rate=given.rate,
        )

    def catalogue(self, apis: int | None = None) -> Catalogue:
        """Returns the catalogue, made once; or one of so many APIs, without queries."""
        folder = self.root / "catalogue" if apis is None else self.root / f"catalogue-{apis}"
        if not (folder / "catalog.json").exists():
            config = CatalogConfig(
                tools=self.given.tools, held_out_queries=self.given.held_out, seed=self.given.seed
            )
            if apis is not None:
                config = config.override(apis=apis, train_queries=0, held_out_queries=100)
            write_catalogue(folder, config)
        return read_catalogue(folder)

    def index(self, catalogue: Catalogue, indexing: Indexing, *, name: str = "") -> Path:
        """Returns the model with tokens for a catalogue."""
        out = self.root / f"index-{name or indexing}"
        build_index(self.given.model, catalogue.apis, out, indexing=indexing, seed=self.given.seed)
        return out

    def trained(self, name: str, index: Path, stages: Sequence[Stage]) -> list[dict[str, Any]]:
        """Trains stages, and returns how long each took and where it is."""
        done = train_stages(
            index,
            self.catalogue(),
            self.root / name,
            stages=stages,
            config=self.config,
            device=self.given.device,
        )
        return [
            {
                "stage": each.stage,
                "folder": str(each.folder),
                "seconds": each.report.machine.seconds if each.report.machine else 0.0,
                "tokens": each.report.tokens,
            }
            for each in done
        ]

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Returns what was measured under a name; it is measured once."""
        path = self.root / "results" / f"{name}.json"
        if not path.exists():
            files.write_whole(path, files.json_text(make()))
        return json.loads(path.read_text(encoding="utf-8"))

    def arms(self) -> dict[str, tuple[list[dict[str, Any]], Path]]:
        """Trains all arms; returns of each its stages and the model of its last one."""
        catalogue = self.catalogue()
        main = self.index(catalogue, "atomic")
        memorised = self.root / "atomic" / FOLDERS["memorize"]
        arms: dict[str, tuple[Path, tuple[Stage, ...], str]] = {
            "atomic": (main, STAGES, "atomic"),
            "without stage 1": (main, ("retrieve", "agent"), "without-1"),
            # Begins with the memory of the first arm: the two are the same up to there.
            "without stage 2": (memorised, ("agent",), "without-2"),
            **{
                name: (self.root / f"index-{name}", ("memorize", "retrieve"), name)
                for name in INDEXINGS[1:]
            },
        }
        found = {}
        for name, (index, stages, folder) in arms.items():
            if name in INDEXINGS:
                self.index(catalogue, name)  # type: ignore[arg-type]
            done = self.trained(folder, index, stages)
            found[name] = (done, Path(done[-1]["folder"]))
        return found


def bars(bench: Bench) -> str:
    """Returns the section of the bars."""
    catalogue = bench.catalogue()
    done = bench.trained("atomic", bench.index(catalogue, "atomic"), STAGES)
    folders = {each["stage"]: Path(each["folder"]) for each in done}
    memory = bench.once(
        "memory",
        lambda: asdict(measure.score_memory(_load(bench, folders["memorize"]), catalogue)),
    )
    scores = bench.once(
        "retrieval", lambda: _retrieval(bench, _load(bench, folders["retrieve"]), catalogue)
    )
    tasks = [
        bench.once(
            f"tasks-{split}", lambda split=split: _tasks(bench, folders["agent"], catalogue, split)
        )
        for split in HELD_OUT
    ]
    seconds = sum(each["seconds"] for each in done)
    stages = [[e["stage"], f"{e['tokens']:,}", f"{e['seconds']:,.0f} s"] for e in done]
    paraphrased = {
        name: _at(scores, name, "instruction", "paraphrased")["ndcg"]["1"]
        for name in ("tokens", "BM25")
    }
    whole = _at(scores, "tokens", "instruction", None)["ndcg"]
    gain = 100 * (paraphrased["tokens"] - paraphrased["BM25"])
    answers = 5 * sum(_at(scores, "tokens", split, None)["queries"] for split in HELD_OUT)
    made_up = [
        max(_at(scores, system, split, None)["made_up"] for split in HELD_OUT)
        for system in ("tokens", "tokens, free")
    ]
    met: list[list[Cell]] = [
        ["time of the three stages", "≤ 30 min", f"{seconds / 60:.1f} min"],
        ["memorisation", "≥ .95", _three(memory["accuracy"])],
        ["NDCG@1, held-out instructions", "≥ .85", _three(whole["1"])],
        ["NDCG@5, held-out instructions", "≥ .85", _three(whole["5"])],
        ["NDCG@1 against BM25, paraphrased", "≥ +10 points", f"{gain:+.1f} points"],
        [f"names that do not exist, of {answers:,}", "0", f"{made_up[0] * 100:.2f} %"],
        ["the same without the trie", "reported", f"{made_up[1] * 100:.2f} %"],
        ["end-to-end completion", "≥ .80", _completed(tasks[0])],
    ]
    return _section(
        bench,
        "200 tools",
        [
            table(["asked for", "bar", "measured"], met),
            table(["stage", "tokens", "time"], stages),
            "Memory: accuracy, macro F1, accuracy without the trie, names that no API has: "
            + ", ".join(
                _three(memory[name]) for name in ("accuracy", "f1", "free_accuracy", "made_up")
            )
            + ".",
            table(*_retrieval_rows(scores)),
            table(
                ["held out", "tasks", "completed", "95 %", "answered", "calls a task"],
                [_task_row(each) for each in tasks],
            ),
        ],
    )


def ablations(bench: Bench) -> str:
    """Returns the section of the ablations and the indexings."""
    catalogue = bench.catalogue()
    rows: list[list[Cell]] = []
    for name, (done, last) in bench.arms().items():
        folders = {each["stage"]: Path(each["folder"]) for each in done}
        if name == "without stage 2":
            folders["memorize"] = bench.root / "atomic" / FOLDERS["memorize"]
        asked = folders.get("retrieve", last)

        def measured(folders: dict[str, Path] = folders, asked: Path = asked) -> Any:
            first = folders.get("memorize")
            memory = None if first is None else measure.score_memory(_load(bench, first), catalogue)
            model = _load(bench, asked)
            scores = measure.score_retrieval("tokens", model, catalogue, HELD_OUT)
            free = measure.score_retrieval("free", model, catalogue, ("instruction",), free=True)
            return {
                "memory": memory and asdict(memory),
                "retrieval": [score.to_dict() for score in [*scores, *free]],
            }

        one = bench.once(f"arm-{name.replace(' ', '-')}", measured)
        task = None
        if "agent" in folders:
            label = "tasks-instruction" if name == "atomic" else f"tasks-{name.replace(' ', '-')}"
            task = bench.once(
                label,
                lambda folders=folders: _tasks(bench, folders["agent"], catalogue, "instruction"),
            )
        at = [_at(one["retrieval"], "tokens", split, None)["ndcg"] for split in HELD_OUT]
        rows.append(
            [
                name,
                "–" if one["memory"] is None else _three(one["memory"]["accuracy"]),
                *(_three(at[0][cut]) for cut in ("1", "5")),
                *(_three(each["1"]) for each in at[1:]),
                _three(_at(one["retrieval"], "free", "instruction", None)["made_up"]),
                "–" if task is None else _completed(task),
                f"{sum(each['seconds'] for each in done) / 60:.1f} min",
            ]
        )
    header = ["arm", "memory", "NDCG@1", "NDCG@5", "NDCG@1, tools", "NDCG@1, categories"]
    header += ["made up, free", "completed", "time"]
    return _section(bench, "Ablations and indexings", [table(header, rows)])


def unseen(bench: Bench) -> str:
    """Returns the section of tools that were never learned of."""
    catalogue = bench.catalogue()
    bench.trained("atomic", bench.index(catalogue, "atomic"), STAGES)
    folder = _train_inline(bench, catalogue)
    rows: list[list[Cell]] = []
    for split in HELD_OUT:
        queries = [q for q in catalogue.of_split(split) if len(q.calls) == 1][: bench.given.tasks]

        def by_tokens(queries: list[ApiQuery] = queries) -> list[int]:
            model = _load(bench, bench.root / "atomic" / FOLDERS["agent"])
            episodes = list(act(model, [q.text for q in queries], catalogue.by_id))
            calls = [next(iter(each.calls), None) for each in episodes]
            done = [
                is_completed(e, q, catalogue.by_id) for e, q in zip(episodes, queries, strict=True)
            ]
            return [*_hits(calls, queries), sum(done)]

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
            hits = bench.once(f"unseen-{split}-{number}", make)
            rows.append([split, way, len(queries), *(_of(hit, len(queries)) for hit in hits[:2])])
    header = ["held out", "system", "queries", "API right", "call right"]
    return _section(bench, "Unseen tools", [table(header, rows)])


def scale(bench: Bench) -> str:
    """Returns the section of a large catalogue beside a small one."""
    small, large = bench.given.apis

    def measured() -> Any:
        found: dict[str, Any] = {}
        models: dict[int, ToolModel] = {}
        for count in (small, large):
            began = time.monotonic()
            catalogue = bench.catalogue(count)
            made = time.monotonic()
            index = bench.index(catalogue, "atomic", name=f"atomic-{count}")
            saved = time.monotonic()
            models[count] = load_tool_model(index, device=bench.given.device)
            found[str(count)] = {
                "APIs": len(catalogue.apis),
                "catalogue, s": made - began,
                "tokens added, model saved, s": saved - made,
                "model loaded, s": time.monotonic() - saved,
            }
        queries = [query.text for query in bench.catalogue(small).queries][:20]
        prompts = [naming_prompt(text) for text in queries]
        for count, times in _retrieval_times(models, prompts, rounds=bench.given.rounds).items():
            found[str(count)] |= {name: statistics.median(each) for name, each in times.items()}
        return found

    found = bench.once(f"scale-{small}-{large}", measured)
    one, other = found[str(small)], found[str(large)]
    rows: list[list[Cell]] = []
    for name in one:
        ratio = other[name] / one[name] if one[name] else 0.0
        rows.append([name, _number(one[name]), _number(other[name]), f"{ratio:.2f} ×"])
    return _section(
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


def _tasks(bench: Bench, folder: Path, catalogue: Catalogue, split: Split) -> dict[str, Any]:
    model = _load(bench, folder)
    return asdict(measure.score_completion(model, catalogue, split, most=bench.given.tasks))


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


def _load(bench: Bench, folder: Path) -> ToolModel:
    with quiet():
        return load_tool_model(folder, device=bench.given.device)


def _at(scores: list[dict[str, Any]], system: str, split: str, tier: str | None) -> dict[str, Any]:
    wanted = (system, split, tier)
    found = next(s for s in scores if (s["system"], s["split"], s["tier"]) == wanted)
    score: dict[str, Any] = found["score"]
    return score


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
                *(_three(one["ndcg"][cut]) for cut in "135"),
                *(_three(one["ndcg_of_predicted"][cut]) for cut in "35"),
                _three(one["reciprocal_rank"]),
                _three(one["recall"]["5"]),
                _three(one["made_up"]),
            ]
        )
    return header, rows


def _task_row(task: dict[str, Any]) -> list[Cell]:
    low, high = wilson(task["completed"], task["tasks"])
    return [
        task["split"],
        task["tasks"],
        _completed(task),
        f"{_three(low)}–{_three(high)}",
        _three(task["finished"] / max(1, task["tasks"])),
        f"{task['calls']:.2f}",
    ]


def _completed(task: dict[str, Any]) -> str:
    return _three(task["completed"] / max(1, task["tasks"]))


def _of(part: int, whole: int) -> str:
    return _three(part / max(1, whole))


def _three(value: float) -> str:
    return f"{value:.3f}".removeprefix("0") if value < 1 else "1.000"


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _section(bench: Bench, title: str, parts: Sequence[str]) -> str:
    settings = {
        "tools": bench.given.tools,
        "APIs": f"{len(bench.catalogue().apis):,}",
        "model": Path(bench.given.model).name,
        "device": bench.given.device,
    }
    return section(title, parts, module="benchmarks.tool_tokens", settings=settings)


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
