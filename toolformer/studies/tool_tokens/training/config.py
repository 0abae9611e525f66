"""What decides what the three stages learn."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from toolformer.config import Config
from toolformer.finetune import FinetuneConfig
from toolformer.finetune.config import Positive, Share

Stage = Literal["memorize", "retrieve", "agent"]
STAGES: tuple[Stage, ...] = get_args(Stage)

_Epochs = Annotated[float, Field(gt=0)]


class StagesConfig(Config):
    """Everything that decides what the stages learn, but for model and catalogue."""

    memorize_epochs: _Epochs = 3.0
    """Times each documentation is seen."""
    retrieve_epochs: _Epochs = 1.75
    """Times each query is seen with each of its APIs."""
    agent_epochs: _Epochs = 1.0
    """Times each task is seen."""
    agent_tasks: Positive | None = 300
    """Tasks to act on, drawn by the seed; all with --set agent_tasks=null."""
    adapter: Literal["lora", "qlora", "none"] = "lora"
    """LoRA (beside weights in 4 bits: QLoRA) and the rows of the new tokens, or all weights."""
    lora_rank: Positive = 16
    """Rank of an adapter."""
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    """Highest rate."""
    batch_size: Positive = 16
    """Texts per step; where queries are learned, queries with all of their APIs."""
    max_length: Annotated[int, Field(ge=16)] = 1024
    """Tokens of a text: a longer one is left out and counted, never cut."""
    eval_queries: Annotated[int, Field(ge=0)] = 0
    """Training queries kept back to choose the weights of a stage. Default: the last are taken."""
    patience: Positive | None = None
    """Evaluations without a better one after which a stage stops; needs --eval-queries."""
    warmup: Share = 0.05
    """Share of the steps in which the rate rises from 0."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Precision of the arithmetic."""
    seed: int = 0
    """Random seed for adapter, tasks and batches."""

    def finetuning(self, stage: Stage, *, new_tokens_from: int | None) -> FinetuneConfig:
        """Returns the settings of a stage."""
        epochs = {
            "memorize": self.memorize_epochs,
            "retrieve": self.retrieve_epochs,
            "agent": self.agent_epochs,
        }
        is_adapted = self.adapter != "none"
        return FinetuneConfig(
            epochs=epochs[stage],
            max_steps=1_000_000_000,  # the epochs decide
            adapter=self.adapter,
            lora_rank=self.lora_rank,
            lora_alpha=2 * self.lora_rank,
            merge=is_adapted,
            new_tokens_from=new_tokens_from if is_adapted else None,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            by_length=True,
            share="prompts",
            max_length=self.max_length,
            patience=self.patience if self.eval_queries else None,
            warmup=self.warmup,
            dtype=self.dtype,
            seed=self.seed,
        )
