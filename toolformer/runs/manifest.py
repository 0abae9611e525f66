"""Everything that a run is made from: the file that is written before its shards."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ConfigDict

from toolformer.config import fingerprint
from toolformer.errors import RunError
from toolformer.files import from_json

SCHEMA_VERSION = 1
_STRICT = ConfigDict(extra="forbid")
_Number = int | float  # read as it is written: 1 and 1.0 have other fingerprints


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestModel:
    """The model that proposed and judged the calls of a run."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: str
    fingerprint: str  # of its weights, as they were loaded
    max_length: int  # tokens
    batch_tokens: int  # tokens read at a time: decides which texts are read together


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestTool:
    """A tool of a run, with the thresholds that it was tried with."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: str
    spec: str  # what loads it again, such as "database:path=facts.db"
    options: Mapping[str, Any]
    shown: str  # changes with anything that a prompt shows of it
    min_prob: _Number  # τs
    gain_threshold: _Number  # τf, nats
    max_positions: int  # k
    samples: int  # m
    prune_below: _Number  # nats


@dataclass(frozen=True, slots=True, kw_only=True)
class RunManifest:
    """Everything a run's shards follow from."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    corpus: Mapping[str, Any]  # name, files with sizes and hashes
    model: ManifestModel
    tools: Sequence[ManifestTool]  # in the order that breaks ties
    grammar: Mapping[str, str]
    config: Mapping[str, Any]  # the settings of `annotate`, as JSON values
    documents_per_shard: int
    schema_version: int = SCHEMA_VERSION

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with any field."""
        return fingerprint(self.to_dict())

    @property
    def window_tokens(self) -> int:
        """The most tokens that were read of a text at a time; 0 where it is not known."""
        return int(self.config.get("window_tokens", 0))

    @property
    def allow_peeking(self) -> bool:
        """Whether calls that peek competed."""
        return bool(self.config.get("allow_peeking", False))

    @property
    def keep_all_losses(self) -> bool:
        """Whether L(e(c, ε)) was taken even where no threshold could be reached."""
        return bool(self.config.get("keep_all_losses", False))

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as they come back from JSON."""
        values: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return values


def read_manifest(path: Path) -> RunManifest | None:
    """Returns a directory's manifest, None when there is none.

    Raises:
        RunError: the file is something else, or of another version.
    """
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
        return from_json(RunManifest, values)
    except ValueError:
        raise RunError(f"'{file}' is not the manifest of a run.") from None
