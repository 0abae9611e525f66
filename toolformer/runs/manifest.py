"""Everything that a run is made from: the file that is written before its shards."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, StrictBool, StrictInt

from toolformer.calls import grammar_from_dict, is_tool_name
from toolformer.config import fingerprint
from toolformer.errors import CallError, RunError, clipped
from toolformer.files import from_json, read_json
from toolformer.runs.thresholds import Thresholds

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
ROUNDS = "rounds"  # in a run of several rounds, the directory of the runs of the earlier ones
PROGRESS = "progress"  # where those say how far they are who write the run
_STRICT = ConfigDict(extra="forbid")
# Read as it is written: 1 and 1.0 have other fingerprints.
_Number = StrictInt | Annotated[float, Field(strict=True, allow_inf_nan=False)]
_Probability = Annotated[_Number, Field(ge=0, le=1)]
_Count = Annotated[StrictInt, Field(ge=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestModel:
    """The model that proposed and judged the calls of a run."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: str
    fingerprint: str  # of its weights, as they were loaded
    max_length: _Count  # tokens
    batch_tokens: _Count  # tokens read at a time: decides which texts are read together


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestTool:
    """A tool of a run, with the thresholds that it was tried with."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: str
    spec: str  # what loads it again, such as "database:path=facts.db"
    options: Mapping[str, Any]
    shown: str  # changes with anything that a prompt shows of it
    min_prob: _Probability  # τs
    min_start_gain: _Number | None = None  # nats; in context, which a place must exceed
    min_used: _Number  # least L(e(c, ε)) − L(e(c, r)) of a kept call, nats; see `calibrated`
    min_help: _Number  # least L(ε) − L(e(c, r)) of a kept call, nats
    calibrated: StrictBool = False  # min_used is provisional: `stats.json` has the one that counts
    max_positions: _Count  # k
    samples: _Count  # m
    prune_below: _Number | None  # what cannot help by so many nats is left out; None: nothing is

    @property
    def thresholds(self) -> Thresholds:
        """What a kept call has to reach; where they are calibrated, as long as the run lasts."""
        return Thresholds(self.min_used, self.min_help)


@dataclass(frozen=True, slots=True, kw_only=True)
class _BothThresholds:
    """The one number that is both thresholds of a tool."""

    gain_threshold: _Number  # τf, nats


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReadSettings:
    """The settings of `annotate` that a run is read by; others are only compared."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="ignore")

    window_tokens: Annotated[StrictInt, Field(ge=0)] | None = None
    allow_peeking: StrictBool = False
    keep_all_losses: StrictBool = False
    max_documents: _Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunManifest:
    """Everything a run's shards follow from."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    corpus: Mapping[str, Any]  # name, files with sizes and hashes
    model: ManifestModel
    tools: Sequence[ManifestTool]  # in the order that breaks ties
    grammar: Mapping[str, str]
    config: Mapping[str, Any]  # the settings of `annotate`, as JSON values
    documents_per_shard: _Count
    characters_per_shard: _Count | None = None  # without bound, and as older runs are, not written
    # After how many documents of the corpus a shard ends in any case: where the run ended before it
    # grew. Not written where it never did.
    ends: Sequence[_Count] = ()
    schema_version: int = SCHEMA_VERSION

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with any field."""
        return fingerprint(self.to_dict())

    @property
    def window_tokens(self) -> int:
        """The most tokens that were read of a text at a time; 0 where it is not known."""
        return int(self.config.get("window_tokens") or 0)

    @property
    def allow_peeking(self) -> bool:
        """Whether calls that peek competed."""
        return bool(self.config.get("allow_peeking", False))

    @property
    def keep_all_losses(self) -> bool:
        """Whether L(e(c, ε)) was taken even where no threshold could be reached."""
        return bool(self.config.get("keep_all_losses", False))

    @property
    def calibrated(self) -> frozenset[str]:
        """The names of the tools whose thresholds follow from their placebos."""
        return frozenset(tool.name for tool in self.tools if tool.calibrated)

    @property
    def lowest_thresholds(self) -> dict[str, float]:
        """The lowest `help` threshold that the run's losses can answer for, by tool name.

        Places and calls were left out where they could not help by `prune_below`, however much the
        output is used. By the paper's rule it is the lowest τf.
        """
        return {
            tool.name: float("-inf")
            if tool.prune_below is None or (self.keep_all_losses and tool.prune_below <= 0)
            else tool.prune_below
            for tool in self.tools
        }

    @property
    def max_documents(self) -> int | None:
        """After how many documents of the corpus the run ends; None: with the last one."""
        most = self.config.get("max_documents")
        return None if most is None else int(most)

    def grown(self, max_documents: int | None) -> "RunManifest":
        """Returns the manifest of the run once it has more documents of its corpus.

        What it has so far stays as it is: a shard ends where the run did.

        Args:
            max_documents: after how many it is to end; None: with the last one. Where that is not
                more than it has, the manifest is returned as it is.
        """
        now = self.max_documents
        if now is None or (max_documents is not None and max_documents <= now):
            return self
        config = dict(self.config) | {"max_documents": max_documents}
        return replace(self, config=config, ends=(*self.ends, now))

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as they come back from JSON."""
        values: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        if not self.ends:
            del values["ends"]
        if self.characters_per_shard is None:
            del values["characters_per_shard"]
        values["tools"] = [_as_written(tool) for tool in values["tools"]]
        return values


def read_manifest(path: Path) -> RunManifest | None:
    """Returns a directory's manifest, None when there is none.

    Raises:
        RunError: the file is something else, of another version, or has a field that it may not
            have.
    """
    file = path / MANIFEST
    try:
        values = read_json(file)
        if not isinstance(values, dict) or "schema_version" not in values:
            raise ValueError("it has no schema_version")
        if values["schema_version"] != SCHEMA_VERSION:
            raise RunError(
                f"'{path}' was written in version {clipped(repr(values['schema_version']))} of the "
                f"run format and this is version {SCHEMA_VERSION}: upgrade toolformer-engine to "
                "read it."
            )
        stated = values.pop("fingerprint", None)
        manifest = manifest_of(values)
        if stated is not None and stated != (found := fingerprint(values)):
            raise ValueError(
                f"fingerprint: {clipped(repr(stated))} is not that of the other fields, {found!r}; "
                "the file was edited"
            )
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(f"'{file}' is not the manifest of a run: {reason}.") from None
    return manifest


def manifest_of(values: Mapping[str, Any]) -> RunManifest:
    """Returns the manifest whose `to_dict` gave these values.

    Raises:
        ValueError: names the field that has a value that it may not have.
    """
    manifest = from_json(RunManifest, _as_fields(values))
    _check(manifest)
    return manifest


def _as_written(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values of a tool as a manifest has them.

    One number that is both thresholds has the name, and so the fingerprint, that it had before
    there were two; what came later and is not set is left out.
    """
    unset = {"calibrated": False, "min_start_gain": None}
    values: dict[str, Any] = {}
    is_one = tool["min_used"] == tool["min_help"] and not tool["calibrated"]
    for name, value in tool.items():
        if name == "min_used" and is_one:
            values["gain_threshold"] = value
        elif not (is_one and name == "min_help") and not (name in unset and value == unset[name]):
            values[name] = value
    return values


def _as_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values of a manifest, whoever wrote it, with both thresholds of its tools.

    Raises:
        ValueError: a tool's gain_threshold is not a number.
    """
    tools = values.get("tools")
    if not isinstance(tools, list):
        return dict(values)
    fields: list[Any] = []
    for number, tool in enumerate(tools):
        if isinstance(tool, dict) and "gain_threshold" in tool and "min_used" not in tool:
            rest = {name: value for name, value in tool.items() if name != "gain_threshold"}
            try:
                both = from_json(_BothThresholds, {"gain_threshold": tool["gain_threshold"]})
            except ValueError as error:
                raise ValueError(f"tools.{number}.{error}") from None
            tool = {"min_used": both.gain_threshold, "min_help": both.gain_threshold} | rest
        fields.append(tool)
    return dict(values) | {"tools": fields}


def _check(manifest: RunManifest) -> None:
    """Refuses what types do not say.

    Raises:
        ValueError: names the field.
    """
    names = [tool.name for tool in manifest.tools]
    for number, name in enumerate(names):
        if not is_tool_name(name) or name in names[:number]:
            reason = "cannot be a tool's name" if name not in names[:number] else "is there twice"
            raise ValueError(f"tools.{number}.name: {clipped(name)!r} {reason}")
    try:
        grammar_from_dict(manifest.grammar)
    except (CallError, TypeError) as error:
        raise ValueError(f"grammar: {str(error).rstrip('.')}") from None
    try:
        from_json(_ReadSettings, manifest.config)
    except ValueError as error:
        raise ValueError(f"config.{error}") from None
