"""What a directory holds, and which of its files are shared: a run, an export or a checkpoint.

Knows names of files. What lies beside them stays on this machine, as the checkpoints of a training
and notes of the user's do.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from toolformer.errors import ConfigError
from toolformer.runs.directory import Run
from toolformer.runs.manifest import MANIFEST
from toolformer.sidecar import SIDECAR

CARD = "README.md"
EXPORT = "export.json"
Kind = Literal["run", "export", "checkpoint"]
RepositoryKind = Literal["dataset", "model"]

_WEIGHTS = "config.json"
_ADAPTER = "adapter_config.json"
_TRAINING = "finetune.json"
# Weights, settings and tokenizers, by the names under which transformers and peft write them.
_OF_A_MODEL = (
    *("*.safetensors", "*.safetensors.index.json", _WEIGHTS, _ADAPTER, "generation_config.json"),
    *("tokenizer*.json", "special_tokens_map.json", "added_tokens.json", "vocab.json"),
    *("merges.txt", "vocab.txt", "*.model", "chat_template.jinja", "chat_template.json"),
    *("modeling_*.py", "configuration_*.py", "tokenization_*.py"),
)
_SHARED: dict[Kind, tuple[str, ...]] = {
    "run": (MANIFEST, "stats.json", "shards/*.parquet"),
    "export": (EXPORT, "run.json", "train-*.parquet", "train-*.jsonl"),
    "checkpoint": (
        *_OF_A_MODEL,
        *(SIDECAR, _TRAINING, "metrics.json", "timing.json"),
        *("custom_generate/generate.py", "custom_generate/requirements.txt"),
        *(f"adapter/{name}" for name in (*_OF_A_MODEL, SIDECAR)),
    ),
}


@dataclass(frozen=True, slots=True)
class Artifact:
    """A directory that can be shared."""

    path: Path
    kind: Kind

    @property
    def repository_kind(self) -> RepositoryKind:
        """As what the Hub has it."""
        return "model" if self.kind == "checkpoint" else "dataset"

    @property
    def is_adapter(self) -> bool:
        """Whether it is an adapter, and most of the model is its base."""
        return self.kind == "checkpoint" and (self.path / _ADAPTER).is_file()

    def owns(self, name: str) -> bool:
        """Returns whether a file is of those that are shared of such a directory, by its name."""
        return any(_matches(name, each) for each in _SHARED[self.kind])

    def files(self) -> list[str]:
        """Returns the files that are shared, below the directory, in order; without the card.

        Raises:
            ConfigError: one of them is a link out of the directory.
        """
        root = self.path.resolve()
        found: list[str] = []
        for path in sorted(self.path.rglob("*")):
            name = path.relative_to(self.path).as_posix()
            if not path.is_file() or not self.owns(name):
                continue
            if not path.resolve().is_relative_to(root):
                raise ConfigError(
                    f"'{path}' is a link to a file outside of '{self.path}', which is not shared: "
                    "put the file itself there."
                )
            found.append(name)
        return found


def recognise(path: str | Path) -> Artifact:
    """Returns what a directory holds.

    Raises:
        RunError: it is a run that is not whole.
        ConfigError: it is nothing that can be shared, or a training that is not finished.
    """
    path = Path(path)
    names = {each.name for each in path.iterdir()} if path.is_dir() else set[str]()
    if MANIFEST in names:
        Run.open(path).check_whole()
        return Artifact(path, "run")
    if EXPORT in names:
        return Artifact(path, "export")
    if SIDECAR in names and names & {_WEIGHTS, _ADAPTER}:
        return Artifact(path, "checkpoint")
    if _TRAINING in names:
        raise ConfigError(
            f"The training in '{path}' is not finished: run its command again, and share it then."
        )
    if not path.is_dir():
        raise ConfigError(
            f"There is no directory '{path}': name what annotate, export or finetune wrote."
        )
    raise ConfigError(
        f"'{path}' holds neither a run ({MANIFEST}) nor an export ({EXPORT}) nor a checkpoint "
        f"({SIDECAR} beside weights): name what annotate, export or finetune wrote."
    )


def _matches(name: str, pattern: str) -> bool:
    """Returns whether a file has a shape; what is in a folder has it only if the shape says so.

    >>> _matches("shards/00000.parquet", "shards/*.parquet"), _matches("a/b.model", "*.model")
    (True, False)
    """
    return name.count("/") == pattern.count("/") and fnmatchcase(name, pattern)
