"""The settings of a pretraining: tokenizer, shape, mixture and schedule."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from toolformer.calls import InlineGrammar
from toolformer.config import Config

_GRAMMAR = InlineGrammar()

Positive = Annotated[int, Field(gt=0)]


class TokenizerConfig(Config):
    """The byte-level BPE."""

    vocabulary_size: Positive = 4096
    characters: Positive = 20_000_000  # characters of the mixture that the merges are learned from
    # The markers of a call: one token each, wherever they stand.
    single_tokens: tuple[str, ...] = (_GRAMMAR.open, _GRAMMAR.arrow, _GRAMMAR.close)


class ModelConfig(Config):
    """The shape of a model."""

    # gpt2: learned positions, LayerNorm and GELU in place of rotations, RMSNorm and SwiGLU.
    architecture: Literal["llama", "gpt2"] = "llama"
    tied: bool = True  # whether the output head is the table of embeddings
    hidden_size: Positive = 256
    intermediate_size: Positive = 704
    layers: Positive = 6
    heads: Positive = 4
    context: Positive = 1024  # tokens


class SourceConfig(Config):
    """One part of the mixture: a corpus of texts, or a generator of examples."""

    name: str
    weight: float = Field(gt=0)  # its share of the tokens, relative to the others'
    corpus: str | None = None  # a path that `read_corpus` reads, relative to the configuration
    text_column: str = "text"
    # FILE.py:NAME, called with a Document and its number from 0: whether it may be used.
    keep: str | None = None
    edit: str | None = None  # FILE.py:NAME, called with the text, gives the text to learn
    max_characters: Positive = 2000  # a longer text gives such a piece each time it is drawn
    # FILE.py:NAME, called once with folder= and the options, gives the source.
    generator: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if (self.corpus is None) == (self.generator is None):
            raise ValueError(f"the source {self.name!r} needs either a corpus or a generator")
        return self


class StageConfig(Config):
    """A stretch of training with rows of one length."""

    steps: Positive
    rows: Positive  # rows a step
    length: Positive  # tokens a row


class DropoutConfig(Config):
    """A point of a dropout schedule: between two points the rate is on a straight line."""

    at: float = Field(ge=0, le=1)  # share of the steps
    rate: float = Field(ge=0, lt=1)


class PretrainConfig(Config):
    """A pretraining run. Paths are relative to the file that holds it."""

    seed: int = 0
    # A finished model to continue from, with its tokenizer, in place of fresh weights.
    start_from: str | None = None
    mixture: tuple[SourceConfig, ...]
    tokenizer: TokenizerConfig = TokenizerConfig()
    model: ModelConfig = ModelConfig()
    stages: tuple[StageConfig, ...]
    learning_rate: float = Field(default=2e-3, gt=0)  # of AdamW: embeddings and norms
    matrix_learning_rate: float = Field(default=0.02, gt=0)  # of Muon: all other weights
    weight_decay: float = Field(default=0.0, ge=0)
    warmup_steps: int = Field(default=100, ge=0)
    # The last part of the run, in which the rates fall to 0.
    decay_fraction: float = Field(default=0.4, gt=0, le=1)
    # Dropout after the embeddings, the attentions and the feed-forward layers; () is none.
    dropout: tuple[DropoutConfig, ...] = ()
    dtype: Literal["bfloat16", "float32"] = "bfloat16"
    compile: bool = True
    # Eager is the faster one when compiled for short rows on a CPU.
    attention: Literal["sdpa", "eager"] = "sdpa"
    checkpoint_every: Positive = 200  # steps
    # Batches a source, of the first stage's shape, for the perplexity at the end.
    held_out_batches: Positive = 2

    @model_validator(mode="after")
    def _fits(self) -> Self:
        longest = max(stage.length for stage in self.stages)
        if longest > self.model.context:
            raise ValueError(
                f"a stage has rows of {longest} tokens, the model a context of {self.model.context}"
            )
        places = [point.at for point in self.dropout]
        if places != sorted(places):
            raise ValueError("the points of the dropout schedule are not in the order of the steps")
        if self.compile and len({point.rate for point in self.dropout}) > 1:
            raise ValueError("a compiled model has one dropout rate: write compile: false as well")
        names = [source.name for source in self.mixture]
        if len(set(names)) != len(names):
            raise ValueError(f"two sources of the mixture share a name: {', '.join(sorted(names))}")
        return self

    @property
    def steps(self) -> int:
        """The number of steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    def stage_at(self, step: int) -> StageConfig:
        """Returns the stage that a step, from 0, belongs to."""
        for stage in self.stages:
            if step < stage.steps:
                return stage
            step -= stage.steps
        return self.stages[-1]

    def rate_at(self, step: int) -> float:
        """Returns the factor on the learning rates: warm-up, plateau, then a straight line to 0."""
        decay_steps = max(1, round(self.steps * self.decay_fraction))
        return min(1.0, (step + 1) / max(1, self.warmup_steps), (self.steps - step) / decay_steps)

    def dropout_at(self, step: int) -> float:
        """Returns the dropout rate of a step; before the first point and after the last, theirs."""
        share = step / max(1, self.steps - 1)
        before = [point for point in self.dropout if point.at <= share]
        after = [point for point in self.dropout if point.at > share]
        if not before or not after:
            return (before[-1:] or after[:1] or [DropoutConfig(at=0, rate=0)])[0].rate
        first, last = before[-1], after[0]
        return first.rate + (last.rate - first.rate) * (share - first.at) / (last.at - first.at)
