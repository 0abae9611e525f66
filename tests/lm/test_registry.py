"""A model is found by what a user calls it."""

from pathlib import Path

import pytest

from toolformer.errors import ConfigError, ModelError
from toolformer.lm.registry import load_model

MODELS = """
from toolformer import ScriptedLanguageModel

ready = ScriptedLanguageModel(name="ready")

def made(name: str = "made") -> ScriptedLanguageModel:
    return ScriptedLanguageModel(name=name)

liar = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "models.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def distribution(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = folder / "another-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: another\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[toolformer.models]\nTheirs = models:made\n")
    monkeypatch.syspath_prepend(str(folder))


@pytest.mark.parametrize(
    ("named", "name"), [("ready", "ready"), ("made", "made"), ("made:name=mine", "mine")]
)
def test_a_model_is_an_object_of_a_file_or_what_a_function_returns(
    folder: Path, named: str, name: str
) -> None:
    assert load_model(f"models.py:{named}").name == name


@pytest.mark.usefixtures("distribution")
def test_a_model_of_another_distribution_is_found_in_any_case() -> None:
    assert load_model("theirs:name=other").name == "other"


def test_what_is_not_a_model_and_options_of_a_finished_one_are_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"'models\.py:liar' is not a language model"):
        load_model("models.py:liar")
    with pytest.raises(ConfigError, match="takes no options; it was given name"):
        load_model("models.py:ready:name=x")
