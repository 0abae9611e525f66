"""A manifest is read back as it was written, to the byte."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.runs.test_directory import MANIFEST
from toolformer.errors import RunError
from toolformer.files import json_text
from toolformer.runs.manifest import RunManifest, read_manifest


def written(path: Path, manifest: RunManifest) -> Path:
    (path / "manifest.json").write_text(json_text(manifest.to_dict()), encoding="utf-8")
    return path


def test_a_manifest_comes_back_equal_and_with_its_fingerprint(tmp_path: Path) -> None:
    found = read_manifest(written(tmp_path, MANIFEST))
    assert found == MANIFEST
    assert found.fingerprint == MANIFEST.fingerprint


@pytest.mark.parametrize("threshold", [1, 1.0, -5e-324])
def test_a_number_is_read_as_it_is_written(tmp_path: Path, threshold: float) -> None:
    tool = MANIFEST.tools[0]
    manifest = replace(MANIFEST, tools=[replace(tool, gain_threshold=threshold)])
    found = read_manifest(written(tmp_path, manifest))
    assert found is not None
    assert repr(found.tools[0].gain_threshold) == repr(threshold)
    assert found.fingerprint == manifest.fingerprint


def test_the_fields_stand_in_the_documented_order() -> None:
    values = MANIFEST.to_dict()
    assert list(values) == [
        "corpus",
        "model",
        "tools",
        "grammar",
        "config",
        "documents_per_shard",
        "schema_version",
    ]
    assert list(values["model"]) == ["name", "fingerprint", "max_length", "batch_tokens"]
    assert list(values["tools"][0]) == [
        "name",
        "spec",
        "options",
        "shown",
        "min_prob",
        "gain_threshold",
        "max_positions",
        "samples",
        "prune_below",
    ]


@pytest.mark.parametrize("part", [{"tools": [{"name": "Calculator"}]}, {"model": {}}, {"x": 1}])
def test_a_part_that_is_missing_or_unknown_makes_it_another_programs(
    tmp_path: Path, part: dict[str, object]
) -> None:
    values = MANIFEST.to_dict() | part
    (tmp_path / "manifest.json").write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(RunError, match="is not the manifest of a run"):
        read_manifest(tmp_path)
