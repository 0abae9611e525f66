"""A trained model measured: what it remembers, retrieves, makes up and completes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from toolformer.evaluate.metric import wilson
from toolformer.studies.tool_tokens.acting.act import act, is_completed
from toolformer.studies.tool_tokens.acting.transcript import naming_prompt
from toolformer.studies.tool_tokens.catalog.files import Catalogue
from toolformer.studies.tool_tokens.catalog.records import TIERS, ApiQuery, Split, Tier
from toolformer.studies.tool_tokens.index.tool_model import Named, ToolModel
from toolformer.studies.tool_tokens.measuring.ranking import (
    Ranked,
    RankingScore,
    accuracy,
    macro_f1,
    score_ranking,
)

MOST = 5  # names that are retrieved


@dataclass(frozen=True, slots=True)
class TierScore:
    """The rankings of one system for the queries of a split, of one tier or of all (None)."""

    system: str
    split: Split
    tier: Tier | None
    score: RankingScore

    def to_dict(self) -> dict[str, Any]:
        """Returns the score as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Memory:
    """How well the names are known by the documentation."""

    apis: int
    accuracy: float
    f1: float  # macro
    free_accuracy: float  # without the trie
    made_up: float  # share of names, without the trie, that no API has


@dataclass(frozen=True, slots=True)
class Completion:
    """How many tasks were completed."""

    split: Split
    tasks: int
    completed: int
    finished: int  # an answer was given within the turns
    calls: float  # per task

    @property
    def share(self) -> float:
        """The share that was completed."""
        return self.completed / self.tasks if self.tasks else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share."""
        return wilson(self.completed, self.tasks)


Retrieve = Callable[[Sequence[str]], Iterable[Sequence[str]]]


def score_search(
    system: str, retrieve: Retrieve, catalogue: Catalogue, splits: Iterable[Split]
) -> list[TierScore]:
    """Scores a search on the queries of splits, of each tier and of all.

    Args:
        system: its name.
        retrieve: returns for each query the ids of APIs, the best first.
        catalogue: whose queries are asked.
        splits: of the queries.
    """
    return _scored(
        system,
        catalogue,
        splits,
        lambda queries: [
            Ranked(tuple(found), frozenset(query.apis))
            for query, found in zip(queries, retrieve([each.text for each in queries]), strict=True)
        ],
    )


def score_retrieval(
    system: str,
    model: ToolModel,
    catalogue: Catalogue,
    splits: Iterable[Split],
    *,
    free: bool = False,
) -> list[TierScore]:
    """Scores a model's retrieval, along the trie or freely."""
    name = model.name_freely if free else model.name

    def ranked(queries: Sequence[ApiQuery]) -> list[Ranked]:
        prompts = [naming_prompt(query.text) for query in queries]
        return [
            _ranked(names, query)
            for query, names in zip(queries, name(prompts, most=MOST), strict=True)
        ]

    return _scored(system, catalogue, splits, ranked)


def score_memory(model: ToolModel, catalogue: Catalogue, *, most: int | None = None) -> Memory:
    """Scores how well names are known by documentation, of all APIs or of some, evenly taken."""
    apis = catalogue.apis[:: max(1, len(catalogue.apis) // most) if most else 1]
    prompts = [naming_prompt(api.documentation, documented=True) for api in apis]
    wanted = [api.id for api in apis]
    told = [names[0].api or "" for names in model.name(prompts)]
    free = [names[0].api for names in model.name_freely(prompts)]
    return Memory(
        apis=len(apis),
        accuracy=accuracy(told, wanted),
        f1=macro_f1(told, wanted),
        free_accuracy=accuracy([each or "" for each in free], wanted),
        made_up=sum(each is None for each in free) / max(1, len(free)),
    )


def score_completion(
    model: ToolModel,
    catalogue: Catalogue,
    split: Split,
    *,
    most: int | None = None,
    max_turns: int = 5,
    on_done: Callable[[int], None] = lambda _done: None,
) -> Completion:
    """Scores tasks of a split from end to end, by what the simulated endpoints must have said."""
    queries = [query for query in catalogue.of_split(split) if query.calls][:most]
    completed = finished = calls = 0
    episodes = act(model, [query.text for query in queries], catalogue.by_id, max_turns=max_turns)
    for number, (query, episode) in enumerate(zip(queries, episodes, strict=True), start=1):
        completed += is_completed(episode, query, catalogue.by_id)
        finished += episode.answer is not None
        calls += len(episode.calls)
        on_done(number)
    return Completion(split, len(queries), completed, finished, calls / max(1, len(queries)))


def _ranked(names: Sequence[Named], query: ApiQuery) -> Ranked:
    """Returns a ranking in which what names no API keeps its place."""
    return Ranked(
        tuple(name.api or f"? {name.text}" for name in names),
        frozenset(query.apis),
        made_up=sum(name.api is None for name in names),
    )


def _scored(
    system: str,
    catalogue: Catalogue,
    splits: Iterable[Split],
    ranked: Callable[[Sequence[ApiQuery]], Sequence[Ranked]],
) -> list[TierScore]:
    scores = []
    for split in splits:
        queries = catalogue.of_split(split)
        if not queries:
            continue
        found = ranked(queries)
        for tier in (None, *TIERS):
            chosen = [
                one
                for query, one in zip(queries, found, strict=True)
                if tier is None or query.tier == tier
            ]
            if chosen:
                scores.append(TierScore(system, split, tier, score_ranking(chosen)))
    return scores
