"""A small catalogue and a folder for what is made of it, once a module."""

from pathlib import Path

import pytest

from tests.studies.tool_tokens.given import small_catalogue
from toolformer.studies.tool_tokens.catalog.files import Catalogue


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tool-tokens")


@pytest.fixture(scope="module")
def catalogue(folder: Path) -> Catalogue:
    return small_catalogue(folder)
