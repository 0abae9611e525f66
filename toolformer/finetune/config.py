"""The settings of a fine-tuning, and the rules for those that are left open."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from toolformer.config import Config

# The paper's model, and the rate it was tuned with.
_PAPER_RATE = 1e-5
_PAPER_PARAMETERS = 6.7e9
# Adapters are few weights, drawn anew: they take about ten times the rate of a full tuning.
_ADAPTER_RATE = 10.0
_PAPER_BATCH = 128
_SMALLEST_BATCH = 8
_STEPS_AN_EPOCH = 50  # about so many there should be, or too few to learn from
_PAPER_EVALUATE_EVERY = 500
_EVALUATIONS = 10
SHORTEST_ROW = 16  # tokens

Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]


class FinetuneConfig(Config):
    """Everything that decides what a fine-tuning learns, apart from runs and base model."""

    # What is trained on.
    max_per_tool: Positive = 25_000
    """Texts with calls of one tool, drawn at random."""
    plain_texts: Annotated[int, Field(ge=0)] | Literal["all"] = 0
    """Train also on so many of the texts that kept no call, or 'all', as they are."""
    plain: bool = False
    """Train on the same texts without their calls: the control."""
    loss_on_output: bool = False
    """Learn the tools' outputs too, as the paper does."""
    max_length: Annotated[int, Field(ge=SHORTEST_ROW)] = 1024
    """Tokens of a row; a longer text becomes several rows."""

    # How long.
    epochs: Annotated[float, Field(gt=0)] = 3.0
    """Times each row is seen."""
    max_steps: Positive = 2000
    """The most steps that the epochs may take."""
    steps: Positive | None = None
    """Exactly so many steps, whatever the epochs."""

    # How.
    batch_size: Positive | None = None
    """Rows per step, over all devices. Default: 128, fewer for few texts."""
    device_rows: Positive | None = None
    """Rows per device and forward pass. Default: as many as fit."""
    learning_rate: Annotated[float, Field(gt=0)] | None = None
    """Highest rate. Default: 1e-5 · √(6.7e9 / parameters), ten times that for an adapter."""
    warmup: Share = 0.1
    """Share of the steps in which the learning rate rises from 0."""
    by_length: bool = False
    """Steps of rows of like length, which pad least, in place of rows of any length."""
    share: Literal["nothing", "prompts", "prefixes"] = "nothing"
    """Texts that begin alike as one row of at most max_length tokens, which reads what they have in
    common once, if the model can: those with the same prompt, or with half a prompt in common."""
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    """What the learning rate does after the warm-up."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """Weight decay of the optimizer."""
    max_grad_norm: Annotated[float, Field(gt=0)] = 1.0
    """Norm to which gradients are clipped."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Precision of the arithmetic; the trained weights are float32."""
    seed: int = 0
    """Random seed for texts and batches."""

    # Adapters.
    adapter: Literal["none", "lora", "qlora"] = "none"
    """Train an adapter; qlora: beside weights in 4 bits (nf4)."""
    lora_rank: Positive = 16
    """Rank of an adapter."""
    lora_alpha: Positive = 32
    """Scale of an adapter: what it adds is multiplied by alpha / rank."""
    lora_dropout: Share = 0.0
    """Dropout before an adapter."""
    new_tokens_from: Positive | None = None
    """Train, beside an adapter, also the embeddings of the tokens from this id on: new ones that
    were added to a model. The others stay as they are."""
    merge: bool = False
    """Put an adapter into the weights and write a whole model; what qlora trained always is."""

    # How it is watched.
    dev_texts: Annotated[int, Field(ge=0)] = 1000
    """Texts held out; a tenth of all at most."""
    evaluate_every: Positive | None = None
    """Steps between two evaluations. Default: a tenth of all, 500 at most."""
    keep: Literal["loss", "perplexity", "last"] = "loss"
    """Which weights: with the lowest loss on held-out texts as they are trained on, with the lowest
    perplexity of them without calls (the paper), or the last."""
    patience: Positive | None = None
    """Evaluations without a better one after which training stops. Default: it runs to its end."""

    @property
    def keeps_adapter(self) -> bool:
        """Whether what is written is the adapter alone, and not the weights that it is for."""
        return self.adapter == "lora" and not self.merge

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        batch, rows = self.batch_size, self.device_rows
        if batch is not None and rows is not None and batch % rows:
            raise ValueError(f"batch_size {batch} is not a multiple of device_rows {rows}")
        if self.new_tokens_from is not None and self.adapter == "none":
            raise ValueError("new_tokens_from is for an adapter; without one all rows are trained")
        return self


def learning_rate_for(parameters: int, *, adapter: bool) -> float:
    """Returns the learning rate for a model's size: the paper's, times √(6.7e9 / parameters).

    Ten times that for an adapter. Three digits are enough to say it by.

    >>> learning_rate_for(6_700_000_000, adapter=False)
    1e-05
    >>> learning_rate_for(7_000_000, adapter=False), learning_rate_for(7_000_000, adapter=True)
    (0.000309, 0.00309)
    """
    rate = _PAPER_RATE * math.sqrt(_PAPER_PARAMETERS / parameters)
    return float(f"{rate * (_ADAPTER_RATE if adapter else 1):.3g}")


def batch_size_for(rows: int) -> int:
    """Returns how many rows a step takes: 128, fewer where an epoch would have too few steps.

    >>> [batch_size_for(rows) for rows in (100, 1000, 2000, 25_000)]
    [8, 16, 32, 128]
    """
    wanted = min(_PAPER_BATCH, max(_SMALLEST_BATCH, rows // _STEPS_AN_EPOCH))
    return 1 << (wanted.bit_length() - 1)


def steps_for(config: FinetuneConfig, *, rows: int, batch_size: int) -> int:
    """Returns how many steps are made.

    >>> steps_for(FinetuneConfig(), rows=100, batch_size=8)
    38
    >>> steps_for(FinetuneConfig(), rows=500_000, batch_size=128)
    2000
    """
    if config.steps is not None:
        return config.steps
    return min(config.max_steps, math.ceil(config.epochs * rows / batch_size))


def evaluate_every_for(config: FinetuneConfig, *, steps: int) -> int:
    """Returns after how many steps the dev perplexity is taken and a checkpoint written.

    >>> [evaluate_every_for(FinetuneConfig(), steps=steps) for steps in (4, 200, 20_000)]
    [1, 20, 500]
    """
    if config.evaluate_every is not None:
        return config.evaluate_every
    return max(1, min(_PAPER_EVALUATE_EVERY, math.ceil(steps / _EVALUATIONS)))
