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
from toolformer.runs.thresholds import Thresholds


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
    manifest = replace(MANIFEST, tools=[replace(tool, min_used=threshold, min_help=threshold)])
    found = read_manifest(written(tmp_path, manifest))
    assert found is not None
    assert repr(found.tools[0].min_used) == repr(found.tools[0].min_help) == repr(threshold)
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


def test_one_number_for_both_thresholds_has_the_name_it_had_before_there_were_two(
    tmp_path: Path,
) -> None:
    tool = MANIFEST.tools[0]
    assert MANIFEST.to_dict()["tools"][0]["gain_threshold"] == 1
    both = replace(MANIFEST, tools=[replace(tool, min_used=0.75, min_help=-0.25)])
    [written_tool] = both.to_dict()["tools"]
    assert (written_tool["min_used"], written_tool["min_help"]) == (0.75, -0.25)
    assert written_tool.keys().isdisjoint({"gain_threshold", "calibrated"})
    assert read_manifest(written(tmp_path, both)) == both


def test_a_run_from_before_there_were_two_thresholds_keeps_its_fingerprint(
    tmp_path: Path,
) -> None:
    values = {
        "corpus": {"name": "c.jsonl"},
        "model": {"name": "m", "fingerprint": "f", "max_length": 8, "batch_tokens": 8},
        "tools": [
            {
                "name": "Calculator",
                "spec": "calculator",
                "options": {},
                "shown": "ef",
                "min_prob": 0.0,
                "gain_threshold": 0.5,
                "max_positions": 20,
                "samples": 10,
                "prune_below": 0.5,
            }
        ],
        "grammar": {},
        "config": {},
        "documents_per_shard": 2,
        "schema_version": 1,
    }
    stated = values | {"fingerprint": "bcabc0fdc2163ded"}
    (tmp_path / "manifest.json").write_text(json.dumps(stated), encoding="utf-8")
    found = read_manifest(tmp_path)
    assert found is not None
    assert found.tools[0].thresholds == Thresholds(0.5, 0.5)
    assert found.fingerprint == "bcabc0fdc2163ded"
    assert found.to_dict() == values


def test_provisional_thresholds_are_said_to_be_calibrated_and_nothing_may_be_left_out(
    tmp_path: Path,
) -> None:
    tool = replace(
        MANIFEST.tools[0], min_used=0.75, min_help=0.75, calibrated=True, prune_below=None
    )
    manifest = replace(MANIFEST, tools=[tool])
    values = manifest.to_dict()["tools"][0]
    assert (values["calibrated"], values["prune_below"]) == (True, None)
    assert (values["min_used"], values["min_help"]) == (0.75, 0.75)
    assert read_manifest(written(tmp_path, manifest)) == manifest


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
        (("tools", 0, "gain_threshold"), None),
        (("tools", 0, "prune_below"), "1"),
        (("tools", 0, "calibrated"), 1),
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
