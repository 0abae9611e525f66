"""The settings of a training with injected facts: a YAML file that may inherit from others."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from toolformer.config import Config, read_yaml
from toolformer.errors import ConfigError
from toolformer.pretrain.config import (
    DropoutConfig,
    ModelConfig,
    PretrainConfig,
    SourceConfig,
    StageConfig,
    TokenizerConfig,
)
from toolformer.studies.inject.placement import Strategy

SAMPLE = "sample"
BACKGROUND = "background"
_DEFAULTS = "defaults"
_DEEPEST = 16  # files that inherit from one another

Positive = Annotated[int, Field(gt=0)]


class DatasetConfig(Config):
    """Where the texts and the facts come from. Paths are relative to the file that is named."""

    facts: str
    """The directory that `make` wrote."""
    corpus: str = SAMPLE
    """What the background is read from; 'sample': the texts that come with the package."""
    text_column: str = "text"
    """The field with a text."""
    max_characters: Positive = 1000
    """A longer text gives such a piece each time it is drawn."""
    vocabulary_size: Positive = 2048
    """Tokens of the byte-level BPE, which learns from the background alone."""
    tokenizer_characters: Positive = 5_000_000
    """Characters that it learns from."""


class TrainingConfig(Config):
    """How long and how is trained."""

    steps: Positive = 2000
    """Steps of the whole training."""
    epochs: Positive = 1
    """Into how many equal parts the steps are counted."""
    rows: Positive = 16
    """Windows a step."""
    length: Positive = 256
    """Tokens of a window."""
    learning_rate: Annotated[float, Field(gt=0)] = 4e-3
    """Highest rate of embeddings and norms."""
    matrix_learning_rate: Annotated[float, Field(gt=0)] = 0.02
    """Highest rate of all other weights."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """Weight decay of the matrices."""
    warmup_steps: Annotated[int, Field(ge=0)] = 50
    """Steps in which the rates rise."""
    decay_fraction: Annotated[float, Field(gt=0, le=1)] = 0.4
    """Last share of the steps, in which the rates fall to 0."""
    dropout: tuple[DropoutConfig, ...] = ()
    """Points of a schedule, as in [{at: 0, rate: 0.1}, {at: 1, rate: 0}]; without any none."""
    dtype: Literal["bfloat16", "float32"] = "float32"
    """Precision of the arithmetic."""
    compile: bool = False
    """Compile the model, which takes a minute and pays for long trainings."""
    checkpoint_every: Positive = 100
    """Steps between two states from which a killed training continues."""
    track_every: Positive = 200
    """Steps between two looks at how the facts are recalled."""
    track_items: Positive = 64
    """Items of a kind and an exposure that are asked at each look."""


class InjectionConfig(Config):
    """Which facts stand where in the texts, and how often."""

    strategy: Strategy = "uniform"
    """Which steps have facts: the first, the last, any, or all evenly."""
    share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of the steps that start and end fill."""
    exposures: tuple[Positive, ...] | None = None
    """How often each fact stands in the texts, by blocks of people."""
    facts_per_epoch: Positive | None = None
    """So many facts in each epoch, in turn, in place of `exposures`."""
    percent: Annotated[float, Field(gt=0, lt=100)] | None = None
    """So many per cent of all tokens are facts, in turn, in place of `exposures`."""
    windows: Literal["natural", "padded"] = "natural"
    """natural: facts stand among other texts; padded: each has a window of its own, else empty."""

    @model_validator(mode="after")
    def _says_one_amount(self) -> Self:
        given = [self.exposures, self.facts_per_epoch, self.percent]
        if sum(each is not None for each in given) != 1 or self.exposures == ():
            raise ValueError("name one of exposures, facts_per_epoch and percent")
        return self


class InjectConfig(Config):
    """A training with injected facts, or without: `injection: null`."""

    seed: int = 0
    """Random seed for weights, texts and places."""
    model: ModelConfig = ModelConfig(
        hidden_size=128, intermediate_size=352, layers=4, heads=4, context=256
    )
    """The shape; architecture: llama or gpt2, tied or not."""
    dataset: DatasetConfig
    """Where texts and facts come from."""
    training: TrainingConfig = TrainingConfig()
    """How long and how is trained."""
    injection: InjectionConfig | None
    """Where the facts stand."""

    def background(self) -> SourceConfig:
        """Returns the background as a source of a pretraining."""
        from toolformer.assets import SAMPLE_CORPUS, asset

        data = self.dataset
        return SourceConfig(
            name=BACKGROUND,
            weight=1.0,
            corpus=str(asset(SAMPLE_CORPUS)) if data.corpus == SAMPLE else data.corpus,
            text_column=data.text_column,
            max_characters=data.max_characters,
        )

    def pretraining(self) -> PretrainConfig:
        """Returns the settings of the pretraining that this is."""
        training = self.training
        return PretrainConfig(
            seed=self.seed,
            mixture=(self.background(),),
            tokenizer=TokenizerConfig(
                vocabulary_size=self.dataset.vocabulary_size,
                characters=self.dataset.tokenizer_characters,
                single_tokens=(),
            ),
            model=self.model,
            stages=(StageConfig(steps=training.steps, rows=training.rows, length=training.length),),
            learning_rate=training.learning_rate,
            matrix_learning_rate=training.matrix_learning_rate,
            weight_decay=training.weight_decay,
            warmup_steps=training.warmup_steps,
            decay_fraction=training.decay_fraction,
            dropout=training.dropout,
            dtype=training.dtype,
            compile=training.compile,
            checkpoint_every=training.checkpoint_every,
        )


def read_with_defaults(path: Path) -> dict[str, Any]:
    """Reads a YAML file and those that it inherits from, named by `defaults`.

    A file's own settings go before those it inherits, and of several files the later one's before
    the earlier one's; what maps names to settings is joined name by name. The names of files are
    relative to the one that has them.

    Raises:
        ConfigError: a file cannot be read, or inherits from itself.
    """
    return _read(path, [])


def _read(path: Path, inheriting: list[Path]) -> dict[str, Any]:
    known = path.resolve()
    if known in inheriting or len(inheriting) >= _DEEPEST:
        raise ConfigError(f"The config '{path}' inherits from itself, or from too many files.")
    own = read_yaml(path)
    named = own.pop(_DEFAULTS, [])
    names = [named] if isinstance(named, str) else named
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigError(f"In '{path}', defaults names a file or a list of files, not {named!r}.")
    values: dict[str, Any] = {}
    for name in names:
        values = joined(values, _read(path.parent / name, [*inheriting, known]))
    return joined(values, own)


def joined(values: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Returns nested settings with others written over them.

    >>> joined({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 4}, "d": None})
    {'a': {'b': 4, 'c': 2}, 'd': None}
    """
    together = dict(values)
    for name, other in others.items():
        old = together.get(name)
        if isinstance(old, Mapping) and isinstance(other, Mapping):
            other = joined(old, other)
        together[name] = other
    return together
