"""What the stages learn is what the model is to write, in the tokens in which it is read back."""

from pathlib import Path

import pytest

from tests.studies.tool_tokens.given import tiny_index
from toolformer.finetune.data.rows import make_rows
from toolformer.finetune.data.texts import TrainingText
from toolformer.finetune.model.starting import StartingModel, load_base
from toolformer.studies.tool_tokens.catalog.files import Catalogue
from toolformer.studies.tool_tokens.index.identifiers import (
    INDEXINGS,
    Identifiers,
    Indexing,
    read_identifiers,
)
from toolformer.studies.tool_tokens.training.texts import (
    agent_texts,
    memorize_texts,
    retrieve_texts,
)


def _read(
    folder: Path, catalogue: Catalogue, indexing: Indexing
) -> tuple[StartingModel, Identifiers]:
    out = tiny_index(folder, catalogue, indexing)
    return load_base(str(out), grammar=None, device="cpu"), read_identifiers(out)


def _learned(base: StartingModel, text: TrainingText) -> list[int]:
    [row] = make_rows([text], encoding=base.encoding, end=base.end, max_length=4096).rows
    return [token for token, counts in zip(row.ids, row.learned, strict=True) if counts]


@pytest.mark.parametrize("indexing", INDEXINGS)
def test_the_first_stages_learn_a_name_and_its_end(
    indexing: Indexing, catalogue: Catalogue, folder: Path
) -> None:
    base, identifiers = _read(folder, catalogue, indexing)
    end = [] if base.end is None else [base.end]
    memorized = list(memorize_texts(catalogue.apis, identifiers))
    assert len(memorized) == len(catalogue.apis)
    for api, text in zip(catalogue.apis, memorized, strict=True):
        name = list(base.encoding.piece(identifiers.by_api[api.id]))
        assert _learned(base, text) == name + end
    queries = catalogue.of_split("train")
    retrieved = list(retrieve_texts(queries, identifiers))
    wanted = [api for query in queries for api in query.apis]
    assert len(retrieved) == len(wanted)
    for api_id, text in list(zip(wanted, retrieved, strict=True))[::7]:
        assert _learned(base, text) == list(base.encoding.piece(identifiers.by_api[api_id])) + end


def test_the_last_stage_learns_what_the_model_writes_of_a_task(
    catalogue: Catalogue, folder: Path
) -> None:
    base, identifiers = _read(folder, catalogue, "atomic")
    query = next(each for each in catalogue.of_split("train") if len(each.apis) == 2)
    [text] = agent_texts([query], catalogue.by_id, identifiers)
    learned = base.encoding.decode(_learned(base, text))
    first, second = query.calls
    values = ", ".join(f'"{key}": "{value}"' for key, value in first.arguments.items()
                       if isinstance(value, str))  # fmt: skip
    assert values in learned or not values
    for call in (first, second):
        assert f"<<{call.api}>>" in learned
        assert catalogue.by_id[call.api].documentation in text.text
        assert catalogue.by_id[call.api].documentation not in learned
    assert "Observation" not in learned
    assert learned.count("<<Finish>>") == 1
    assert text.text[: text.prompt] == f"Query: {query.text}\nThought:"


def test_a_query_whose_calls_are_not_known_is_no_task(catalogue: Catalogue, folder: Path) -> None:
    from dataclasses import replace

    _, identifiers = _read(folder, catalogue, "atomic")
    unknown = [replace(each, calls=(), thoughts=()) for each in catalogue.queries]
    assert not list(agent_texts(unknown, catalogue.by_id, identifiers))
