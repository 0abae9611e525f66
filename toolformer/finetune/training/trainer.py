"""The trainer of `transformers`, which judges by held-out texts and gathers whole models."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PrinterCallback, Trainer

from toolformer.finetune.data.batches import can_narrow
from toolformer.finetune.training.checkpoints import writing
from toolformer.finetune.training.dev import DevRows, perplexity, summed_loss
from toolformer.finetune.training.logged import LOSS, PERPLEXITY


class FinetuneTrainer(Trainer):
    """Judges by held-out texts: without calls, calls disabled, and as they are trained on."""

    def __init__(self, model: Any, *, dev: DevRows, base: PreTrainedModel, **options: Any) -> None:
        # The trainer wants to know that there is something to evaluate on.
        options["eval_dataset"] = [*dev.plain, *dev.trained] or None
        super().__init__(model, **options)
        self.remove_callback(PrinterCallback)
        self._dev = dev
        self._can_narrow = can_narrow(base)

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Returns what the held-out texts say; the devices share the work."""
        model: Any = self.model
        model.eval()

        def logits_of(
            ids: torch.Tensor, mask: torch.Tensor, places: torch.Tensor | None
        ) -> torch.Tensor:
            kept = {} if places is None else {"logits_to_keep": places}
            logits: torch.Tensor = model(
                input_ids=ids, attention_mask=mask, use_cache=False, **kept
            ).logits
            return logits

        device = self.args.device
        loss_of = partial(
            summed_loss,
            logits_of,
            device=device,
            process=self.args.process_index,
            processes=self.args.world_size,
        )
        # Not inference_mode: weights that are gathered in it cannot be trained afterwards.
        with torch.no_grad(), self.compute_loss_context_manager():
            plain = loss_of(self._dev.plain, barred=self._dev.barred)
            trained = loss_of(self._dev.trained, can_narrow=self._can_narrow)
        summed = torch.tensor([plain, trained], dtype=torch.float64, device=device)
        plain, trained = self.accelerator.reduce(summed, reduction="sum").tolist()
        metrics = {}
        if self._dev.plain:
            metrics[PERPLEXITY] = perplexity(plain / sum(row.count for row in self._dev.plain))
        if self._dev.trained:
            metrics[LOSS] = trained / sum(row.count for row in self._dev.trained)
        model.train()
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def whole_model(self, empty: Callable[[], Any]) -> Any:
        """Returns the trained model with all of its weights; each process has to ask.

        Where every process holds a part of them, as under FSDP, they come together in the main one.

        Args:
            empty: makes a model of the same parts, for the weights to go into.
        """
        if not self.is_fsdp_enabled:
            return self.model
        weights = self.accelerator.get_state_dict(self.model_wrapped)
        if not self.is_world_process_zero():
            return self.model
        with torch.device("meta"):
            whole = empty()
        whole.load_state_dict(weights, assign=True)
        whole.tie_weights()
        return whole

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        with writing(Path(str(self.args.output_dir)).parent):
            super()._save_checkpoint(model, trial)
