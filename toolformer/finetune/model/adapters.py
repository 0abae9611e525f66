"""LoRA and QLoRA: few weights trained beside the frozen ones.

Those of LoRA are what is written: a few megabytes that name their base, and that peft, and whoever
serves several adapters of one base, can load. They are put into the weights where that is wanted,
and those of QLoRA always are.
"""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from toolformer.assets import EMBEDDED_MODEL
from toolformer.errors import ConfigError, check_installed
from toolformer.finetune.config import FinetuneConfig
from toolformer.lm.hf.source import fetch_source


def check_adapter(adapter: str) -> None:
    """Refuses a training whose libraries are not there.

    Raises:
        ConfigError: says what to install.
    """
    if adapter == "qlora":
        check_installed("bitsandbytes", extra="qlora", what="--qlora")


def check_base_of_adapter(config: FinetuneConfig, model: object) -> None:
    """Refuses to keep an adapter that could not name what it belongs to.

    Args:
        config: of the training.
        model: its base, as the caller named it.

    Raises:
        ConfigError: the base is an object in memory, or an adapter itself.
        ModelError: there is no such model.
    """
    if not config.keeps_adapter:
        return
    if not isinstance(model, str):
        raise ConfigError(
            "An adapter names its base, and a model in memory has no name: merge the adapter into "
            "it, merge=True."
        )
    if fetch_source(model).is_adapter:
        raise ConfigError(
            f"{model!r} is an adapter itself, and another one cannot be kept beside it: merge it "
            "into the weights, --merge."
        )


def add_adapter(model: PreTrainedModel, config: FinetuneConfig) -> Any:
    """Returns the model with an adapter on every linear layer but the output head.

    The embeddings of new tokens are trained as well, in a model that ties them also as rows of the
    output head.

    Raises:
        ConfigError: the model has no such tokens.
    """
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
    embeddings: Any = model.get_input_embeddings()
    first, rows = config.new_tokens_from, embeddings.weight.shape[0]
    if first is not None and first >= rows:
        raise ConfigError(
            f"There are no tokens from {first} on: the model has embeddings for 0 to {rows - 1}."
        )
    settings = LoraConfig(
        r=config.lora_rank,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules="all-linear",
        trainable_token_indices=None if first is None else _rows_of(model, range(first, rows)),
        task_type="CAUSAL_LM",
    )
    with _no_deprecations():
        return get_peft_model(model, settings)


def _rows_of(model: PreTrainedModel, tokens: range) -> dict[str, list[int]]:
    """Returns the rows of the layers that tokens are read and written by, by the layers' names."""
    of: Any = model
    layers = [of.get_input_embeddings()]
    if not model.config.get_text_config().tie_word_embeddings:  # peft finds the head of the others
        layers.append(of.get_output_embeddings())
    names = {id(module): name for name, module in model.named_modules()}
    return {names[id(layer)]: list(tokens) for layer in layers}


def save_adapter(model: Any, folder: Path, *, base: str) -> None:
    """Writes the adapter alone, as peft does.

    Args:
        model: with its adapter, not merged yet.
        folder: to be made.
        base: the directory or Hub id of the model that it belongs to; a directory is named from the
            root, so that the adapter can be loaded from anywhere.
    """
    settings = model.peft_config["default"]
    is_here = base != EMBEDDED_MODEL and Path(base).exists()
    settings.base_model_name_or_path = str(Path(base).resolve()) if is_here else base
    settings.target_modules = sorted(settings.target_modules)  # a set: equal runs, equal bytes
    model.save_pretrained(folder, save_embedding_layers=False)  # which it does not change
    (folder / "README.md").unlink(missing_ok=True)  # a card that says nothing


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
