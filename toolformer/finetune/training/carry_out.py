"""A plan carried out, to the finished model.

Killed at any moment, a training continues from its last whole checkpoint, over the same batches.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, TrainerState
from transformers.trainer import TRAINER_STATE_NAME

from toolformer.errors import ToolformerError
from toolformer.files import locked
from toolformer.finetune.data.batches import OrderedRows, can_narrow, collate
from toolformer.finetune.model.adapters import add_adapter
from toolformer.finetune.processes import is_main
from toolformer.finetune.report import FinetuneReport, MachineFacts, read_report
from toolformer.finetune.training import checkpoints
from toolformer.finetune.training.arguments import training_arguments
from toolformer.finetune.training.finish import finish, save_extras
from toolformer.finetune.training.logged import dev_scores_of, losses_of, values_of
from toolformer.finetune.training.plan import TrainingPlan
from toolformer.finetune.training.steps import TrainingStep, is_stale
from toolformer.finetune.training.trainer import FinetuneTrainer
from toolformer.finetune.training.watch import Watch


def carry_out(
    plan: TrainingPlan,
    *,
    out: Path,
    report_to: Sequence[str],
    on_progress: Callable[[TrainingStep], None] | None,
) -> FinetuneReport:
    """Claims the directory and trains, or reads what came of the training that is done."""
    # Of the processes of one training, the main one writes.
    with locked(out) if is_main() else nullcontext():
        return _carry_out(plan, out=out, report_to=report_to, on_progress=on_progress)


def _carry_out(
    plan: TrainingPlan,
    *,
    out: Path,
    report_to: Sequence[str],
    on_progress: Callable[[TrainingStep], None] | None,
) -> FinetuneReport:
    if is_main():
        checkpoints.claim(out, plan.settings())
    if checkpoints.is_finished(out):
        return read_report(out)
    checkpoint = checkpoints.whole_checkpoint(out)
    if checkpoint is not None:
        checkpoints.check_as_written(checkpoint)
    if is_main():
        checkpoints.drop_incomplete(out)
    torch.manual_seed(plan.config.seed)  # an adapter's weights are drawn
    stopped_at = None if checkpoint is None else _stopped_at(plan, checkpoint)
    args = training_arguments(
        plan,
        out=out,
        report_to=report_to,
        is_fresh=checkpoint is None,
        stopped_at=stopped_at,
    )
    order = plan.order
    if stopped_at is not None:
        order = order[: stopped_at * plan.schedule.batch_size]
    watch = Watch(
        step_tokens=plan.step_tokens,
        save_extras=lambda folder: save_extras(plan, folder),
        on_progress=on_progress,
        judge=args.metric_for_best_model,
        patience=plan.config.patience,
    )
    trainer = FinetuneTrainer(
        model=_with_adapter(plan.base.model, plan),
        args=args,
        train_dataset=OrderedRows(plan.rows.rows, order),
        data_collator=partial(collate, can_narrow=can_narrow(plan.base.model)),
        callbacks=[watch],
        dev=plan.dev,
        base=plan.base.model,
    )
    watch.trainer = trainer
    began = time.monotonic()
    try:
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    except ToolformerError:
        raise
    except Exception as error:
        if checkpoint is None or watch.has_begun:
            raise
        raise checkpoints.unreadable(checkpoint, error) from error
    report = _report(
        plan,
        trainer=trainer,
        first=0 if checkpoint is None else checkpoints.step_of(checkpoint),
        seconds=time.monotonic() - began,
    )
    model = trainer.whole_model(lambda: _with_adapter(_empty(plan.base.model), plan))
    if trainer.is_world_process_zero():
        finish(plan, model, out=out, report=report)
    trainer.accelerator.wait_for_everyone()
    return report


def _with_adapter(model: PreTrainedModel, plan: TrainingPlan) -> Any:
    return model if plan.config.adapter == "none" else add_adapter(model, plan.config)


def _empty(model: PreTrainedModel) -> PreTrainedModel:
    """Returns a model of the same class and shape with weights that nothing is known of."""
    fresh: PreTrainedModel = type(model)(model.config)
    fresh.generation_config = model.generation_config
    return fresh


def _stopped_at(plan: TrainingPlan, checkpoint: Path) -> int | None:
    """Returns a checkpoint's step where its training had run out of patience, and then ended."""
    state = TrainerState.load_from_json(str(checkpoint / TRAINER_STATE_NAME))
    judged = values_of(state, f"eval_{plan.config.keep}")
    return state.global_step if is_stale(judged, plan.config.patience) else None


def _report(
    plan: TrainingPlan, *, trainer: FinetuneTrainer, first: int, seconds: float
) -> FinetuneReport:
    """Sums up a training of which this try made the steps from `first` on."""
    tokens = plan.step_tokens[: trainer.state.global_step]
    model: Any = trainer.model
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    best = trainer.state.best_global_step if plan.config.keep != "last" else None
    return FinetuneReport(
        base=plan.base.name,
        parameters=plan.base.model.num_parameters(),
        trained_parameters=sum(parameter.numel() for parameter in trained),
        texts=len(plan.texts.training),
        texts_per_tool=plan.texts.per_tool,
        left_out=plan.texts.left_out,
        rows=len(plan.rows.rows),
        steps=len(tokens),
        tokens=sum(tokens),
        learning_rate=plan.schedule.learning_rate,
        losses=tuple(losses_of(trainer.state)),
        dev_texts=len(plan.texts.dev),
        dev=dev_scores_of(trainer.state),
        calls_disabled=bool(plan.dev.barred),
        kept_step=best or len(tokens),
        machine=MachineFacts(
            seconds=round(seconds, 3),
            tokens_per_second=round(sum(tokens[first:]) / max(seconds, 1e-9), 1),
            steps=len(tokens) - first,
            device=str(trainer.args.device),
            threads=torch.get_num_threads(),
            processes=trainer.args.world_size,
        ),
    )
