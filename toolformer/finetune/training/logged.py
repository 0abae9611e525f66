"""What the trainer of `transformers` has logged, read again."""

from collections.abc import Mapping

from transformers import TrainerState

from toolformer.finetune.training.steps import DevScore

PERPLEXITY = "eval_perplexity"  # as the trainer logs them
LOSS = "eval_loss"


def losses_of(state: TrainerState) -> list[float]:
    """Returns the loss of every step so far, those of earlier tries included."""
    return [logged["loss"] for logged in state.log_history if "loss" in logged]


def dev_scores_of(state: TrainerState) -> dict[int, DevScore]:
    """Returns what the held-out texts said, by step; step 0 is the base model."""
    return {
        int(logged["step"]): DevScore(logged.get(PERPLEXITY), logged.get(LOSS))
        for logged in state.log_history
        if is_of_dev(logged)
    }


def values_of(state: TrainerState, name: str) -> list[float]:
    """Returns what every look at the held-out texts said so far, of one number."""
    return [logged[name] for logged in state.log_history if name in logged]


def is_of_dev(logged: Mapping[str, float]) -> bool:
    """Returns whether this was logged of a look at the held-out texts."""
    return PERPLEXITY in logged or LOSS in logged
