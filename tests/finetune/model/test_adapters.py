"""What an adapter learned is in what is written: the adapter itself, or the weights it is for."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, PreTrainedModel

from tests.finetune.given import GRAMMAR, QUICK, write_run
from tests.models import CONFIGS, byte_level_tokenizer, save_weights
from toolformer.errors import ConfigError
from toolformer.finetune.data.runs import read_run
from toolformer.finetune.model.adapters import add_adapter, check_adapter, merge_adapter
from toolformer.finetune.model.starting import load_base
from toolformer.finetune.train import finetune
from toolformer.finetune.training.steps import TrainingStep
from toolformer.lm.hf.load import load_pretrained

IDS = torch.tensor([[0, 40, 41, 42, 300, 301]])


def wide_model(directory: Path) -> Path:
    """A tiny model with matrices that 4 bits can hold: their rows are blocks of 64."""
    tokenizer = byte_level_tokenizer()
    tokenizer.save_pretrained(directory)
    config = CONFIGS["llama"](len(tokenizer))
    config.update({"hidden_size": 64, "intermediate_size": 128, "head_dim": 16})
    return save_weights(directory, config, seed=0)


def needs(*libraries: str) -> pytest.MarkDecorator:
    missing = [name for name in libraries if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} not installed")


ADAPTERS = [
    pytest.param("lora", marks=needs("peft")),
    pytest.param("qlora", marks=needs("peft", "bitsandbytes")),
]


def logits(model: PreTrainedModel) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model.eval()(input_ids=IDS).logits.float()
    return found


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_the_merged_model_answers_as_the_adapted_one(adapter: str, tmp_path: Path) -> None:
    base = load_base(
        str(wide_model(tmp_path / "model")),
        grammar=GRAMMAR,
        device="cpu",
        in_four_bits=adapter == "qlora",
    )
    model = add_adapter(base.model, QUICK.override(adapter=adapter, lora_rank=2))
    torch.manual_seed(0)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:  # zero at first, which would leave the model as it is
            torch.nn.init.normal_(parameter.data, std=0.3)
    with model.disable_adapter():
        before = logits(model)
    adapted = logits(model)
    merge_adapter(model, adapter=adapter).save_pretrained(tmp_path / "merged")
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    assert (adapted - before).abs().max() > 1.0
    assert type(merged).__name__ == "LlamaForCausalLM"
    torch.testing.assert_close(logits(merged), adapted, atol=2e-3, rtol=0)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_model_tuned_through_an_adapter_is_a_whole_model(adapter: str, tmp_path: Path) -> None:
    model = wide_model(tmp_path / "model")
    run = read_run(write_run(tmp_path / "run", model))
    config = QUICK.override(adapter=adapter, lora_rank=2, steps=3, evaluate_every=1, merge=True)
    report = finetune([run], out=tmp_path / "tuned", config=config, device="cpu")
    assert 0 < report.trained_parameters < report.parameters / 2
    first, last = report.dev[0].loss, report.dev[3].loss
    assert first is not None
    assert last is not None
    assert last < first
    tuned = AutoModelForCausalLM.from_pretrained(tmp_path / "tuned")
    assert not hasattr(tuned.config, "quantization_config")
    shapes = {name: each.shape for name, each in tuned.state_dict().items()}
    assert shapes == {
        name: each.shape
        for name, each in AutoModelForCausalLM.from_pretrained(model).state_dict().items()
    }


@needs("peft")
def test_the_adapter_is_what_is_written_and_merged_it_is_the_whole_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    base = wide_model(Path("model"))
    run = read_run(write_run(tmp_path / "run", base))
    config = QUICK.override(adapter="lora", lora_rank=2, steps=3)
    report = finetune([run], out=tmp_path / "kept", config=config, device="cpu")
    assert finetune([run], out=tmp_path / "kept", config=config, device="cpu") == report
    merged = config.override(merge=True)
    finetune([run], out=tmp_path / "tuned", config=merged, device="cpu")
    kept = {each.name for each in (tmp_path / "kept").iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "toolformer.json"} < kept
    assert not kept & {"config.json", "model.safetensors", "README.md", "training"}
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")  # it names its base from the root
    kept_alone, whole, adapted = (
        load_pretrained(str(path), dtype="float32", device="cpu")
        for path in (tmp_path / "kept", tmp_path / "tuned", tmp_path / "tuned" / "adapter")
    )
    torch.testing.assert_close(logits(kept_alone.model), logits(whole.model), atol=1e-4, rtol=0)
    by_transformers = AutoModelForCausalLM.from_pretrained(tmp_path / "kept")
    torch.testing.assert_close(logits(by_transformers), logits(whole.model), atol=1e-4, rtol=0)
    assert kept_alone.sidecar is not None
    assert kept_alone.sidecar.tools == adapted.sidecar.tools
    base = tmp_path / base
    before = load_pretrained(str(base), dtype="float32", device="cpu")
    assert (logits(whole.model) - logits(before.model)).abs().max() > 1e-3
    torch.testing.assert_close(logits(adapted.model), logits(whole.model), atol=1e-4, rtol=0)
    assert adapted.sidecar == whole.sidecar
    assert not (tmp_path / "tuned" / "adapter" / "model.safetensors").exists()


@needs("peft")
def test_an_adapter_that_could_not_name_its_base_is_refused_before_the_work(
    tmp_path: Path,
) -> None:
    base = wide_model(tmp_path / "model")
    run = read_run(write_run(tmp_path / "run", base))
    config = QUICK.override(adapter="lora", lora_rank=2, steps=1)
    finetune([run], out=tmp_path / "first", config=config, device="cpu")
    with pytest.raises(ConfigError, match=r"is an adapter itself, .* --merge"):
        finetune(
            [run], out=tmp_path / "second", model=str(tmp_path / "first"), config=config,
            device="cpu",
        )  # fmt: skip
    loaded = load_pretrained(str(base), dtype="float32", device="cpu")
    with pytest.raises(ConfigError, match="a model in memory has no name"):
        finetune(
            [run], out=tmp_path / "second", model=(loaded.model, loaded.whole_tokenizer),
            config=config, device="cpu",
        )  # fmt: skip
    assert not (tmp_path / "second").exists()


class KilledError(Exception):
    """Stands for a kill: nothing of the training survives but its files."""


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_stopped_training_of_an_adapter_goes_on_to_the_same_weights(
    adapter: str, tmp_path: Path
) -> None:
    write_run(tmp_path / "run", wide_model(tmp_path / "model"))
    # With dropout: what it draws after the break has to be what it draws without one.
    config = QUICK.override(adapter=adapter, lora_rank=2, lora_dropout=0.2, keep="last")

    def tune(out: str, on_progress: Callable[[TrainingStep], None]) -> dict[str, torch.Tensor]:
        run = read_run(tmp_path / "run")
        finetune([run], out=tmp_path / out, config=config, device="cpu", on_progress=on_progress)
        name = "adapter_model" if adapter == "lora" else "model"
        return load_file(tmp_path / out / f"{name}.safetensors")

    def kill(progress: TrainingStep) -> None:
        if progress.done == 5 and progress.dev is None:
            raise KilledError

    with pytest.raises(KilledError):
        tune("stopped", kill)
    done: list[int] = []
    ours = tune("stopped", lambda step: done.append(step.done))
    assert done == [5, 6, 6]
    theirs = tune("whole", lambda _: None)
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolformer.errors.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"--qlora needs an extra: pip install"):
        check_adapter("qlora")
    check_adapter("none")
