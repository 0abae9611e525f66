"""A tiny model and a run of it, for the tests that need no other."""

from pathlib import Path

import pytest

from tests.finetune.given import tiny_model, write_run
from toolformer.finetune.data.runs import SelectedRun, read_run


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("base") / "model")


@pytest.fixture
def run(model: Path, tmp_path: Path) -> SelectedRun:
    return read_run(write_run(tmp_path / "run", model))
