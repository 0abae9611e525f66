"""What a user calls a model is found, or said not to be one, with the reason."""

from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.lm.hf.formats.files import save_adapter, save_gguf
from tests.models import save_model
from toolformer.errors import ModelError
from toolformer.lm.hf.source import fetch_source, find_source, sidecar_of
from toolformer.lm.registry import load_model
from toolformer.sidecar import Sidecar, write_sidecar


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """What decides whether the Hub is asked says yes; nothing here asks it."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty local cache of the Hub."""
    cache = tmp_path / "hub"
    cache.mkdir()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    return cache


def snapshot(cache: Path, name: str) -> Path:
    """Returns the folder of a repository in a cache, laid out as the Hub's client does."""
    repository = cache / f"models--{name.replace('/', '--')}"
    commit = "0" * 40
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    folder = repository / "snapshots" / commit
    folder.mkdir(parents=True)
    return folder


@pytest.mark.usefixtures("online")
@pytest.mark.parametrize("name", ["gpt2", "some-one/tiny", "some-one/tiny:tiny.Q4_0.gguf"])
def test_a_name_that_is_not_here_may_be_one_of_the_hub(name: str) -> None:
    assert find_source(name) is None


@pytest.mark.parametrize("name", ["gpt2", "HuggingFaceTB/SmolLM2-135M", "a/b:b.gguf"])
def test_offline_the_hub_is_said_not_to_be_asked(name: str) -> None:
    with pytest.raises(ModelError, match=f"Unknown model '{name}'.*HF_HUB_OFFLINE"):
        fetch_source(name)


def test_a_hub_id_without_a_slash_comes_from_the_cache(hub_cache: Path) -> None:
    folder = save_model(snapshot(hub_cache, "gpt2"), "gpt2")
    write_sidecar(folder, Sidecar(samples=7))
    model = load_model("gpt2", device="cpu")
    assert model.name == "gpt2"
    assert model.sidecar == sidecar_of("gpt2") == Sidecar(samples=7)


def test_the_cache_knows_namesakes_of_a_hub_id_without_a_slash(hub_cache: Path) -> None:
    save_model(snapshot(hub_cache, "openai-community/gpt2"), "gpt2")
    with pytest.raises(ModelError, match="local cache has openai-community/gpt2"):
        fetch_source("gpt2")


def test_an_adapter_and_its_base_come_from_the_cache(hub_cache: Path) -> None:
    base = save_model(snapshot(hub_cache, "some-one/tiny"), "llama")
    adapter = snapshot(hub_cache, "some-one/tiny-lora")
    save_adapter(adapter, base, written="some-one/tiny")
    write_sidecar(base, Sidecar(samples=7))
    model = load_model("some-one/tiny-lora", device="cpu")
    assert model.sidecar == sidecar_of("some-one/tiny-lora") == Sidecar(samples=7)


def test_a_file_in_gguf_comes_from_the_cache(hub_cache: Path) -> None:
    pytest.importorskip("gguf")
    folder = snapshot(hub_cache, "some-one/tiny-GGUF")
    save_gguf(folder / "tiny.gguf")
    assert load_model("some-one/tiny-GGUF:tiny.gguf", device="cpu").sidecar is None
    assert sidecar_of("some-one/tiny-GGUF:tiny.gguf") is None
    with pytest.raises(ModelError, match=r"no config\.json.*some-one/tiny-GGUF:FILE\.gguf"):
        load_model("some-one/tiny-GGUF")
    with pytest.raises(ModelError, match="not whole in the Hub's local cache"):
        load_model("some-one/tiny-GGUF:other.gguf")


def test_a_model_of_the_hub_that_is_half_here_is_named(hub_cache: Path) -> None:
    (hub_cache / "models--some-one--tiny").mkdir()
    with pytest.raises(ModelError, match="'some-one/tiny' is not whole in the Hub's local cache"):
        fetch_source("some-one/tiny")


def test_a_directory_that_holds_nothing_says_what_it_could_hold(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no config\.json\. Name .* or one with a file in GGUF"):
        find_source(str(tmp_path))


def test_a_config_with_weights_in_gguf_alone_says_how_to_name_them(tmp_path: Path) -> None:
    whole = save_model(tmp_path / "tiny", "llama")
    (whole / "model.safetensors").unlink()
    (whole / "tiny.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelError, match=r"no weights in safetensors.*tiny:tiny\.gguf"):
        load_model(str(whole))


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
