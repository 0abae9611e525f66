"""LoRA and QLoRA: few weights trained beside the frozen ones, and put into them in the end.

Those of LoRA are kept beside the model, too: a few megabytes that peft, and whoever serves several
adapters of one base, can load.
"""

import importlib.util
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from toolformer.errors import ConfigError
from toolformer.finetune.config import FinetuneConfig


def check_installed(adapter: str) -> None:
    """Refuses a training whose libraries are not there.

    Raises:
        ConfigError: says what to install.
    """
    if adapter == "qlora" and importlib.util.find_spec("bitsandbytes") is None:
        raise ConfigError("--qlora needs bitsandbytes: pip install 'toolformer-engine[qlora]'.")


def add_adapter(model: PreTrainedModel, config: FinetuneConfig) -> Any:
    """Returns the model with an adapter on every linear layer but the output head."""
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    if config.adapter == "qlora":
        module: Any
        for module in model.modules():
            # A look at held-out texts would pack the weights for a kernel that has no gradient,
            # and what is trained after it would learn nothing below, without a word.
            if hasattr(module, "support_avx512bf16_for_cpu"):
                module.support_avx512bf16_for_cpu = False
        model = prepare_model_for_kbit_training(  # type: ignore[no-untyped-call]
            model, use_gradient_checkpointing=False
        )
    settings = LoraConfig(
        r=config.lora_rank,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    with _no_deprecations():
        return get_peft_model(model, settings)


def save_adapter(model: Any, folder: Path, *, base: str) -> None:
    """Writes the adapter alone, as peft does.

    Args:
        model: with its adapter, not merged yet.
        folder: to be made.
        base: the directory or Hub id of the model that it belongs to.
    """
    settings = model.peft_config["default"]
    settings.base_model_name_or_path = base
    settings.target_modules = sorted(settings.target_modules)  # a set: equal runs, equal bytes
    model.save_pretrained(folder, save_embedding_layers=False)  # which it does not change


def merge_adapter(model: Any, *, adapter: str) -> PreTrainedModel:
    """Returns a plain model that answers as the trained one does.

    Weights in 4 bits are written out in full first: what the adapter was trained beside are the
    rounded weights, not the ones they were rounded from.
    """
    if adapter == "lora":
        merged: PreTrainedModel = model.merge_and_unload()
        return merged
    from peft import PeftModel

    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        base = model.unload().dequantize().to(torch.float32)
        base.config.__dict__.pop("quantization_config", None)
        with _no_deprecations():
            full: PreTrainedModel = PeftModel.from_pretrained(base, folder).merge_and_unload()
    return full


@contextmanager
def _no_deprecations() -> Iterator[None]:
    """Hides what peft still asks of transformers in an old way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield
