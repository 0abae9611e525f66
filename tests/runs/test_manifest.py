"""A manifest is read back as it was written, to the byte."""

import copy
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

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


def edited(values: dict[str, Any], *path: str | int, value: object) -> dict[str, Any]:
    """Returns JSON values with another one at a place."""
    edited: dict[str, Any] = copy.deepcopy(values)
    where: Any = edited
    for step in path[:-1]:
        where = where[step]
    where[path[-1]] = value
    return edited


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("documents_per_shard",), 0),
        (("documents_per_shard",), "64"),
        (("documents_per_shard",), 1.0),
        (("model", "max_length"), -1),
        (("model", "name"), 5),
        (("tools", 0, "min_prob"), 1.5),
        (("tools", 0, "samples"), True),
        (("tools", 0, "gain_threshold"), "1"),
        (("tools", 0, "spec"), 5),
        (("tools", 0, "name"), "a b"),
        (("tools", 1, "name"), "Calculator"),
        (("tools", 0, "options"), []),
        (("grammar", "close"), ""),
        (("grammar", "kind"), "none"),
        (("grammar", "more"), "x"),
        (("config", "window_tokens"), "x"),
        (("config", "allow_peeking"), 1),
        (("corpus",), None),
    ],
)
def test_a_field_is_refused_by_its_name(
    tmp_path: Path, path: tuple[str | int, ...], value: object
) -> None:
    values = edited(MANIFEST.to_dict(), *path, value=value)
    (tmp_path / "manifest.json").write_text(json.dumps(values), encoding="utf-8")
    place = ".".join(map(str, path[:1] if path[0] == "grammar" else path))
    with pytest.raises(RunError, match=rf"is not the manifest of a run: {re.escape(place)}"):
        read_manifest(tmp_path)


def test_a_field_that_was_edited_is_told_by_the_fingerprint(tmp_path: Path) -> None:
    values = MANIFEST.to_dict() | {"fingerprint": MANIFEST.fingerprint}
    (tmp_path / "manifest.json").write_text(json.dumps(values), encoding="utf-8")
    assert read_manifest(tmp_path) == MANIFEST
    values = edited(values, "tools", 0, "gain_threshold", value=0.5)
    (tmp_path / "manifest.json").write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(RunError, match=r"fingerprint: .* the file was edited"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b'{"a": NaN}', b"\xff", b'{"schema_version": [[1]]}']
)
def test_no_content_is_more_than_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(RunError):
        read_manifest(tmp_path)
