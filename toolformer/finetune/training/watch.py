"""A training, watched: told of, stopped where it is lost or stale, its checkpoints completed."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from toolformer.errors import TrainingError
from toolformer.finetune.training.checkpoints import mark_whole, whole_checkpoint, writing
from toolformer.finetune.training.logged import LOSS, PERPLEXITY, is_of_dev, losses_of, values_of
from toolformer.finetune.training.steps import (
    DevScore,
    TrainingStep,
    is_lost,
    is_lost_on_held_out,
    is_stale,
)
from toolformer.finetune.training.trainer import FinetuneTrainer


class Watch(TrainerCallback):
    """Reports how far the training is, stops it when it is lost, and completes checkpoints.

    Args:
        step_tokens: how many tokens each step learns from.
        save_extras: writes beside a checkpoint's weights what makes them a model to be used.
        on_progress: called after every step and evaluation.
        judge: what the kept weights are chosen by, as the trainer logs it; None: they are the last.
        patience: evaluations without a better one after which the training stops.
        trainer: whose checkpoints these are; set before the training starts.
    """

    def __init__(
        self,
        *,
        step_tokens: Sequence[int],
        save_extras: Callable[[Path], None],
        on_progress: Callable[[TrainingStep], None] | None,
        judge: str | None = None,
        patience: int | None = None,
    ) -> None:
        self.trainer: FinetuneTrainer | None = None
        self._judge, self._patience = judge, patience
        self._step_tokens = step_tokens
        self._save_extras = save_extras
        self._on_progress = on_progress
        self._last = TrainingStep(0, len(step_tokens))
        self._began: float | None = None
        self._first = 0  # steps done by earlier tries
        self.has_begun = False

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        *_: Any,
        **__: Any,
    ) -> None:
        """Starts the clock."""
        self._began = time.monotonic()
        self._first = state.global_step
        self._last = TrainingStep(state.global_step, len(self._step_tokens))
        if state.best_model_checkpoint is not None:  # the directory may have another name by now
            name = Path(state.best_model_checkpoint).name
            state.best_model_checkpoint = str(Path(str(args.output_dir)) / name)

    def on_step_begin(
        self,
        args: TrainingArguments,  # noqa: ARG002
        state: TrainerState,  # noqa: ARG002
        *_: Any,
        **__: Any,
    ) -> None:
        """Remembers that all there was to read of a checkpoint was read."""
        self.has_begun = True

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        *_: Any,
        logs: dict[str, float] | None = None,
        **__: Any,
    ) -> None:
        """Passes on what was logged.

        Raises:
            TrainingError: the training diverges.
        """
        logs = logs or {}
        if "loss" in logs:
            if is_lost(losses := losses_of(state)):
                raise _lost(losses, args, state, rate=logs.get("learning_rate", 0.0))
            self._last = self._step(state.global_step, logs)
        elif is_of_dev(logs):
            losses = losses_of(state)
            if not all(math.isfinite(logs.get(name, 0.0)) for name in (PERPLEXITY, LOSS)):
                if not losses:
                    raise TrainingError(
                        "The model predicts held-out texts with a loss that is not a number "
                        "before it is trained: its weights are broken."
                    )
                raise _lost([*losses[:-1], math.nan], args, state)
            judged = values_of(state, LOSS)
            # Where all texts have prompts, their completions say it best; not before there is a
            # checkpoint to keep, for the first steps may be the worst.
            is_told = PERPLEXITY not in logs and state.best_model_checkpoint is not None
            if is_told and is_lost_on_held_out(judged):
                raise _lost(judged, args, state, held_out=True)
            score = DevScore(logs.get(PERPLEXITY), logs.get(LOSS))
            self._last = replace(self._last, done=state.global_step, dev=score)
        else:
            return
        if state.is_world_process_zero and self._on_progress is not None:
            self._on_progress(self._last)

    def on_evaluate(
        self,
        args: TrainingArguments,  # noqa: ARG002
        state: TrainerState,
        control: TrainerControl,
        **__: Any,
    ) -> None:
        """Stops a training that gets no better."""
        if self._judge is not None and is_stale(values_of(state, self._judge), self._patience):
            control.should_training_stop = True

    def on_save(self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any) -> None:
        """Completes a checkpoint once every process has written its part."""
        assert self.trainer is not None  # noqa: S101
        self.trainer.accelerator.wait_for_everyone()
        if state.is_world_process_zero:
            checkpoint = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}"
            with writing(checkpoint.parent.parent):
                self._save_extras(checkpoint)
                mark_whole(checkpoint)

    def _step(self, done: int, logs: dict[str, float]) -> TrainingStep:
        seconds = time.monotonic() - (self._began or 0.0)
        tokens = sum(self._step_tokens[self._first : done])
        rate = tokens / seconds if seconds > 0 else 0.0
        return TrainingStep(
            done=done,
            steps=len(self._step_tokens),
            loss=logs["loss"],
            learning_rate=logs.get("learning_rate"),
            tokens_per_second=rate,
            seconds_left=sum(self._step_tokens[done:]) / rate if rate else float("inf"),
        )


def _lost(
    losses: Sequence[float],
    args: TrainingArguments,
    state: TrainerState,
    *,
    rate: float | None = None,
    held_out: bool = False,
) -> TrainingError:
    """Returns the error that ends a training which diverges.

    Args:
        losses: of every step; or of every look at the held-out texts, whose best counts.
        args: of the trainer.
        state: of the trainer.
        rate: of the last step, where it is known.
        held_out: whether the losses are those of held-out texts.
    """
    last = whole_checkpoint(Path(str(args.output_dir)).parent)
    kept = "No checkpoint was written yet."
    if state.best_model_checkpoint is not None:
        kept = f"The best checkpoint is in '{state.best_model_checkpoint}'."
    elif last is not None:  # none is better than another
        kept = f"The last checkpoint is in '{last}'."
    at = "" if rate is None else f", at a learning rate of {rate:.3g}"
    told = (
        f"the loss of held-out texts was {min(losses):.2f} and is {losses[-1]:.2f} after step "
        f"{state.global_step}"
        if held_out
        else f"the loss was {losses[0]:.2f} in step 1 and is {losses[-1]:.2f} in step {len(losses)}"
    )
    return TrainingError(
        f"The training diverges: {told}{at}. Choose a lower --learning-rate, and another --out. "
        f"{kept}"
    )
