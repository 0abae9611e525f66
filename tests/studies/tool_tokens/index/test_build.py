"""Tokens for tools in a model of plain transformers, by each of the four indexings."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.studies.tool_tokens.given import tiny_index
from toolformer.errors import ModelError, RunError
from toolformer.studies.tool_tokens.acting.transcript import naming_prompt
from toolformer.studies.tool_tokens.catalog.files import Catalogue
from toolformer.studies.tool_tokens.index.build import build_index
from toolformer.studies.tool_tokens.index.clusters import cluster_paths
from toolformer.studies.tool_tokens.index.identifiers import (
    FINISH,
    INDEXINGS,
    Indexing,
    read_identifiers,
)
from toolformer.studies.tool_tokens.index.tool_model import load_tool_model


@pytest.mark.parametrize("model", ["llama", "gpt2"])
def test_a_new_row_is_the_mean_of_the_rows_of_its_name(
    model: str, catalogue: Catalogue, tmp_path: Path
) -> None:
    out = tiny_index(tmp_path, catalogue, "atomic", model=model)
    before = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    after = AutoModelForCausalLM.from_pretrained(out)
    tokenizer = AutoTokenizer.from_pretrained(out)
    first = read_identifiers(out).new_tokens_from
    assert first is not None
    for number, api in enumerate(catalogue.apis):
        assert tokenizer.encode(f"<<{api.id}>>", add_special_tokens=False) == [first + number]
        name = tokenizer.encode(api.words, add_special_tokens=False)
        for layer in ("get_input_embeddings", "get_output_embeddings"):
            old, new = (getattr(each, layer)().weight for each in (before, after))
            assert torch.allclose(new[first + number], old[name].mean(dim=0), atol=1e-6)
            assert torch.equal(new[:first], old[:first])
    assert tokenizer.encode(FINISH, add_special_tokens=False) == [first + len(catalogue.apis)]
    assert after.get_input_embeddings().weight.shape[0] == len(tokenizer)


@pytest.mark.parametrize("indexing", INDEXINGS)
def test_each_api_has_a_name_of_its_own_that_is_read_back(
    indexing: Indexing, catalogue: Catalogue, folder: Path
) -> None:
    model = load_tool_model(tiny_index(folder, catalogue, indexing), device="cpu")
    names = [model.tokens_of(text) for text in model.identifiers.texts]
    assert len(set(names)) == len(catalogue.apis)
    lengths = {len(name) for name in names}
    if indexing == "atomic":
        assert lengths == {1}
    if indexing == "numeric":
        assert lengths == {len(str(len(catalogue.apis) - 1))}
    [found] = model.name([naming_prompt("something")], most=len(catalogue.apis))
    assert sorted(each.api or "" for each in found) == sorted(api.id for api in catalogue.apis)
    assert sum(np.exp(each.log_prob) for each in found) == pytest.approx(1.0, abs=1e-4)
    [acting] = model.name(["Thought: x\nAction:"], most=len(names) + 1, with_finish=True)
    assert [each.text for each in acting if each.api is None] == [FINISH]


def test_free_names_are_looked_up(catalogue: Catalogue, folder: Path) -> None:
    model = load_tool_model(tiny_index(folder, catalogue, "atomic"), device="cpu")
    [free] = model.name_freely([naming_prompt("something")], most=3)
    assert len(free) == 3
    for each in free:
        assert each.api == model.identifiers.by_text.get(each.text)


def test_an_index_is_not_made_again_and_not_over_another(
    catalogue: Catalogue, folder: Path
) -> None:
    out = tiny_index(folder, catalogue, "atomic")
    before = (out / "model.safetensors").stat().st_mtime_ns
    tiny_index(folder, catalogue, "atomic")
    assert (out / "model.safetensors").stat().st_mtime_ns == before
    with pytest.raises(RunError, match="apis"):
        build_index(str(folder / "base"), catalogue.apis[1:], out, indexing="atomic")


def test_a_model_that_has_the_tokens_gets_them_once(
    catalogue: Catalogue, folder: Path, tmp_path: Path
) -> None:
    out = tiny_index(folder, catalogue, "atomic")
    with pytest.raises(ModelError, match="has some of these tokens already"):
        build_index(str(out), catalogue.apis, tmp_path / "again", indexing="atomic")


def test_a_model_without_tokens_for_tools_is_told_how_to_get_them(
    catalogue: Catalogue, folder: Path
) -> None:
    tiny_index(folder, catalogue, "atomic")
    with pytest.raises(ModelError, match="tool-tokens index"):
        load_tool_model(folder / "base")


def test_similar_vectors_share_their_branches_and_none_begins_another() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(4, 8))
    vectors = np.concatenate([centre + 0.01 * rng.normal(size=(6, 8)) for centre in centres])
    paths = cluster_paths(vectors.astype(np.float32), branches=4, seed=0)
    assert len(set(paths)) == 24
    assert [len({path[0] for path in paths[n : n + 6]}) for n in range(0, 24, 6)] == [1] * 4
    assert not any(a != b and b[: len(a)] == a for a in paths for b in paths)


def test_vectors_that_are_alike_are_told_apart() -> None:
    paths = cluster_paths(np.ones((25, 3), dtype=np.float32), branches=3, seed=0)
    assert len(set(paths)) == 25
