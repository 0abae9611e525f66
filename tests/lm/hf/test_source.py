"""What a user calls a model is found, or said not to be one, with the reason."""

from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.models import save_model
from toolformer.errors import ModelError
from toolformer.lm.hf.source import find_source, model_directory
from toolformer.lm.registry import load_model


def test_a_name_without_a_slash_may_be_one_of_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    assert find_source("gpt2") is None


@pytest.mark.parametrize("name", ["gpt2", "HuggingFaceTB/SmolLM2-135M"])
def test_offline_the_hub_is_said_not_to_be_asked(name: str) -> None:
    with pytest.raises(ModelError, match=f"Unknown model '{name}'.*HF_HUB_OFFLINE"):
        model_directory(name)


def test_a_model_of_the_hub_that_is_half_here_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models--some-one--tiny").mkdir()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="'some-one/tiny' is not whole in the Hub's local cache"):
        model_directory("some-one/tiny")


def test_other_formats_are_named(tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    for name in (str(file), f"{tmp_path}:model.gguf"):
        with pytest.raises(ModelError, match="is a model in GGUF"):
            find_source(name)
    file.write_bytes(b"GGUF")
    with pytest.raises(ModelError, match=r"holds a model in GGUF \(model\.gguf\)"):
        find_source(str(tmp_path))


def test_an_adapter_is_said_to_be_one_and_its_base_is_not_opened(tmp_path: Path) -> None:
    adapter = '{"base_model_name_or_path": "/etc", "peft_type": "LORA"}'
    for directory in (save_model(tmp_path / "whole", "llama"), tmp_path):
        (directory / "adapter_config.json").write_text(adapter, encoding="utf-8")
        with pytest.raises(ModelError, match="holds an adapter of peft"):
            find_source(str(directory))


@pytest.mark.parametrize(
    "name", ["x" * 5000, "a\0b", "~no-such-user/m", "", "a//b", "../..", "é/ü"]
)
def test_what_names_nothing_is_refused_by_a_sentence(name: str) -> None:
    with pytest.raises(ModelError):
        load_model(name)


def test_a_file_is_not_a_model(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="is a file"):
        load_model(str(tmp_path / "weights.safetensors"))
