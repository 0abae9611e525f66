"""The command that makes a model again, out of what its files say of it."""

from collections.abc import Mapping
from shlex import join
from typing import Any

from toolformer.config import flags_of
from toolformer.finetune.config import FinetuneConfig


def finetune_command(lineage: Mapping[str, Any]) -> str:
    """Returns the command of a training: the settings that it was settled with."""
    config = dict(_mapping(lineage.get("config")))
    adapter = config.pop("adapter", "none")
    runs = lineage.get("runs")
    listed = runs if isinstance(runs, list) else []
    names = [str(_mapping(each).get("name", "RUN")) for each in listed]
    words = ["finetune", *(names or ["RUN"]), "--model", base_name(lineage)]
    words += [f"--{adapter}"] if adapter in ("lora", "qlora") else []
    return join(["toolformer", *words, *flags_of(config, FinetuneConfig), "--out", "tuned"])


def base_name(lineage: Mapping[str, Any]) -> str:
    """Returns the name of the model that a training began with, as its user named it."""
    return str(_mapping(lineage.get("base")).get("name", "MODEL"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
