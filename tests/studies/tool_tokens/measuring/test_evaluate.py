"""What is measured of a model with tokens for tools, by tier and split."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.studies.tool_tokens.given import tiny_index
from toolformer.lm.hf.load import load_pretrained
from toolformer.studies.tool_tokens.catalog.files import Catalogue
from toolformer.studies.tool_tokens.index.tool_model import ToolModel, load_tool_model
from toolformer.studies.tool_tokens.measuring.bm25 import search_bm25
from toolformer.studies.tool_tokens.measuring.embedding import search_embeddings
from toolformer.studies.tool_tokens.measuring.evaluate import (
    score_completion,
    score_memory,
    score_retrieval,
    score_search,
)
from toolformer.studies.tool_tokens.measuring.tables import (
    completion_rows,
    memory_rows,
    retrieval_rows,
)


@pytest.fixture(scope="module")
def model(folder: Path, catalogue: Catalogue) -> ToolModel:
    return load_tool_model(tiny_index(folder, catalogue, "atomic"), device="cpu")


def test_a_search_that_knows_the_answers_scores_1_in_every_tier(catalogue: Catalogue) -> None:
    known = {query.text: query.apis for query in catalogue.queries}
    scores = score_search(
        "oracle", lambda texts: [known[text] for text in texts], catalogue, ["instruction"]
    )
    assert [score.tier for score in scores] == [None, "plain", "paraphrased", "vague"]
    assert sum(score.score.queries for score in scores[1:]) == scores[0].score.queries == 6
    assert all(score.score.ndcg == {1: 1.0, 3: 1.0, 5: 1.0} for score in scores)


def test_along_the_trie_no_name_is_made_up_and_freely_all_are_counted(
    model: ToolModel, catalogue: Catalogue
) -> None:
    along = score_retrieval("tokens", model, catalogue, ["instruction"])
    freely = score_retrieval("free", model, catalogue, ["instruction"], free=True)
    assert all(score.score.made_up == 0 for score in along)
    # Nobody taught the model to write a name, and most of its tokens are none.
    assert freely[0].score.made_up > 0.5


def test_memory_is_asked_of_all_apis_or_of_some(model: ToolModel, catalogue: Catalogue) -> None:
    memory = score_memory(model, catalogue)
    assert memory.apis == len(catalogue.apis)
    assert 0 <= memory.free_accuracy <= memory.accuracy <= 1
    assert score_memory(model, catalogue, most=5).apis < len(catalogue.apis)


def test_tasks_without_known_calls_are_not_asked(model: ToolModel, catalogue: Catalogue) -> None:
    without = Catalogue(
        catalogue.apis,
        tuple(replace(query, calls=(), thoughts=()) for query in catalogue.queries),
    )
    assert score_completion(model, without, "instruction").tasks == 0
    done: list[int] = []
    some = score_completion(
        model, catalogue, "instruction", most=2, max_turns=1, on_done=done.append
    )
    assert (some.tasks, done) == (2, [1, 2])
    assert some.completed <= some.finished


def test_the_embedding_of_a_documentation_finds_itself(
    folder: Path, catalogue: Catalogue, model: ToolModel
) -> None:
    assert model.identifiers.apis
    loaded = load_pretrained(str(folder / "base"), dtype="float32", device="cpu")
    found = search_embeddings(loaded, catalogue.apis, [api.documentation for api in catalogue.apis])
    assert [names[0] for names in found] == [api.id for api in catalogue.apis]


def test_tables_have_a_row_for_each(model: ToolModel, catalogue: Catalogue) -> None:
    scores = score_search(
        "BM25", lambda texts: search_bm25(catalogue.apis, texts), catalogue, ["instruction"]
    )
    header, rows = retrieval_rows(scores)
    assert len(rows) == 4
    assert {len(row) for row in rows} == {len(header)}
    header, rows = memory_rows([("tokens", score_memory(model, catalogue))])
    assert len(rows[0]) == len(header)
    task = score_completion(model, catalogue, "instruction", most=1, max_turns=1)
    header, rows = completion_rows([("tokens", task)])
    assert len(rows[0]) == len(header)
