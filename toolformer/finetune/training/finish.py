"""What a training leaves: weights or an adapter, and what makes them a model to be used."""

from pathlib import Path
from typing import Any

from toolformer.finetune.model.adapters import (
    merge_adapter,
    save_adapter,
)
from toolformer.finetune.report import FinetuneReport, write_report
from toolformer.finetune.training import checkpoints
from toolformer.finetune.training.plan import TrainingPlan
from toolformer.lm.hf.custom_generate import write_custom_generate
from toolformer.sidecar import write_sidecar


def finish(plan: TrainingPlan, model: Any, *, out: Path, report: FinetuneReport) -> None:
    """Writes the finished model aside and moves it to its place."""
    with checkpoints.writing(out):
        folder = checkpoints.new_model_folder(out)
        # Beside weights in 4 bits, an adapter belongs to these and not to the model that was named.
        if plan.config.adapter == "lora":
            place = folder if plan.config.keeps_adapter else folder / "adapter"
            save_adapter(model, place, base=plan.base.name)
            write_sidecar(place, plan.sidecar)
    if not plan.config.keeps_adapter:
        if plan.config.adapter != "none":
            model = merge_adapter(model, adapter=plan.config.adapter)
        model.config.use_cache = True  # training turns it off
        with checkpoints.writing(out):
            model.save_pretrained(folder)
    with checkpoints.writing(out):
        save_extras(plan, folder)
        write_custom_generate(folder, plan.sidecar)
        write_report(folder, report)
        checkpoints.publish(out)


def save_extras(plan: TrainingPlan, folder: Path) -> None:
    """Writes tokenizer and sidecar beside weights, which makes them a model to be used."""
    plan.base.tokenizer.save_pretrained(folder)
    write_sidecar(folder, plan.sidecar)
