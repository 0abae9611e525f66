"""Everything one run needs, resolved: what its shards follow from, and what its manifest says."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from toolformer.annotate.config import AnnotateConfig, ToolConfig, ToolThresholds, resolve
from toolformer.annotate.demonstrations.demonstration import Demonstration
from toolformer.annotate.demonstrations.growing import pool_digest
from toolformer.annotate.demonstrations.pool import Pool
from toolformer.annotate.demonstrations.pools import make_pools
from toolformer.annotate.methods.choose import choose_style, choose_temperature
from toolformer.annotate.prompts import AskingPrompts, DemonstrationPrompts, Prompts
from toolformer.annotate.texts.peeking import terms
from toolformer.config import fingerprint
from toolformer.errors import ConfigError
from toolformer.lm.base import LanguageModel, Paced
from toolformer.runs.manifest import ManifestModel, ManifestTool, RunManifest
from toolformer.runs.thresholds import Thresholds
from toolformer.sidecar import PromptStyle, Sidecar
from toolformer.tools.base import Tool
from toolformer.tools.toolbox import Toolbox

_LONGEST_WINDOW = 1024  # tokens
_SHORTEST_WINDOW = 16
_MOST_DOCUMENTS = 128  # of a shard: what an interruption loses
_DOCUMENT_CHARACTERS = 2000  # a shard of longer texts has fewer
_SHARD_S = 120.0
_DOCUMENT_TOKENS = 2000  # forwarded for a text of some sentences, its places, calls and losses
# Tokens beside prompt, text and call: a start token, the prompt's frame around the text, and what a
# window may gain when it is tokenised by itself.
_SPARE_TOKENS = 32
_PLACEBO_DOCUMENTS = 512  # the first of a corpus: their calls are enough to know a tool's placebos


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """Everything a run needs, resolved; the stages are handed it."""

    model: LanguageModel
    toolbox: Toolbox
    config: AnnotateConfig
    prompts: Prompts
    thresholds: Mapping[str, ToolThresholds]  # by tool name, in tool order
    vocabularies: Mapping[str, frozenset[str]]  # terms that a call of the tool may always use
    temperature: float
    window_tokens: int
    overlap_tokens: int
    prompt_tokens: int  # of the longest prompt that a scored row has in front of it, 0 without one
    own_tokens: int  # of these, what each text has for itself
    documents_per_shard: int
    characters_per_shard: int | None  # None is without bound
    ends: tuple[int, ...] = ()  # `RunManifest.ends`
    # What calls are found and judged behind, by tool name; None: they are in the paper's way.
    demonstrations: Mapping[str, Pool] | None = None

    def __repr__(self) -> str:
        return (
            f"<Plan: {self.model.name} tries {', '.join(self.toolbox)} in windows of "
            f"{self.window_tokens} tokens, prompt style {self.prompts.style.value}>"
        )

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools, in order."""
        return tuple(self.toolbox.values())

    @property
    def is_in_context(self) -> bool:
        """Whether calls are found and judged in context, and not as in the paper."""
        return self.demonstrations is not None

    @property
    def call_tokens(self) -> int:
        """How many tokens a call with its output may have, to be scored with a window."""
        return self.model.max_length - self.prompt_tokens - self.window_tokens - _SPARE_TOKENS

    @property
    def selecting(self) -> dict[str, Thresholds]:
        """The thresholds that calls must reach, by tool name, in tool order."""
        return {
            name: Thresholds(each.min_used, each.min_help) for name, each in self.thresholds.items()
        }

    def has_placebos(self, shard: int) -> bool:
        """Returns whether calls of a shard are scored with the outputs of others, too."""
        return shard * self.documents_per_shard < self.placebo_documents

    @property
    def placebo_documents(self) -> int:
        """In how many documents, the first of a corpus, calls are scored with placebos."""
        shards = -(-_PLACEBO_DOCUMENTS // self.documents_per_shard)
        return shards * self.documents_per_shard if self.is_in_context else 0

    @property
    def all_demonstrations(self) -> tuple[Demonstration, ...]:
        """The demonstrations of all tools, in their order."""
        pools = self.demonstrations or {}
        return tuple(each for pool in pools.values() for each in pool.demonstrations)

    def manifest(self, corpus: Mapping[str, Any]) -> RunManifest:
        """Returns the manifest of a run over a corpus."""
        return RunManifest(
            corpus=corpus,
            model=ManifestModel(
                name=self.model.name,
                fingerprint=self.model.fingerprint,
                max_length=self.model.max_length,
                batch_tokens=self.model.batch_tokens,
            ),
            tools=[self._manifest_tool(tool) for tool in self.tools],
            grammar=self.model.grammar.to_dict(),
            config=self.config.to_dict()
            | {
                "method": "in-context" if self.is_in_context else "paper",
                "prompt_style": self.prompts.style.value,
                "temperature": self.temperature,
                "window_tokens": self.window_tokens,
                "overlap_tokens": self.overlap_tokens,
                "documents_per_shard": self.documents_per_shard,
            },
            documents_per_shard=self.documents_per_shard,
            characters_per_shard=self.characters_per_shard,
            ends=self.ends,
        )

    def _manifest_tool(self, tool: Tool) -> ManifestTool:
        thresholds = self.thresholds[tool.name]
        shown: list[object] = [tool.signature, tool.description]
        if self.demonstrations is None:
            shown.append([asdict(each) for each in tool.exemplars])
        else:
            pool = self.demonstrations[tool.name].demonstrations
            # What a tool that is not pure says changes from one try to the next, and the run stays.
            shown.append(pool_digest(pool if tool.pure else [each.asked for each in pool]))
        return ManifestTool(
            name=tool.name,
            spec=tool.spec,
            options=dict(tool.options),
            shown=fingerprint([*shown, sorted(tool.vocabulary)]),
            min_prob=thresholds.min_prob,
            min_start_gain=thresholds.min_start_gain,
            min_used=thresholds.min_used,
            min_help=thresholds.min_help,
            calibrated=thresholds.is_calibrated,
            max_positions=thresholds.max_positions,
            samples=thresholds.samples,
            prune_below=thresholds.prune_below,
        )


def make_plan(
    config: AnnotateConfig,
    *,
    model: LanguageModel,
    toolbox: Toolbox,
    demonstrations: Sequence[Demonstration] | None = None,
) -> Plan:
    """Resolves what a run's settings leave open: method, demonstrations, thresholds, windows.

    What is not set is as the model's sidecar says, or else the tool.

    Args:
        config: the run's settings.
        model: proposes calls and judges them.
        toolbox: the tools.
        demonstrations: texts with calls and their outputs to show the model in context; those of
            the settings when None.

    Raises:
        ConfigError: the settings do not go together, or leave the model no room for a text.
    """
    tools = tuple(toolbox.values())
    if not tools:
        raise ConfigError("There is no tool to annotate with: name at least one.")
    sidecar = model.sidecar
    style = choose_style(config, sidecar, has_demonstrations=demonstrations is not None)
    in_context = style is PromptStyle.DEMONSTRATIONS
    pools: Mapping[str, Pool] | None = None
    prompts: Prompts
    if in_context:
        pools = make_pools(toolbox, model.grammar, exemplars=config.exemplars, given=demonstrations)
        prompts = DemonstrationPrompts(pools, nearest=config.nearest, grammar=model.grammar)
    else:
        prompts = AskingPrompts(tools, style, model.grammar)
    asked = _asked_tokens(model, prompts, tools)
    window_tokens = _window_tokens(config, asked, model=model, style=style)
    overlap_tokens = window_tokens // 4 if config.overlap_tokens is None else config.overlap_tokens
    if overlap_tokens > window_tokens // 2:
        raise ConfigError(
            f"overlap_tokens {overlap_tokens} is more than half of a window of {window_tokens} "
            f"tokens. Choose at most {window_tokens // 2}."
        )
    documents_per_shard = config.documents_per_shard or _documents_per_shard(model)
    # What suits the model suits it in the way in which it was taught to be asked.
    suits = sidecar is not None and in_context is (
        sidecar.prompt_style is PromptStyle.DEMONSTRATIONS
    )
    return Plan(
        model=model,
        toolbox=toolbox,
        config=config,
        prompts=prompts,
        thresholds=resolve(
            config,
            tools,
            model_settings={tool.name: _model_settings(sidecar, tool) for tool in tools}
            if sidecar is not None and suits
            else {},
            in_context=in_context,
        ),
        vocabularies={
            tool.name: terms((*tool.vocabulary, *(each.name for each in tool.parameters)))
            for tool in tools
        },
        temperature=choose_temperature(config, style),
        window_tokens=window_tokens,
        overlap_tokens=overlap_tokens,
        prompt_tokens=max(asked.values()) if in_context else 0,
        own_tokens=max(0 if prompts.is_shared(tool) else asked[tool.name] for tool in tools),
        documents_per_shard=documents_per_shard,
        characters_per_shard=documents_per_shard * _DOCUMENT_CHARACTERS,
        demonstrations=pools,
    )


def _documents_per_shard(model: LanguageModel) -> int:
    """Returns how many documents are annotated in a minute or two, by the size of the model."""
    if not isinstance(model, Paced):
        return _MOST_DOCUMENTS
    fitting = int(_SHARD_S * model.tokens_per_second / _DOCUMENT_TOKENS)
    return max(1, min(_MOST_DOCUMENTS, fitting))


def _model_settings(sidecar: Sidecar, tool: Tool) -> ToolConfig:
    """Returns what suits a model for one tool."""
    return ToolConfig(
        min_prob=sidecar.min_prob,
        gain_threshold=sidecar.threshold(tool.name),
        max_positions=sidecar.max_positions,
        samples=sidecar.samples,
    )


def _asked_tokens(model: LanguageModel, prompts: Prompts, tools: Sequence[Tool]) -> dict[str, int]:
    """Returns how many tokens the longest prompt for each tool has, with what begins its call."""
    begun = [prompts.longest(tool) + model.grammar.lead(tool.name) for tool in tools]
    return dict(zip((tool.name for tool in tools), model.count_tokens(begun), strict=True))


def _window_tokens(
    config: AnnotateConfig, asked: Mapping[str, int], *, model: LanguageModel, style: PromptStyle
) -> int:
    """Returns the longest window for which prompt, text and a call fit the model."""
    longest = max(asked, key=lambda name: asked[name])
    # The paper's prompt shows the text and then its copy, and a text alone leaves half the room to
    # a call and its output, which are scored in front of it. In context there is no copy, and half
    # the room is left to a call, its output and what is scored behind them.
    room = (model.max_length - asked[longest] - config.max_tokens - _SPARE_TOKENS) // 2
    if room < max(config.window_tokens or 0, _SHORTEST_WINDOW):
        way_out = {
            PromptStyle.FEW_SHOT: "Use --prompt-style brief, a model with a longer context, or "
            "fewer examples",
            PromptStyle.DEMONSTRATIONS: "Use a model with a longer context, shorter exemplars, or "
            "--nearest with a smaller number",
        }.get(style, "Use a model with a longer context")
        wanted = f"not for {config.window_tokens}" if config.window_tokens else "too few"
        raise ConfigError(
            f"The prompt for {longest} takes {asked[longest]} of the {model.max_length} tokens "
            f"that {model.name} reads, which leaves room for windows of {max(room, 0)} tokens, "
            f"{wanted}. {way_out}."
        )
    return config.window_tokens or min(_LONGEST_WINDOW, room)
