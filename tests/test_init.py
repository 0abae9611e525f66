"""The public names are a sorted list, and each one is there."""

import ast
from pathlib import Path

import pytest

import toolformer


def test_the_public_names_are_sorted() -> None:
    assert toolformer.__all__ == sorted(toolformer.__all__)


@pytest.mark.parametrize("name", toolformer.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(toolformer, name) is not None


def test_the_names_that_are_typed_are_those_that_are_loaded() -> None:
    tree = ast.parse(Path(toolformer.__file__).read_text(encoding="utf-8"))
    homes = {}
    for block in tree.body:
        if isinstance(block, ast.If):
            for imported in block.body:
                assert isinstance(imported, ast.ImportFrom)
                for alias in imported.names:
                    renamed = f":{alias.name}" if alias.asname else ""
                    homes[alias.asname or alias.name] = f"{imported.module}{renamed}"
    assert homes == toolformer._HOMES
    assert sorted([*homes, "__version__"]) == toolformer.__all__


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        toolformer.nonsense  # noqa: B018
