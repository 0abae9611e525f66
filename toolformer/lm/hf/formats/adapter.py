"""An adapter of peft: a few weights beside a base model's, put into them."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from toolformer.errors import ModelError, clipped
from toolformer.lm.hf.formats.checkpoint import check_files, read_object

CONFIG = "adapter_config.json"
_WEIGHTS = "adapter_model.safetensors"
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json")


@dataclass(frozen=True, slots=True)
class Adapter:
    """The files of an adapter, looked at before anything of them is loaded."""

    directory: Path
    base: str  # as its config names it: a directory, relative to the current one, or a Hub id
    revision: str | None  # of a base on the Hub
    has_tokenizer: bool  # otherwise the base's is its

    @property
    def digest(self) -> bytes:
        """The sha256 of what decides the merged weights, beside those of the base."""
        found = b""
        for name in (CONFIG, _WEIGHTS, *(_TOKENIZER if self.has_tokenizer else ())):
            path = self.directory / name
            if path.is_file():
                with path.open("rb") as file:
                    found += name.encode() + b"\0" + file_digest(file, "sha256").digest()
        return found


def is_adapter(directory: Path) -> bool:
    """Returns whether a directory holds an adapter."""
    return (directory / CONFIG).is_file()


def read_adapter(directory: Path) -> Adapter:
    """Looks at the files of an adapter.

    Raises:
        ModelError: one is missing, damaged, or none that may be read.
    """
    check_files(directory)
    config = read_object(directory / CONFIG)
    _check_config(directory, config)
    if not (directory / _WEIGHTS).is_file():
        raise ModelError(
            f"'{directory}' holds an adapter of peft without {_WEIGHTS}. Save it with "
            "`save_pretrained`, which writes safetensors."
        )
    revision = config.get("revision")
    return Adapter(
        directory,
        base=config["base_model_name_or_path"],
        revision=revision if isinstance(revision, str) else None,
        has_tokenizer=any((directory / name).is_file() for name in _TOKENIZER),
    )


def merge(base: PreTrainedModel, adapter: Adapter, *, tokens: int) -> PreTrainedModel:
    """Returns the base with an adapter in its weights; the base is used up.

    Args:
        base: as it was loaded.
        adapter: trained beside it.
        tokens: of the tokenizer; where the adapter brought new ones, the base gets room for them.

    Raises:
        ModelError: the adapter does not fit the base, or cannot be put into weights.
    """
    from peft import PeftModel

    embeddings: Any = base.get_input_embeddings()
    if adapter.has_tokenizer and tokens > embeddings.weight.shape[0]:
        base.resize_token_embeddings(tokens)
    does_not_fit = (
        f"The adapter in '{adapter.directory}' does not fit its base {adapter.base!r}: name the "
        f"model it was trained beside as base_model_name_or_path in its {CONFIG}."
    )
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            adapted: Any = PeftModel.from_pretrained(base, str(adapter.directory))
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"{does_not_fit} {clipped(str(error), 200)}") from error
    if any("missing adapter keys" in str(each.message) for each in said):
        raise ModelError(does_not_fit)
    if not hasattr(adapted.base_model, "merge_and_unload"):
        kind = adapted.peft_config["default"].peft_type.value
        raise ModelError(
            f"The adapter in '{adapter.directory}' is of the kind {kind}, which cannot be put into "
            "weights. Adapters of LoRA and its kin can."
        )
    merged: PreTrainedModel = adapted.merge_and_unload()
    return merged


def _check_config(directory: Path, config: Mapping[str, Any]) -> None:
    path, base = directory / CONFIG, config.get("base_model_name_or_path")
    if not isinstance(base, str) or not base:
        raise ModelError(
            f"'{path}' does not say which model the adapter belongs to: write its name or "
            "directory there, as base_model_name_or_path."
        )
    if config.get("megatron_config"):  # by which peft would import any module it names
        raise ModelError(f"'{path}' asks for code of Megatron (megatron_config): leave it out.")
