"""`toolformer study tool-tokens …`: a catalogue, its tokens, three stages, retrieval, tasks."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from rich.table import Table
from typer import Argument, Option

from toolformer.cli.display.console import Console, answer_console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.progress import counting_bar, training_bar
from toolformer.cli.settings import DEVICE, MODEL_HELP, with_settings
from toolformer.cli.stopped import AT_A_CHECKPOINT, stopped_with
from toolformer.errors import UnknownNameError, closest
from toolformer.studies.tool_tokens.catalog.files import read_catalogue, write_catalogue
from toolformer.studies.tool_tokens.catalog.make import CatalogConfig
from toolformer.studies.tool_tokens.catalog.records import HELD_OUT
from toolformer.studies.tool_tokens.index.identifiers import INDEXINGS
from toolformer.studies.tool_tokens.training.config import STAGES, StagesConfig
from toolformer.studies.tool_tokens.training.stages import train_stages

if TYPE_CHECKING:
    from toolformer.studies.tool_tokens.measuring.tables import Table as Rows

_Name = TypeVar("_Name", bound=str)

_CATALOGUE = Annotated[
    Path,
    Argument(
        metavar="CATALOGUE",
        help="What `catalog` wrote, or a directory of ToolBench's or ToolGen's files.",
    ),
]
_TRAINED = Annotated[
    Path, Argument(metavar="MODEL", help="What `index` wrote, or a stage of `train`.")
]
_JSON = Annotated[bool, Option("--json", help="Print what came of it as JSON.")]


@with_settings(CatalogConfig)
def catalog(
    out: Annotated[Path, Option(help="A directory for apis.jsonl, queries.jsonl, catalog.json.")],
    *,
    config: CatalogConfig,
    as_json: _JSON = False,
) -> int:
    """Make a catalogue in the shape of ToolBench's: APIs, endpoints, queries. Offline.

    Queries are plain (the documentation's words), paraphrased or vague, and one to three APIs
    answer each. Instructions, tools and categories are held out. One seed makes the same bytes.
    """
    told = write_catalogue(out, config)
    if as_json:
        print_json(told)
        return 0
    table = Table("catalogue", "count", title=str(out))
    for name in ("categories", "tools", "apis"):
        table.add_row(name, f"{told[name]:,}")
    for split, count in told["queries"].items():
        table.add_row(f"queries: {split}", f"{count:,}")
    answer_console().print(table)
    return 0


def index(
    catalogue: _CATALOGUE,
    model: Annotated[str, Option(help="The model to add tokens to: a directory, a Hub id, nano.")],
    out: Annotated[Path, Option(help="The directory of the model with the tokens.")],
    indexing: Annotated[
        str, Option(help=f"How APIs are named: {', '.join(INDEXINGS)}.")
    ] = "atomic",
    seed: Annotated[int, Option(help="Random seed of the clusters of hierarchical.")] = 0,
    as_json: _JSON = False,
) -> int:
    """Add tokens that name the APIs to a model and its tokenizer, as transformers loads them.

    A new token's embedding is the mean of those of its name.
    """
    wanted = _one_of(indexing, INDEXINGS, what="indexing")
    apis = read_catalogue(catalogue).apis
    from toolformer.studies.tool_tokens.index.build import build_index

    with Console(stderr=True).status("Adding tokens"):
        made = build_index(model, apis, out, indexing=wanted, seed=seed)
    told = {"model": str(out), "indexing": wanted, "apis": len(made.apis)}
    told["new_tokens_from"] = made.new_tokens_from
    if as_json:
        print_json(told)
    else:
        print(f"{out} names {len(made.apis):,} APIs, as in {made.texts[0]}.")
    return 0


@with_settings(StagesConfig)
def train(
    catalogue: _CATALOGUE,
    index: Annotated[Path, Option(help="What `index` wrote.")],
    out: Annotated[Path, Option(help="A directory, in which each stage has one.")],
    stage: Annotated[
        str, Option(help=f"{', '.join(STAGES)}, several between commas, or all.")
    ] = "all",
    *,
    config: StagesConfig,
    device: DEVICE = "auto",
    as_json: _JSON = False,
) -> int:
    """Train in three stages: memorise the tools, retrieve them by query, act with them.

    Run the same command again after a kill: it continues at the last checkpoint. A stage begins
    with what the stages before it left in OUT, or with the index.
    """
    wanted = _some_of(stage, STAGES, what="stage")
    notes = Console(stderr=True)
    with stopped_with(AT_A_CHECKPOINT), training_bar(notes) as move:
        trained = train_stages(
            index,
            read_catalogue(catalogue),
            out,
            stages=wanted,
            config=config,
            device=device,
            on_begin=lambda name, folder: notes.print(f"Stage {name}: {folder}"),
            on_progress=move,
        )
    if as_json:
        print_json(
            [
                {"stage": each.stage, "model": str(each.folder)} | each.report.to_dict()
                for each in trained
            ]
        )
        return 0
    table = Table("stage", "texts", "steps", "tokens", "loss", "seconds", "model")
    for each in trained:
        report = each.report
        table.add_row(
            each.stage,
            f"{report.texts:,}",
            f"{report.steps:,}",
            f"{report.tokens:,}",
            f"{report.losses[0]:.3f} → {report.losses[-1]:.3f}",
            "–" if report.machine is None else f"{report.machine.seconds:,.0f}",
            str(each.folder),
        )
    answer_console().print(table)
    return 0


def retrieve(
    model: _TRAINED,
    query: Annotated[str, Argument(help="What is asked.")],
    most: Annotated[int, Option("-k", "--most", min=1, help="How many APIs.")] = 5,
    free: Annotated[
        bool, Option("--free", help="Let the model write any name, also one that no API has.")
    ] = False,
    device: DEVICE = "auto",
    as_json: _JSON = False,
) -> int:
    """Name the APIs for a query, the likeliest first: beam search along a trie of all names."""
    from toolformer.studies.tool_tokens.acting.transcript import naming_prompt
    from toolformer.studies.tool_tokens.index.tool_model import load_tool_model

    loaded = load_tool_model(model, device=device)
    name = loaded.name_freely if free else loaded.name
    [found] = name([naming_prompt(query)], most=most)
    if as_json:
        print_json([asdict(each) for each in found])
        return 0
    table = Table("API", "log p", "as written")
    for each in found:
        table.add_row(each.api or "– none –", f"{each.log_prob:.2f}", each.text)
    answer_console().print(table)
    if free:
        made_up = sum(each.api is None for each in found)
        Console(stderr=True).print(f"{made_up} of {len(found)} name no API.")
    return 0


def run(
    model: _TRAINED,
    catalogue: Annotated[Path, Argument(metavar="CATALOGUE", help="Whose APIs are called.")],
    task: Annotated[str, Argument(help="What is asked.")],
    max_turns: Annotated[int, Option(min=1, help="Calls of a task, at most.")] = 5,
    device: DEVICE = "auto",
    as_json: _JSON = False,
) -> int:
    """Do a task from end to end on the simulated endpoints; the exit code is 1 if it fails."""
    from toolformer.studies.tool_tokens.acting.act import act
    from toolformer.studies.tool_tokens.index.tool_model import load_tool_model

    apis = read_catalogue(catalogue).by_id
    [episode] = act(load_tool_model(model, device=device), [task], apis, max_turns=max_turns)
    if as_json:
        print_json(asdict(episode))
    else:
        for step in episode.steps:
            print(f"{step.kind}: {step.text}")
        if episode.answer is None:
            Console(stderr=True).print(f"No answer within {max_turns} calls.")
    return 0 if episode.answer is not None else 1


def evaluate(
    model: _TRAINED,
    catalogue: Annotated[Path, Argument(metavar="CATALOGUE", help="Whose queries are asked.")],
    split: Annotated[
        str,
        Option(help=f"What is held out: {', '.join(HELD_OUT)}, several between commas, or all."),
    ] = "all",
    tasks: Annotated[int, Option(min=0, help="Tasks done from end to end, of each split.")] = 0,
    base: Annotated[
        str | None, Option(help=f"Whose embeddings are searched, too. {MODEL_HELP}")
    ] = None,
    no_memory: Annotated[bool, Option("--no-memory", help="Do not ask for documentation.")] = False,
    device: DEVICE = "auto",
    as_json: _JSON = False,
) -> int:
    """Measure memory, retrieval and tasks, beside BM25: NDCG over all gold APIs, by tier.

    As ToolGen: NDCG whose ideal ranking has only the gold APIs that were found. Made up: names
    that no API has, which there are none of along the trie.
    """
    from toolformer.studies.tool_tokens.index.tool_model import load_tool_model
    from toolformer.studies.tool_tokens.measuring import evaluate as measure
    from toolformer.studies.tool_tokens.measuring.bm25 import search_bm25
    from toolformer.studies.tool_tokens.measuring.tables import (
        completion_rows,
        memory_rows,
        retrieval_rows,
    )

    splits = _some_of(split, HELD_OUT, what="split")
    read = read_catalogue(catalogue)
    loaded = load_tool_model(model, device=device)
    notes = Console(stderr=True)
    with notes.status("Asking"):
        memory = None if no_memory else measure.score_memory(loaded, read)
        scores = measure.score_retrieval("tokens", loaded, read, splits)
        scores += measure.score_retrieval("tokens, free", loaded, read, splits, free=True)
        scores += measure.score_search(
            "BM25", lambda queries: search_bm25(read.apis, queries), read, splits
        )
        if base is not None:
            from toolformer.lm.hf.load import load_pretrained
            from toolformer.studies.tool_tokens.measuring.embedding import search_embeddings

            other = load_pretrained(base, dtype="float32", device="cpu")
            scores += measure.score_search(
                "embeddings",
                lambda queries: search_embeddings(other, read.apis, queries),
                read,
                splits,
            )
    completions = []
    for each in splits if tasks else ():
        with counting_bar(notes, f"Tasks, {each}", "tasks", total=tasks) as move:
            completions.append(
                measure.score_completion(
                    loaded, read, each, most=tasks, on_done=lambda done: move(done, 0, "")
                )
            )
    if as_json:
        print_json(
            {
                "memory": None if memory is None else asdict(memory),
                "retrieval": [score.to_dict() for score in scores],
                "tasks": [asdict(each) for each in completions],
            }
        )
        return 0
    if memory is not None:
        _print_table(memory_rows([("tokens", memory)]))
    _print_table(retrieval_rows(scores))
    if completions:
        _print_table(completion_rows([("tokens", each) for each in completions]))
    return 0


ACTIONS = {
    "catalog": catalog,
    "index": index,
    "train": train,
    "retrieve": retrieve,
    "run": run,
    "evaluate": evaluate,
}


def _some_of(text: str, names: Sequence[_Name], *, what: str) -> list[_Name]:
    """Returns the names between commas, or all of them."""
    if text == "all":
        return list(names)
    return [_one_of(each.strip(), names, what=what) for each in text.split(",")]


def _one_of(text: str, names: Sequence[_Name], *, what: str) -> _Name:
    found = next((name for name in names if name == text), None)
    if found is None:
        raise UnknownNameError(closest(text, names, what=what))
    return found


def _print_table(rows: "Rows") -> None:
    header, lines = rows
    table = Table(*header)
    for line in lines:
        table.add_row(*line)
    answer_console().print(table)
