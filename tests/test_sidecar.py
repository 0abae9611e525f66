"""A checkpoint says how it was taught to write calls, and says so again when it is read."""

import json
import os
from pathlib import Path

import pytest

from toolformer.calls import InlineGrammar
from toolformer.errors import ModelError
from toolformer.sidecar import PromptStyle, Sidecar, SidecarTool, read_sidecar, write_sidecar

SIDECAR = Sidecar(
    grammar=InlineGrammar(open=" <", arrow=" =>", close=">"),
    prompt_style=PromptStyle.NONE,
    tools=(SidecarTool("Database", "database:path=facts.db", {"path": "facts.db"}),),
    gain_threshold=0.5,
    gain_thresholds={"Calculator": 0.25},
    lineage={"run": "abc", "base": "nano"},
)


def write(directory: Path, **changes: object) -> None:
    write_sidecar(directory, SIDECAR)
    path = directory / "toolformer.json"
    values = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps(values), encoding="utf-8")


def test_a_sidecar_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    write_sidecar(tmp_path, SIDECAR)
    assert read_sidecar(tmp_path) == SIDECAR


def test_a_model_without_a_sidecar_has_none(tmp_path: Path) -> None:
    assert read_sidecar(tmp_path) is None
    assert read_sidecar(tmp_path / "absent") is None


def test_what_a_sidecar_does_not_say_keeps_its_default(tmp_path: Path) -> None:
    (tmp_path / "toolformer.json").write_text('{"schema_version": 1}', encoding="utf-8")
    assert read_sidecar(tmp_path) == Sidecar()


def test_a_tools_own_threshold_goes_before_the_models() -> None:
    assert SIDECAR.threshold("Calculator") == 0.25
    assert SIDECAR.threshold("Calendar") == 0.5
    assert Sidecar().threshold("Calendar") is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema_version": 2}, "has schema version 2 and this toolformer reads up to 1: upgrade"),
        ({"schema_version": "x"}, "has no schema_version"),
        ({"gramar": {}}, "Unknown field 'gramar'. Did you mean 'grammar'?"),
        ({"grammar": {"open": "API"}}, "The open marker 'API' could be part of"),
        ({"grammar": {"opened": "["}}, "unexpected keyword argument 'opened'"),
        (
            {"prompt_style": "terse"},
            "prompt_style: Input should be 'demonstrations', 'few-shot', 'brief' or 'none'",
        ),
        ({"tools": [{"name": "x"}]}, "tools.0.spec: Field required"),
        ({"tools": [{"name": "x", "spec": "y", "path": "z"}]}, "tools.0.path: Unexpected keyword"),
        ({"samples": 10**9}, "samples: Input should be less than or equal to 1000"),
        ({"max_positions": 0}, "max_positions: Input should be greater than or equal to 1"),
        ({"min_prob": 1.5}, "min_prob: Input should be less than 1"),
        ({"gain_threshold": float("nan")}, "NaN is not JSON"),
        ({"gain_thresholds": {"Calculator": 10**400}}, "gain_thresholds.Calculator: Input should"),
        ({"tools": [{"name": "x", "spec": 5}]}, "tools.0.spec: Input should be a valid string"),
        (
            {"tools": [{"name": "x", "spec": "y" * 5000}]},
            "tools.0.spec: String should have at most",
        ),
        ({"tools": [{"name": "x", "spec": "y"}] * 300}, "tools: Tuple should have at most 256"),
        ({"grammar": {"open": ""}}, "The open marker '' is blank"),
        ({"grammar": {"open": " [", "arrow": "]", "close": "]"}}, "begin alike"),
        ({"grammar": {"open": " [" * 10**6}}, "a text of at most 64 characters"),
        ({"grammar": {"open": 5}}, "a text of at most 64 characters"),
        ({"grammar": {"kind": "unheard-of"}}, "Unknown kind of call grammar 'unheard-of'"),
        ({"grammar": [" [", "]"]}, "A call grammar maps fields to texts"),
        ({"start_token": "maybe"}, "start_token: Input should be a valid boolean"),
        ({"schema_version": True}, "has no schema_version"),
        ({"gain_thresholds": {"Calculator": "low"}}, "gain_thresholds.Calculator: Input should be"),
    ],
)
def test_a_sidecar_that_cannot_be_followed_is_refused_by_a_sentence(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    write(tmp_path, **changes)
    with pytest.raises(ModelError) as raised:
        read_sidecar(tmp_path)
    assert message in str(raised.value)
    assert "toolformer.json'" in str(raised.value)


def test_a_sidecar_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "toolformer.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="Cannot read"):
        read_sidecar(tmp_path)


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b"[]", b"5", b"\xff", b"", b'{"schema_version": NaN}']
)
def test_a_sidecar_that_is_no_object_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "toolformer.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"toolformer\.json'"):
        read_sidecar(tmp_path)


def test_a_sidecar_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "toolformer.json")
    with pytest.raises(ModelError, match="it is not a plain file"):
        read_sidecar(tmp_path)
