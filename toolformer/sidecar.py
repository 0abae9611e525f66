"""`toolformer.json` beside a model's weights: how the model was taught to write calls."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from toolformer.calls import CallGrammar, InlineGrammar, grammar_from_dict
from toolformer.errors import CallError, ModelError, closest
from toolformer.files import from_json, json_text, read_json, write_whole

SIDECAR = "toolformer.json"
SCHEMA_VERSION = 1

# A checkpoint is anybody's: what stands in it costs no more than people mean it to.
_Count = Annotated[int, Field(ge=1, le=1000)]
_Nats = Annotated[float, Field(allow_inf_nan=False)]
_Text = Annotated[str, Field(max_length=4096)]


class PromptStyle(StrEnum):
    """How much of a prompt a model needs."""

    DEMONSTRATIONS = "demonstrations"  # any pretrained model: annotated texts, then the text
    FEW_SHOT = "few-shot"  # any pretrained model: the paper's instruction, examples, a copy
    BRIEF = "brief"  # a model that was taught to follow the tool's signature alone
    NONE = "none"  # a model that was tuned on calls


@dataclass(frozen=True, slots=True)
class SidecarTool:
    """A tool the model was taught to call."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  pydantic's own name for it

    name: _Text
    spec: _Text  # what loads it again, such as "database:path=facts.db"
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """How a model was taught to write calls."""

    # The grammar is read by its kind.
    __pydantic_config__: ClassVar = {"arbitrary_types_allowed": True}

    grammar: CallGrammar = field(default_factory=InlineGrammar)
    prompt_style: PromptStyle = PromptStyle.FEW_SHOT
    # Whether each row it was taught began with the tokenizer's start token, or its end token where
    # it has no other; one of before this was asked was taught so.
    start_token: bool = True
    tools: Annotated[tuple[SidecarTool, ...], Field(max_length=256)] = ()
    gain_threshold: _Nats | None = None  # τf that suits the model, for all tools
    gain_thresholds: Mapping[str, _Nats] = field(default_factory=dict)  # τf by tool
    # What suits the model for all tools; None leaves it to the tool.
    min_prob: Annotated[float, Field(ge=0, lt=1)] | None = None  # τs
    max_positions: _Count | None = None  # k
    samples: _Count | None = None  # m
    lineage: Mapping[str, Any] = field(default_factory=dict)  # what it was made from

    def threshold(self, tool: str) -> float | None:
        """Returns the τf that suits the model for a tool, None when the sidecar says none."""
        return self.gain_thresholds.get(tool, self.gain_threshold)


def write_sidecar(directory: str | Path, sidecar: Sidecar) -> None:
    """Writes a sidecar beside the weights in a directory."""
    write_whole(Path(directory) / SIDECAR, json_text(sidecar_values(sidecar)))


def sidecar_values(sidecar: Sidecar) -> dict[str, Any]:
    """Returns the JSON values of a sidecar."""
    values = {"schema_version": SCHEMA_VERSION} | asdict(sidecar)
    return values | {"grammar": sidecar.grammar.to_dict()}


def read_sidecar(directory: str | Path) -> Sidecar | None:
    """Returns the sidecar in a model's directory, None when there is none.

    Raises:
        ModelError: it cannot be read, or is one of a newer version.
    """
    path = Path(directory) / SIDECAR
    try:
        values = read_json(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ModelError(f"Cannot read '{path}': {error.strerror}.") from None
    except ValueError as error:
        raise ModelError(f"Cannot read '{path}': {error}.") from None
    return sidecar_of_values(values, name=str(path))


def sidecar_of_values(given: object, *, name: str = SIDECAR) -> Sidecar:
    """Returns the sidecar that JSON values are of, whoever wrote them.

    Args:
        given: the values.
        name: of the file that they are from, for messages.

    Raises:
        ModelError: they are not those of a sidecar, or of one of a newer version.
    """
    values = dict(given) if isinstance(given, Mapping) else {}
    version = values.pop("schema_version", None)
    if not isinstance(version, int) or isinstance(version, bool):
        raise ModelError(f"'{name}' has no schema_version: it is not a sidecar.")
    if version > SCHEMA_VERSION:
        raise ModelError(
            f"'{name}' has schema version {version} and this toolformer reads up to "
            f"{SCHEMA_VERSION}: upgrade toolformer-engine."
        )
    known = [each.name for each in fields(Sidecar)]
    for field_name in values:
        if field_name not in known:
            raise ModelError(f"Cannot read '{name}'. {closest(field_name, known, what='field')}")
    try:
        if "grammar" in values:
            values["grammar"] = grammar_from_dict(values["grammar"])
        return from_json(Sidecar, values)
    except (TypeError, ValueError, CallError) as error:
        raise ModelError(f"Cannot read '{name}': {error}.") from None
