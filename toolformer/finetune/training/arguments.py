"""A plan as arguments of the trainer of `transformers`, and where that reports to."""

from collections.abc import Sequence
from pathlib import Path

from transformers import TrainingArguments
from transformers.integrations.integration_utils import (
    get_available_reporting_integrations,
    get_reporting_integration_callbacks,
)

from toolformer.errors import ConfigError
from toolformer.finetune.training.checkpoints import training_folder
from toolformer.finetune.training.plan import TrainingPlan

_SCHEDULES = {"constant": "constant_with_warmup"}  # where the trainer's name is another


def training_arguments(
    plan: TrainingPlan,
    *,
    out: Path,
    report_to: Sequence[str],
    is_fresh: bool,
    stopped_at: int | None = None,
) -> TrainingArguments:
    """Returns the arguments of the trainer for a plan.

    Args:
        plan: with no number left open.
        out: the tuned model's directory.
        report_to: as `check_reports` accepts it.
        is_fresh: whether no step has been made yet.
        stopped_at: the step at which an earlier try had stopped for good; None where none had.
    """
    config, schedule = plan.config, plan.schedule
    judge = None if config.keep == "last" else f"eval_{config.keep}"  # as the trainer logs it
    on_cpu = plan.base.model.device.type == "cpu"
    evaluates = plan.dev.is_any
    return TrainingArguments(
        output_dir=str(training_folder(out)),
        max_steps=stopped_at or schedule.steps,
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


def check_reports(names: Sequence[str]) -> None:
    """Refuses places to report to that `transformers` does not know or that are not installed.

    Raises:
        ConfigError: names those there are, or what to install.
    """
    for name in names:
        if name in ("all", "none"):  # places without a name of their own
            continue
        try:
            get_reporting_integration_callbacks([name])  # type: ignore[no-untyped-call]
        except ValueError as error:
            raise ConfigError(f"--report-to {name!r}: {error}") from None
        if name not in get_available_reporting_integrations():  # type: ignore[no-untyped-call]
            raise ConfigError(
                f"--report-to {name} needs {name}, which is not installed: pip install {name}."
            )
