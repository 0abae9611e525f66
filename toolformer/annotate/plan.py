"""Everything one run needs, resolved: what its shards follow from, and what its manifest says."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from toolformer.annotate.config import AnnotateConfig, ToolConfig, ToolThresholds, resolve
from toolformer.annotate.prompts import Prompts
from toolformer.annotate.texts.peeking import terms
from toolformer.config import fingerprint
from toolformer.errors import ConfigError
from toolformer.lm.base import LanguageModel, Paced
from toolformer.runs.manifest import ManifestModel, ManifestTool, RunManifest
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


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """Everything a run needs, resolved; the stages are handed it."""

    model: LanguageModel
    toolbox: Toolbox
    config: AnnotateConfig
    prompts: Prompts
    thresholds: Mapping[str, ToolThresholds]  # by tool name, in tool order
    vocabularies: Mapping[str, frozenset[str]]  # terms that a call of the tool may always use
    window_tokens: int
    overlap_tokens: int
    documents_per_shard: int
    characters_per_shard: int | None  # None is without bound

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
    def call_tokens(self) -> int:
        """How many tokens a call with its output may have, to be scored in front of a window."""
        return self.model.max_length - self.window_tokens - _SPARE_TOKENS

    @property
    def gain_thresholds(self) -> dict[str, float]:
        """τf by tool name, in tool order."""
        return {name: each.gain_threshold for name, each in self.thresholds.items()}

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
            tools=[_manifest_tool(tool, self.thresholds[tool.name]) for tool in self.tools],
            grammar=self.model.grammar.to_dict(),
            config=self.config.to_dict()
            | {
                "prompt_style": self.prompts.style.value,
                "window_tokens": self.window_tokens,
                "overlap_tokens": self.overlap_tokens,
                "documents_per_shard": self.documents_per_shard,
            },
            documents_per_shard=self.documents_per_shard,
            characters_per_shard=self.characters_per_shard,
        )


def make_plan(config: AnnotateConfig, *, model: LanguageModel, toolbox: Toolbox) -> Plan:
    """Resolves what a run's settings leave open: thresholds by tool, prompt style, windows.

    What is not set is as the model's sidecar says, or else the tool.

    Raises:
        ConfigError: the settings do not go together, or leave the model no room for a text.
    """
    tools = tuple(toolbox.values())
    if not tools:
        raise ConfigError("There is no tool to annotate with: name at least one.")
    sidecar = Sidecar() if model.sidecar is None else model.sidecar
    prompts = Prompts(tools, config.prompt_style or sidecar.prompt_style, model.grammar)
    window_tokens = _window_tokens(config, model=model, prompts=prompts, tools=tools)
    overlap_tokens = window_tokens // 4 if config.overlap_tokens is None else config.overlap_tokens
    if overlap_tokens > window_tokens // 2:
        raise ConfigError(
            f"overlap_tokens {overlap_tokens} is more than half of a window of {window_tokens} "
            f"tokens. Choose at most {window_tokens // 2}."
        )
    documents_per_shard = config.documents_per_shard or _documents_per_shard(model)
    return Plan(
        model=model,
        toolbox=toolbox,
        config=config,
        prompts=prompts,
        thresholds=resolve(
            config,
            tools,
            model_settings={tool.name: _model_settings(sidecar, tool) for tool in tools},
        ),
        vocabularies={
            tool.name: terms((*tool.vocabulary, *(each.name for each in tool.parameters)))
            for tool in tools
        },
        window_tokens=window_tokens,
        overlap_tokens=overlap_tokens,
        documents_per_shard=documents_per_shard,
        characters_per_shard=documents_per_shard * _DOCUMENT_CHARACTERS,
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


def _window_tokens(
    config: AnnotateConfig, *, model: LanguageModel, prompts: Prompts, tools: Sequence[Tool]
) -> int:
    """Returns the longest window for which prompt, text and a call fit the model."""
    begun = [prompts.shared(tool) + model.grammar.lead(tool.name) for tool in tools]
    asked = dict(zip((tool.name for tool in tools), model.count_tokens(begun), strict=True))
    longest = max(asked, key=lambda name: asked[name])
    # The prompt shows the text and then its copy. A text alone leaves half the room to a call and
    # its output, which are scored in front of it.
    room = (model.max_length - asked[longest] - config.max_tokens - _SPARE_TOKENS) // 2
    if room < max(config.window_tokens or 0, _SHORTEST_WINDOW):
        way_out = (
            "Use --prompt-style brief, a model with a longer context, or fewer examples"
            if prompts.style is PromptStyle.FEW_SHOT
            else "Use a model with a longer context"
        )
        wanted = f"not for {config.window_tokens}" if config.window_tokens else "too few"
        raise ConfigError(
            f"The prompt for {longest} takes {asked[longest]} of the {model.max_length} tokens "
            f"that {model.name} reads, which leaves room for windows of {max(room, 0)} tokens, "
            f"{wanted}. {way_out}."
        )
    return config.window_tokens or min(_LONGEST_WINDOW, room)


def _manifest_tool(tool: Tool, thresholds: ToolThresholds) -> ManifestTool:
    shown = [tool.signature, tool.description, [asdict(each) for each in tool.exemplars]]
    return ManifestTool(
        name=tool.name,
        spec=tool.spec,
        options=dict(tool.options),
        shown=fingerprint([*shown, sorted(tool.vocabulary)]),
        min_prob=thresholds.min_prob,
        min_used=thresholds.gain_threshold,
        min_help=thresholds.gain_threshold,
        max_positions=thresholds.max_positions,
        samples=thresholds.samples,
        prune_below=thresholds.prune_below,
    )
