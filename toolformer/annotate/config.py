"""The settings of an annotation, and each tool's thresholds after all overrides."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from toolformer.config import Config
from toolformer.errors import ConfigError, closest
from toolformer.sidecar import PromptStyle
from toolformer.tools.base import Tool

# Above this many nats nothing is pruned by default, even if a tool's threshold is higher, so that
# a run can be read again with the paper's lowest threshold.
_DEFAULT_PRUNE_BELOW = 0.5

# In context: until placebos tell, what is used of an output, what help is asked for, and below what
# help nothing more is asked of a call: thresholds may be lowered as far afterwards.
PROVISIONAL_USED = 0.75  # nats
MIN_HELP = -0.75  # nats
_LEAST_HELP = -2.0  # nats
_POSITIONS, _SAMPLES = 12, 4  # k and m in context, whatever the tool

Nats = Annotated[float, Field(allow_inf_nan=False)]
Threshold = Nats | Literal["auto"]
Method = Literal["in-context", "paper"]
_Value = TypeVar("_Value")


class ToolConfig(Config):
    """Thresholds and counts for calls; None leaves it to the run, the model or the tool."""

    min_prob: float | None = Field(default=None, ge=0, lt=1)
    """τs: probability of a call that a place must exceed. Default: the model's or the tool's."""
    min_start_gain: Nats | None = None
    """In context: nats by which demonstrations must make a call likelier to start at a place; more
    is faster and finds less. Default: the k best places, whatever they gain."""
    gain_threshold: Threshold | None = None
    """τf: nats that a call's output must save, over the call without it and over no call. `auto`
    asks placebos how many. Default: the model's; auto, or in the paper's way the tool's."""
    min_used: Nats | None = None
    """Nats that a call's output must save over the call without it, where not τf."""
    min_help: Nats | None = None
    """Nats that a call must save over no call, where not τf. With auto: -0.75."""
    max_positions: int | None = Field(default=None, ge=1)
    """k: places tried per window of a text. Default: the model's; 12, or in the paper's way the
    tool's."""
    samples: int | None = Field(default=None, ge=1, le=1000)
    """m: calls sampled per place. Default: the model's; 4, or in the paper's way the tool's."""
    prune_below: float | None = Field(default=None, allow_inf_nan=False)
    """Leave out what cannot help by so many nats. Default: min(-2, min_help), or in the paper's
    way min(0.5, τf)."""


class AnnotateConfig(ToolConfig):
    """Everything that decides what an annotation finds, apart from corpus, model and tools."""

    tools: Mapping[str, ToolConfig] = Field(default_factory=dict)
    """Settings of single tools, by name in any case."""
    method: Method | None = None
    """How calls are found and judged: `in-context`, behind demonstrations, or as in the `paper`.
    Default: in-context; for a model that was taught to be asked otherwise the paper's, unless
    exemplars, nearest or rounds are set."""
    exemplars: Path | None = None
    """In context: a file of texts with calls in them (.txt, .jsonl) to show the model. Default:
    the tools' own."""
    nearest: int | None = Field(default=None, ge=0, le=64)
    """In context: how many of the demonstrations, those nearest to it, a text is shown; 0 shows
    all texts the same. Default: by how many kinds there are."""
    rounds: int = Field(default=1, ge=1, le=16)
    """In context: how often the corpus is annotated, each time behind what was kept before."""
    temperature: float | None = Field(default=None, ge=0)
    """Temperature at which arguments are sampled; 0 is greedy. In context the first sample is
    greedy in any case. Default: 0.7, or in the paper's way 1."""
    max_tokens: int = Field(default=64, ge=1)
    """Tokens of a call's arguments, with what closes them."""
    seed: int = 0
    """Random seed for sampling."""
    prompt_style: PromptStyle | None = None
    """How calls are asked for in the paper's way. Default: the model's own, few-shot if it has
    none."""
    loss_context: Literal["prefix", "inline"] = "prefix"
    """In the paper's way: score a call in front of the text (the paper) or inline."""
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
    """Stop after so many documents; a run in the same directory grows with a larger number."""
    text_column: str = "text"
    """The field with the text."""
    date_column: str | None = None
    """The field with the text's date. Default: date, if there is one."""


@dataclass(frozen=True, slots=True)
class ToolThresholds:
    """One tool's thresholds and counts after all overrides."""

    min_prob: float  # τs
    min_used: float  # nats
    min_help: float  # nats
    max_positions: int  # k
    samples: int  # m
    prune_below: float | None  # nats; None: nothing is left out
    min_start_gain: float | None = None  # nats that a place must exceed; None: no minimum
    is_calibrated: bool = False  # whether placebos decide about `min_used`, which is provisional

    def can_gain(self, nats: float) -> bool:
        """Returns whether what gains so many nats at most is worth looking at."""
        return self.prune_below is None or nats >= self.prune_below


def resolve(
    config: AnnotateConfig,
    tools: Sequence[Tool],
    *,
    model_settings: Mapping[str, ToolConfig] | None = None,
    in_context: bool = False,
) -> dict[str, ToolThresholds]:
    """Returns each tool's thresholds by its name, in the order of the tools.

    The tool's own come first, in context what suits all tools; what suits the model overrides them,
    then the run's settings, then the run's settings for this tool.

    Args:
        config: the run's.
        tools: their names are the keys of the result.
        model_settings: what suits the model, by tool name.
        in_context: whether calls are judged in context.

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
    resolved = _in_context if in_context else _as_in_the_paper
    return {
        tool.name: resolved(
            tool,
            [own.get(tool.name.casefold(), ToolConfig()), config, suited.get(tool.name)],
            keep_all_losses=config.keep_all_losses,
        )
        for tool in tools
    }


def _in_context(
    tool: Tool,
    settings: Sequence[ToolConfig | None],
    *,
    keep_all_losses: bool,
) -> ToolThresholds:
    given = [each for each in settings if each is not None]
    threshold: Threshold = _first([each.gain_threshold for each in given], "auto")
    both = None if threshold == "auto" else threshold
    used = [*(each.min_used for each in given), both]
    min_help = _first([*(each.min_help for each in given), both], MIN_HELP)
    prune_below = _first([each.prune_below for each in given], min(_LEAST_HELP, min_help))
    if min_help < prune_below:
        raise ConfigError(
            f"{tool.name}: min_help {min_help:g} is below prune_below {prune_below:g}, so calls "
            f"that help enough would be left out unseen. Lower prune_below to {min_help:g} or "
            "raise min_help."
        )
    return ToolThresholds(
        min_prob=_first([each.min_prob for each in given], 0.0),
        min_used=_first(used, PROVISIONAL_USED),
        min_help=min_help,
        max_positions=_first([each.max_positions for each in given], _POSITIONS),
        samples=_first([each.samples for each in given], _SAMPLES),
        prune_below=None if keep_all_losses else prune_below,
        min_start_gain=_first([each.min_start_gain for each in given], None),
        is_calibrated=not any(each is not None for each in used),
    )


def _as_in_the_paper(
    tool: Tool, settings: Sequence[ToolConfig | None], *, keep_all_losses: bool
) -> ToolThresholds:
    given = [each for each in settings if each is not None]
    threshold: Threshold = _first([each.gain_threshold for each in given], tool.gain_threshold)
    if threshold == "auto":
        raise ConfigError(
            f"{tool.name}: no placebos are scored in the paper's way, so its threshold cannot be "
            "auto. Give a number of nats, or leave out --method paper."
        )
    used = _first([each.min_used for each in given], threshold)
    help_ = _first([each.min_help for each in given], threshold)
    prune_below = _first([each.prune_below for each in given], min(_DEFAULT_PRUNE_BELOW, help_))
    # A loss is never below zero, so pruning at or below zero leaves every place in.
    keeps_all = keep_all_losses and prune_below <= 0
    if help_ < prune_below and not keeps_all:
        raise ConfigError(
            f"{tool.name}: gain_threshold {help_:g} is below prune_below {prune_below:g}, "
            "so calls that gain enough would be left out unseen. Lower prune_below to "
            f"{help_:g} or raise gain_threshold."
        )
    return ToolThresholds(
        min_prob=_first([each.min_prob for each in given], tool.min_prob),
        min_used=used,
        min_help=help_,
        max_positions=_first([each.max_positions for each in given], tool.max_positions),
        samples=_first([each.samples for each in given], tool.samples),
        prune_below=prune_below,
    )


def _first(values: Iterable[_Value | None], default: _Value) -> _Value:
    return next((value for value in values if value is not None), default)
