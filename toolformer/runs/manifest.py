"""What a run is made from: the file that is written before its shards."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolformer.config import fingerprint
from toolformer.errors import RunError

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunManifest:
    """Everything a run's shards follow from, as JSON values."""

    corpus: Mapping[str, Any]  # name, files with sizes and hashes
    model: Mapping[str, Any]  # name, hash of the weights
    tools: Sequence[Mapping[str, Any]]  # names, specs, options
    grammar: Mapping[str, str]
    config: Mapping[str, Any]
    documents_per_shard: int
    schema_version: int = SCHEMA_VERSION

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with any field."""
        return fingerprint(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as they come back from JSON."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values: dict[str, Any] = json.loads(json.dumps(fields))
        return values


def read_manifest(path: Path) -> RunManifest | None:
    """Returns a directory's manifest, None when there is none."""
    file = path / "manifest.json"
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        version = values["schema_version"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError):
        raise RunError(f"'{file}' is not the manifest of a run.") from None
    if version != SCHEMA_VERSION:
        raise RunError(
            f"'{path}' was written in version {version} of the run format and this is version "
            f"{SCHEMA_VERSION}: upgrade toolformer-engine to read it."
        )
    values.pop("fingerprint", None)
    try:
        return RunManifest(**values)
    except TypeError:
        raise RunError(f"'{file}' is not the manifest of a run.") from None
