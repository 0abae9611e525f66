"""The command that makes a run or a model again, out of what its files say of it."""

from collections.abc import Iterator, Mapping
from shlex import join
from typing import Any

from toolformer.annotate.config import AnnotateConfig
from toolformer.config import Config
from toolformer.finetune.config import FinetuneConfig
from toolformer.runs.manifest import RunManifest


def annotate_command(manifest: RunManifest) -> str:
    """Returns the command of a run: its settings where they are not the defaults.

    >>> from toolformer.runs.manifest import ManifestModel
    >>> nano = ManifestModel(name="nano", fingerprint="", max_length=1024, batch_tokens=4096)
    >>> config = {"seed": 3, "allow_peeking": True, "tools": {"calculator": {"samples": 2}}}
    >>> manifest = RunManifest(
    ...     corpus={"name": "my corpus.jsonl"}, model=nano, tools=[], grammar={}, config=config,
    ...     documents_per_shard=64,
    ... )
    >>> annotate_command(manifest).partition(" --model ")[2]
    'nano --seed 3 --allow-peeking --set calculator.samples=2 --out run'
    """
    words = ["annotate", *str(manifest.corpus.get("name", "CORPUS")).split(", ")]
    words += ["--model", manifest.model.name]
    for spec in dict.fromkeys(tool.spec or tool.name for tool in manifest.tools):
        words += ["--tool", spec]
    return join(["toolformer", *words, *_flags(manifest.config, AnnotateConfig), "--out", "run"])


def finetune_command(lineage: Mapping[str, Any]) -> str:
    """Returns the command of a training: the settings that it was settled with."""
    config = dict(_mapping(lineage.get("config")))
    adapter = config.pop("adapter", "none")
    runs = lineage.get("runs")
    listed = runs if isinstance(runs, list) else []
    names = [str(_mapping(each).get("name", "RUN")) for each in listed]
    words = ["finetune", *(names or ["RUN"]), "--model", base_name(lineage)]
    words += [f"--{adapter}"] if adapter in ("lora", "qlora") else []
    return join(["toolformer", *words, *_flags(config, FinetuneConfig), "--out", "tuned"])


def base_name(lineage: Mapping[str, Any]) -> str:
    """Returns the name of the model that a training began with, as its user named it."""
    return str(_mapping(lineage.get("base")).get("name", "MODEL"))


def _flags(config: Mapping[str, Any], model: type[Config]) -> Iterator[str]:
    """Yields the flags of the settings that are not the defaults; what is no flag is left out."""
    defaults = model().to_dict()
    for name, value in config.items():
        if name == "tools":
            for tool, settings in _mapping(value).items():
                for key, each in _mapping(settings).items():
                    if each is not None:
                        yield from ("--set", f"{tool}.{key}={each}")
        elif name not in defaults or value == defaults[name] or value is None:
            continue
        elif value is True:
            yield f"--{name.replace('_', '-')}"
        elif isinstance(value, str | int | float) and value is not False:
            yield from (f"--{name.replace('_', '-')}", str(value))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
