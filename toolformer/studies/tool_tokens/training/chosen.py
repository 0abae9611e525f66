"""Which texts a stage learns, and which choose its weights."""

import random
from collections.abc import Sequence
from typing import TypeVar

from toolformer.finetune import TrainingText
from toolformer.studies.tool_tokens.catalog.files import Catalogue
from toolformer.studies.tool_tokens.catalog.records import ApiQuery
from toolformer.studies.tool_tokens.index.identifiers import Identifiers
from toolformer.studies.tool_tokens.training.config import Stage, StagesConfig
from toolformer.studies.tool_tokens.training.texts import (
    agent_texts,
    memorize_texts,
    retrieve_texts,
)

_Drawn = TypeVar("_Drawn")


def stage_texts(
    stage: Stage, catalogue: Catalogue, identifiers: Identifiers, config: StagesConfig
) -> tuple[list[TrainingText], list[TrainingText]]:
    """Returns what a stage learns, and what its weights are chosen by.

    What chooses is kept back from the training queries: those held out are for tables alone. What
    is memorised is all to be known, so that nothing of it is kept back.
    """
    if stage == "memorize":
        return list(memorize_texts(catalogue.apis, identifiers)), []

    def texts_of(queries: Sequence[ApiQuery]) -> list[TrainingText]:
        if stage == "retrieve":
            return list(retrieve_texts(queries, identifiers))
        return list(agent_texts(queries, catalogue.by_id, identifiers))

    queries = catalogue.of_split("train")
    kept_back = _drawn(queries, config.eval_queries, config.seed)
    names = {query.id for query in kept_back}
    learned = texts_of([query for query in queries if query.id not in names])
    if stage == "agent" and config.agent_tasks is not None:
        learned = _drawn(learned, config.agent_tasks, config.seed)
    return learned, texts_of(kept_back)


def _drawn(pool: Sequence[_Drawn], most: int, seed: int) -> list[_Drawn]:
    """Returns so many of a pool by the seed, in their order."""
    if len(pool) <= most:
        return list(pool)
    chosen = random.Random(seed).sample(range(len(pool)), most)  # noqa: S311
    return [pool[index] for index in sorted(chosen)]
