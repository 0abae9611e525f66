"""An adapter is a model: its base with the adapter's weights put into it."""

import warnings
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, PromptTuningConfig
from transformers import AutoModelForCausalLM

from tests.finetune.given import QUICK
from tests.lm.hf.damage import edit, edit_tensors
from tests.lm.hf.formats.files import save_adapter, save_gguf, with_adapter
from tests.models import CONFIGS, byte_level_tokenizer, save_model, save_weights
from toolformer.calls import PlacedCall, ToolCall
from toolformer.errors import ModelError
from toolformer.finetune.data.texts import TrainingText
from toolformer.finetune.model.starting import load_base
from toolformer.finetune.train import finetune_texts
from toolformer.lm.hf.load import load_pretrained
from toolformer.lm.hf.model import load
from toolformer.lm.hf.source import sidecar_of
from toolformer.sidecar import Sidecar, write_sidecar

torch.set_num_threads(1)
IDS = torch.tensor([[0, 40, 41, 42, 300, 301]])
TEXT = "The sum of 12 and 30 is 42, said the teacher."


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return save_model(tmp_path / "base", "llama")


@pytest.fixture
def adapter(base: Path, tmp_path: Path) -> Path:
    return save_adapter(tmp_path / "adapter", base)


def logits(model: torch.nn.Module) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model.eval()(input_ids=IDS).logits
    return found


def test_it_answers_as_peft_does(base: Path, adapter: Path) -> None:
    plain = AutoModelForCausalLM.from_pretrained(base)
    before = logits(plain)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        theirs = logits(PeftModel.from_pretrained(plain, adapter))
    ours = load_pretrained(str(adapter), dtype="float32", device="cpu").model
    assert torch.allclose(logits(ours), theirs, atol=1e-4)
    assert not torch.allclose(before, theirs, atol=0.1)


def test_a_base_is_found_from_the_current_directory_as_peft_finds_it(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_adapter(tmp_path / "near", base, written="base")
    monkeypatch.chdir(tmp_path)
    assert load("near", device="cpu").name == "near"


def test_a_base_that_is_not_there_is_named(base: Path, tmp_path: Path) -> None:
    adapter = save_adapter(tmp_path / "lost", base, written="some/where/else")
    with pytest.raises(ModelError, match="lost' belongs to 'some/where/else', which cannot be"):
        load(adapter, device="cpu")
    with pytest.raises(ModelError, match="belongs to 'some/where/else'"):
        sidecar_of(str(adapter))


def test_a_base_that_is_an_adapter_is_refused(adapter: Path, base: Path, tmp_path: Path) -> None:
    second = save_adapter(tmp_path / "second", base, written=str(adapter))
    with pytest.raises(ModelError, match="which is an adapter too"):
        load(second, device="cpu")


def test_the_fingerprint_follows_both_files(base: Path, adapter: Path, tmp_path: Path) -> None:
    def fingerprint(directory: Path) -> str:
        return load_pretrained(str(directory), dtype="float32", device="cpu").fingerprint

    first = fingerprint(adapter)
    other = fingerprint(save_adapter(tmp_path / "other", base, seed=4))
    save_model(base, "llama", seed=9)
    assert len({first, other, fingerprint(adapter)}) == 3


def test_its_own_sidecar_comes_before_that_of_its_base(base: Path, adapter: Path) -> None:
    write_sidecar(base, Sidecar(samples=2))
    assert sidecar_of(str(adapter)) == load(adapter, device="cpu").sidecar == Sidecar(samples=2)
    write_sidecar(adapter, Sidecar(samples=3))
    assert sidecar_of(str(adapter)) == load(adapter, device="cpu").sidecar == Sidecar(samples=3)


def test_new_tokens_of_an_adapter_get_room_in_its_base(base: Path, tmp_path: Path) -> None:
    tokenizer = deepcopy(byte_level_tokenizer())
    tokenizer.add_tokens(["<|call|>"])
    model = AutoModelForCausalLM.from_pretrained(base)
    model.resize_token_embeddings(len(tokenizer))
    settings = LoraConfig(r=2, target_modules=["q_proj"], modules_to_save=["embed_tokens"])
    with pytest.warns(UserWarning, match="save_embedding_layers"):
        with_adapter(model, settings).save_pretrained(tmp_path / "wide")
    tokenizer.save_pretrained(tmp_path / "wide")
    found = load(tmp_path / "wide", device="cpu")
    assert found.engine.forward.backend.vocabulary == len(tokenizer)


def test_it_can_be_tuned(adapter: Path, tmp_path: Path) -> None:
    call = PlacedCall(TEXT.index(" 42"), ToolCall("Calculator", "12 + 30"), "42")
    texts = [TrainingText("a", TEXT, (call,))]
    settings = QUICK.override(steps=2, adapter="lora", lora_rank=2, merge=True)
    out = tmp_path / "out"
    report = finetune_texts(texts, model=str(adapter), out=out, config=settings, device="cpu")
    assert report.base == str(adapter)
    assert not (out / "adapter_config.json").exists()
    assert load(out, device="cpu").sidecar is not None


@pytest.mark.parametrize("form", ["adapter", "gguf"])
def test_it_is_rounded_to_four_bits_as_a_whole(form: str, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    directory = tmp_path / "base"
    byte_level_tokenizer().save_pretrained(directory)
    config = CONFIGS["llama"](len(byte_level_tokenizer()))
    config.update({"hidden_size": 64, "intermediate_size": 128, "head_dim": 16})
    directory = save_weights(directory, config, seed=0)
    if form == "adapter":
        directory = save_adapter(tmp_path / "adapter", directory)
    else:
        pytest.importorskip("gguf")
        save_gguf(tmp_path / "tiny.gguf", whole=directory)
        directory = tmp_path / "tiny.gguf"
    full = load_pretrained(str(directory), dtype="float32", device="cpu")
    rounded = load_base(str(directory), grammar=None, device="cpu", in_four_bits=True)
    assert rounded.model.is_loaded_in_4bit
    assert rounded.fingerprint == full.fingerprint
    ours, theirs = logits(rounded.model), logits(full.model)
    assert torch.corrcoef(torch.stack([ours.flatten(), theirs.flatten()]))[0, 1] > 0.7


def test_a_damaged_adapter_is_refused(base: Path, adapter: Path, tmp_path: Path) -> None:
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    weights = adapter / "adapter_model.safetensors"
    edit_tensors(adapter, without=name, file=weights.name)
    with pytest.raises(ModelError, match="does not fit its base"):
        load(adapter, device="cpu")
    weights.unlink()
    with pytest.raises(ModelError, match=r"without adapter_model\.safetensors"):
        load(adapter, device="cpu")


def test_an_adapter_of_another_model_is_refused(adapter: Path, tmp_path: Path) -> None:
    other = save_model(tmp_path / "gpt2", "gpt2")
    edit(adapter / "adapter_config.json", base_model_name_or_path=str(other))
    with pytest.raises(ModelError, match="does not fit its base"):
        load(adapter, device="cpu")


def test_settings_that_no_adapter_needs_are_refused(adapter: Path) -> None:
    edit(adapter / "adapter_config.json", megatron_config={"a": 1}, megatron_core="antigravity")
    with pytest.raises(ModelError, match="megatron_config"):
        load(adapter, device="cpu")
    edit(adapter / "adapter_config.json", base_model_name_or_path=None)
    with pytest.raises(ModelError, match="does not say which model"):
        load(adapter, device="cpu")


def test_an_adapter_that_is_no_weights_is_refused(base: Path, tmp_path: Path) -> None:
    settings = PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2)
    model = AutoModelForCausalLM.from_pretrained(base)
    with_adapter(model, settings).save_pretrained(tmp_path / "prompt")
    with pytest.raises(ModelError, match="PROMPT_TUNING, which cannot be put into weights"):
        load(tmp_path / "prompt", device="cpu")
