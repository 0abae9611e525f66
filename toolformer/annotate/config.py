"""The settings of an annotation, and each tool's thresholds after all overrides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from pydantic import Field

from toolformer.config import Config
from toolformer.errors import ConfigError, closest
from toolformer.sidecar import PromptStyle
from toolformer.tools.base import Tool

# Above this many nats nothing is pruned by default, even if a tool's threshold is higher, so that
# a run can be read again with the paper's lowest threshold.
_DEFAULT_PRUNE_BELOW = 0.5

_Number = TypeVar("_Number", int, float)


class ToolConfig(Config):
    """Thresholds and counts for calls; None leaves it to the run, the model or the tool."""

    min_prob: float | None = Field(default=None, ge=0, lt=1)
    """τs: probability of a call that a place must exceed. Default: the model's or the tool's."""
    gain_threshold: float | None = Field(default=None, allow_inf_nan=False)
    """τf: nats a call must save. Default: the model's or the tool's."""
    max_positions: int | None = Field(default=None, ge=1)
    """k: places tried per window of a text. Default: the model's or the tool's."""
    samples: int | None = Field(default=None, ge=1, le=1000)
    """m: calls sampled per place. Default: the model's or the tool's."""
    prune_below: float | None = Field(default=None, allow_inf_nan=False)
    """Leave out what cannot gain so many nats. Default: min(0.5, τf)."""


class AnnotateConfig(ToolConfig):
    """Everything that decides what an annotation finds, apart from corpus, model and tools."""

    tools: Mapping[str, ToolConfig] = Field(default_factory=dict)
    """Settings of single tools, by name in any case."""
    temperature: float = Field(default=1.0, ge=0)
    """Temperature at which arguments are sampled; 0 is greedy."""
    max_tokens: int = Field(default=64, ge=1)
    """Tokens of a call's arguments, with what closes them."""
    seed: int = 0
    """Random seed for sampling."""
    prompt_style: PromptStyle | None = None
    """How calls are asked for. Default: the model's own, few-shot if it has none."""
    loss_context: Literal["prefix", "inline"] = "prefix"
    """Score a call in front of the text (the paper) or inline."""
    allow_peeking: bool = False
    """Keep calls that use what the text says only later, as the paper does."""
    keep_all_losses: bool = False
    """Score L(e(c, ε)) even where no threshold could be reached."""
    window_tokens: int | None = Field(default=None, ge=8)
    """Tokens of a window of a text. Default: as many as fit the model, 1024 at most."""
    overlap_tokens: int | None = Field(default=None, ge=0)
    """Tokens that neighbouring windows share. Default: a quarter of a window."""
    documents_per_shard: int | None = Field(default=None, ge=1)
    """Documents per shard; what is interrupted resumes after its last whole shard, and a run keeps
    the number it was begun with. Default: 128, fewer for a large model."""
    max_documents: int | None = Field(default=None, ge=1, lt=2**63)
    """Stop after so many documents."""
    text_column: str = "text"
    """The field with the text."""
    date_column: str | None = None
    """The field with the text's date. Default: date, if there is one."""


@dataclass(frozen=True, slots=True)
class ToolThresholds:
    """One tool's thresholds and counts after all overrides."""

    min_prob: float  # τs
    gain_threshold: float  # τf, nats
    max_positions: int  # k
    samples: int  # m
    prune_below: float  # nats


def resolve(
    config: AnnotateConfig,
    tools: Sequence[Tool],
    *,
    model_settings: Mapping[str, ToolConfig] | None = None,
) -> dict[str, ToolThresholds]:
    """Returns each tool's thresholds by its name, in the order of the tools.

    The tool's own come first; what suits the model overrides them, then the run's settings, then
    the run's settings for this tool.

    Args:
        config: the run's.
        tools: their names are the keys of the result.
        model_settings: what suits the model, by tool name.

    Raises:
        ConfigError: there are settings for a tool that is not there, or a tool is pruned above its
            threshold.
    """
    names = {tool.name.casefold(): tool.name for tool in tools}
    for name in config.tools:
        if name.casefold() not in names:
            raise ConfigError(closest(name, names.values(), what="tool in the settings"))
    own = {name.casefold(): each for name, each in config.tools.items()}
    suited = model_settings or {}
    return {
        tool.name: _resolve(
            config,
            tool,
            own=own.get(tool.name.casefold(), ToolConfig()),
            suited=suited.get(tool.name, ToolConfig()),
        )
        for tool in tools
    }


def _resolve(
    config: AnnotateConfig, tool: Tool, *, own: ToolConfig, suited: ToolConfig
) -> ToolThresholds:
    gain_threshold = _first(
        own.gain_threshold, config.gain_threshold, suited.gain_threshold, tool.gain_threshold
    )
    prune_below = _first(
        own.prune_below, config.prune_below, min(_DEFAULT_PRUNE_BELOW, gain_threshold)
    )
    # A loss is never below zero, so pruning at or below zero leaves every place in.
    keeps_all = config.keep_all_losses and prune_below <= 0
    if gain_threshold < prune_below and not keeps_all:
        raise ConfigError(
            f"{tool.name}: gain_threshold {gain_threshold:g} is below prune_below {prune_below:g}, "
            "so calls that gain enough would be left out unseen. Lower prune_below to "
            f"{gain_threshold:g} or raise gain_threshold."
        )
    return ToolThresholds(
        min_prob=_first(own.min_prob, config.min_prob, suited.min_prob, tool.min_prob),
        gain_threshold=gain_threshold,
        max_positions=_first(
            own.max_positions, config.max_positions, suited.max_positions, tool.max_positions
        ),
        samples=_first(own.samples, config.samples, suited.samples, tool.samples),
        prune_below=prune_below,
    )


def _first(*values: _Number | None) -> _Number:
    return next(value for value in values if value is not None)
