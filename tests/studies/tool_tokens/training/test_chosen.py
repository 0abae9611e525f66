"""What chooses the weights of a stage is kept back from what it learns."""

import pytest

from tests.studies.tool_tokens.given import small_catalogue, tiny_index
from toolformer.finetune import TrainingText
from toolformer.studies.tool_tokens.catalog.files import Catalogue
from toolformer.studies.tool_tokens.index.identifiers import Identifiers, read_identifiers
from toolformer.studies.tool_tokens.training.chosen import stage_texts
from toolformer.studies.tool_tokens.training.config import Stage, StagesConfig


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> tuple[Catalogue, Identifiers]:
    folder = tmp_path_factory.mktemp("chosen")
    catalogue = small_catalogue(folder)
    return catalogue, read_identifiers(tiny_index(folder, catalogue, "atomic"))


def _queries(texts: list[TrainingText]) -> set[str]:
    return {each.id.partition(" ")[0] for each in texts}


@pytest.mark.parametrize("stage", ["retrieve", "agent"])
def test_training_queries_choose_and_are_not_learned(
    given: tuple[Catalogue, Identifiers], stage: Stage
) -> None:
    catalogue, identifiers = given
    config = StagesConfig(eval_queries=5, agent_tasks=None)
    learned, judged = map(_queries, stage_texts(stage, catalogue, identifiers, config))
    assert len(judged) == 5
    assert not learned & judged
    assert learned | judged == {query.id for query in catalogue.of_split("train")}


def test_what_is_memorised_is_all_of_it(given: tuple[Catalogue, Identifiers]) -> None:
    catalogue, identifiers = given
    learned, judged = stage_texts("memorize", catalogue, identifiers, StagesConfig(eval_queries=5))
    assert [each.id for each in learned] == [api.id for api in catalogue.apis]
    assert judged == []


def test_tasks_are_drawn_by_the_seed(given: tuple[Catalogue, Identifiers]) -> None:
    drawn = [
        [
            each.id
            for each in stage_texts("agent", *given, StagesConfig(agent_tasks=4, seed=seed))[0]
        ]
        for seed in (0, 0, 1)
    ]
    assert [len(each) for each in drawn] == [4, 4, 4]
    assert drawn[0] == drawn[1] != drawn[2]
