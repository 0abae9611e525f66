"""Stages begin with what the stages before them left, and are not done twice."""

from pathlib import Path

import pytest

from tests.studies.tool_tokens.given import tiny_index
from toolformer.errors import ConfigError
from toolformer.files import read_json
from toolformer.studies.tool_tokens.catalog.files import Catalogue
from toolformer.studies.tool_tokens.index.tool_model import load_tool_model
from toolformer.studies.tool_tokens.measuring.evaluate import score_memory
from toolformer.studies.tool_tokens.training.config import StagesConfig
from toolformer.studies.tool_tokens.training.stages import FOLDERS, TrainedStage, train_stages

CONFIG = StagesConfig(
    memorize_epochs=40,
    retrieve_epochs=0.1,
    agent_epochs=0.5,
    agent_tasks=4,
    learning_rate=1e-2,
    lora_rank=4,
    dtype="float32",
)


@pytest.fixture(scope="module")
def index(folder: Path, catalogue: Catalogue) -> Path:
    return tiny_index(folder, catalogue, "atomic")


@pytest.fixture(scope="module")
def trained(folder: Path, catalogue: Catalogue, index: Path) -> list[TrainedStage]:
    return train_stages(index, catalogue, folder / "out", config=CONFIG, device="cpu")


def _base(folder: Path) -> str:
    return str(read_json(folder / "finetune.json")["base"]["name"])


@pytest.mark.slow
def test_each_stage_begins_with_the_one_before(
    trained: list[TrainedStage], folder: Path, index: Path
) -> None:
    out = folder / "out"
    assert [each.folder for each in trained] == [out / name for name in FOLDERS.values()]
    bases = [_base(each.folder) for each in trained]
    assert bases == [str(index), *(str(each.folder) for each in trained[:-1])]


@pytest.mark.slow
def test_the_tools_are_remembered_after_the_first_stage(
    trained: list[TrainedStage], catalogue: Catalogue
) -> None:
    memory = score_memory(load_tool_model(trained[0].folder, device="cpu"), catalogue)
    assert memory.accuracy > 0.9


@pytest.mark.slow
def test_a_stage_that_is_left_out_is_passed_over(
    trained: list[TrainedStage], folder: Path, catalogue: Catalogue, index: Path
) -> None:
    assert trained
    done = train_stages(
        index, catalogue, folder / "short", stages=["agent"], config=CONFIG, device="cpu"
    )
    assert _base(done[0].folder) == str(index)


@pytest.mark.slow
def test_what_is_done_is_not_done_again(
    trained: list[TrainedStage], folder: Path, catalogue: Catalogue, index: Path
) -> None:
    before = [(each.folder / "model.safetensors").stat().st_mtime_ns for each in trained]
    again = train_stages(index, catalogue, folder / "out", config=CONFIG, device="cpu")
    after = [(each.folder / "model.safetensors").stat().st_mtime_ns for each in again]
    assert before == after


def test_an_index_of_another_catalogue_is_refused(
    folder: Path, catalogue: Catalogue, index: Path
) -> None:
    other = Catalogue(catalogue.apis[1:], catalogue.queries)
    with pytest.raises(ConfigError, match="other APIs"):
        train_stages(index, other, folder / "other", config=CONFIG)


def test_a_stage_with_nothing_to_learn_is_refused(
    folder: Path, catalogue: Catalogue, index: Path
) -> None:
    without = Catalogue(catalogue.apis, ())
    with pytest.raises(ConfigError, match="nothing to learn in the stage 'agent'"):
        train_stages(index, without, folder / "none", stages=["agent"], config=CONFIG)
