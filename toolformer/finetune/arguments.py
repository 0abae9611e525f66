"""What the trainer of `transformers` is told of a plan."""

from collections.abc import Sequence
from pathlib import Path

from transformers import TrainingArguments

from toolformer.finetune.checkpoints import training_folder
from toolformer.finetune.plan import TrainingPlan
from toolformer.finetune.trainer import LOSS, PERPLEXITY

_JUDGE = {"loss": LOSS, "perplexity": PERPLEXITY, "last": None}
_SCHEDULES = {"constant": "constant_with_warmup"}  # where the trainer's name is another


def training_arguments(
    plan: TrainingPlan, *, out: Path, report_to: Sequence[str], is_fresh: bool
) -> TrainingArguments:
    """Returns what the trainer of `transformers` is told."""
    config, schedule = plan.config, plan.schedule
    judge = _JUDGE[config.keep]
    on_cpu = plan.base.model.device.type == "cpu"
    evaluates = bool(plan.dev.plain)
    return TrainingArguments(
        output_dir=str(training_folder(out)),
        max_steps=schedule.steps,
        per_device_train_batch_size=schedule.device_rows,
        gradient_accumulation_steps=schedule.accumulated,
        learning_rate=schedule.learning_rate,
        warmup_steps=round(config.warmup * schedule.steps),
        lr_scheduler_type=_SCHEDULES.get(config.schedule, config.schedule),
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        seed=config.seed,
        bf16=config.dtype == "bfloat16",
        use_cpu=on_cpu,
        dataloader_pin_memory=not on_cpu,
        train_sampling_strategy="sequential",  # the order is drawn already
        remove_unused_columns=False,
        eval_strategy="steps" if evaluates else "no",
        eval_steps=schedule.evaluate_every,
        eval_on_start=evaluates and is_fresh,
        save_strategy="steps",
        save_steps=schedule.evaluate_every,
        save_total_limit=2,  # the best and the last
        load_best_model_at_end=judge is not None,
        metric_for_best_model=judge,
        greater_is_better=None if judge is None else False,
        logging_steps=1,
        logging_nan_inf_filter=False,  # it would hide what a diverging training is stopped by
        disable_tqdm=True,
        report_to=list(report_to) or "none",
        ddp_find_unused_parameters=False,
        ddp_backend="gloo" if on_cpu and schedule.devices > 1 else None,
    )
