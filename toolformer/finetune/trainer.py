"""The trainer of `transformers`, watched: dev perplexity, divergence, whole checkpoints."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerState,
    TrainingArguments,
)

from toolformer.errors import TrainingError
from toolformer.finetune.checkpoints import mark_whole
from toolformer.finetune.perplexity import Window, perplexity, summed_loss
from toolformer.finetune.progress import TrainingStep, is_lost


class FinetuneTrainer(Trainer):
    """Judges by the perplexity of held-out text, with calls disabled."""

    def __init__(
        self, *args: Any, windows: Sequence[Window], markers: Sequence[int], **options: Any
    ) -> None:
        # The trainer wants to know that there is something to evaluate on.
        super().__init__(*args, eval_dataset=list(windows) or None, **options)
        self.remove_callback(PrinterCallback)
        self._windows = windows
        self._markers = markers

    def evaluate(self, *args: Any, **options: Any) -> dict[str, float]:  # noqa: ARG002
        """Returns the perplexity of the held-out texts; the devices share the work."""
        model = self.model
        model.eval()

        def logits_of(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
            return logits

        mine = self._windows[self.args.process_index :: self.args.world_size]
        with torch.inference_mode(), self.compute_loss_context_manager():
            loss = summed_loss(logits_of, mine, markers=self._markers, device=self.args.device)
        summed = torch.tensor([loss], dtype=torch.float64, device=self.args.device)
        summed = self.accelerator.reduce(summed, reduction="sum")
        tokens = sum(window.scored for window in self._windows)
        metrics = {"eval_perplexity": perplexity(float(summed.item()), tokens)}
        model.train()
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics


class Watch(TrainerCallback):
    """Tells how far the training is, stops it when it is lost, and completes checkpoints.

    Args:
        step_tokens: how many tokens each step learns from.
        save_extras: writes beside a checkpoint's weights what makes them a model to be used.
        on_progress: is told after every step and evaluation.
        trainer: whose checkpoints these are; set before the training starts.
    """

    def __init__(
        self,
        *,
        step_tokens: Sequence[int],
        save_extras: Callable[[Path], None],
        on_progress: Callable[[TrainingStep], None],
    ) -> None:
        self.trainer: FinetuneTrainer | None = None
        self._step_tokens = step_tokens
        self._save_extras = save_extras
        self._on_progress = on_progress
        self._last = TrainingStep(0, len(step_tokens))
        self._began: float | None = None
        self._first = 0  # steps done by earlier tries

    def on_train_begin(
        self,
        args: TrainingArguments,  # noqa: ARG002
        state: TrainerState,
        *_: Any,
        **__: Any,
    ) -> None:
        """Starts the clock."""
        self._began = time.monotonic()
        self._first = state.global_step
        self._last = TrainingStep(state.global_step, len(self._step_tokens))

    def on_log(
        self,
        args: TrainingArguments,  # noqa: ARG002
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
            losses = losses_of(state)
            if is_lost(losses):
                raise TrainingError(_lost(losses, state=state, rate=logs.get("learning_rate", 0.0)))
            self._last = self._step(state.global_step, logs)
        elif "eval_perplexity" in logs:
            self._last = TrainingStep(
                done=state.global_step,
                steps=self._last.steps,
                loss=self._last.loss,
                learning_rate=self._last.learning_rate,
                tokens_per_second=self._last.tokens_per_second,
                seconds_left=self._last.seconds_left,
                dev_perplexity=logs["eval_perplexity"],
            )
        else:
            return
        if state.is_world_process_zero:
            self._on_progress(self._last)

    def on_save(self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any) -> None:
        """Completes a checkpoint once every process has written its part."""
        assert self.trainer is not None  # noqa: S101
        self.trainer.accelerator.wait_for_everyone()
        if state.is_world_process_zero:
            checkpoint = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}"
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


def losses_of(state: TrainerState) -> list[float]:
    """Returns the loss of every step so far, those of earlier tries included."""
    return [logged["loss"] for logged in state.log_history if "loss" in logged]


def perplexities_of(state: TrainerState) -> dict[int, float]:
    """Returns the dev perplexity by step; step 0 is the base model."""
    return {
        int(logged["step"]): logged["eval_perplexity"]
        for logged in state.log_history
        if "eval_perplexity" in logged
    }


def _lost(losses: Sequence[float], *, state: TrainerState, rate: float) -> str:
    best = state.best_model_checkpoint
    kept = f"The best checkpoint is in '{best}'." if best else "No checkpoint was written yet."
    return (
        f"The training diverges: the loss was {losses[0]:.2f} in step 1 and is {losses[-1]:.2f} in "
        f"step {len(losses)}, at a learning rate of {rate:.3g}. Choose a lower --learning-rate, "
        f"and another --out. {kept}"
    )
