"""Texts in, a model that calls tools out: the training from its first check to the finished model.

`finetune` takes the texts of runs, `finetune_texts` any others; below them nothing knows a run.
Killed at any moment, a training continues from its last whole checkpoint, over the same batches.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, TrainerState
from transformers.trainer import TRAINER_STATE_NAME

from toolformer.calls import CallGrammar, grammar_from_dict
from toolformer.errors import ConfigError, ToolformerError
from toolformer.files import locked
from toolformer.finetune import checkpoints
from toolformer.finetune.adapters import (
    add_adapter,
    check_adapter,
    check_base_of_adapter,
    merge_adapter,
    save_adapter,
)
from toolformer.finetune.arguments import check_launch, check_reports, training_arguments
from toolformer.finetune.batches import OrderedRows, can_narrow, collate
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.plan import TrainingPlan, make_plan
from toolformer.finetune.report import FinetuneReport, MachineFacts, read_report, write_report
from toolformer.finetune.runs import SelectedRun, origin_of_runs, texts_of_runs
from toolformer.finetune.starting_model import check_base, check_places, load_base
from toolformer.finetune.steps import TrainingStep, is_stale
from toolformer.finetune.texts import TrainingText, given_texts
from toolformer.finetune.trainer import (
    FinetuneTrainer,
    Watch,
    dev_scores_of,
    losses_of,
    values_of,
)
from toolformer.lm.hf.custom_generate import write_custom_generate
from toolformer.lm.hf.load import quiet
from toolformer.records import Document
from toolformer.sidecar import SidecarTool, write_sidecar


def finetune(
    runs: Sequence[SelectedRun],
    *,
    out: Path,
    model: str | tuple[PreTrainedModel, Any] | None = None,
    mixed: Iterable[Document] = (),
    config: FinetuneConfig | None = None,
    device: str = "auto",
    trust_remote_code: bool = False,
    report_to: Sequence[str] = (),
    resume: bool = False,
    on_progress: Callable[[TrainingStep], None] | None = None,
) -> FinetuneReport:
    """Tunes a model on the kept calls of runs and writes it to `out`.

    A training that was interrupted is continued: what `out` has already is not done again.

    Args:
        runs: with the verdicts that count; `read_run` opens one as it was written.
        out: the model's directory.
        model: a directory, a Hub id or "nano"; a `PreTrainedModel` and its tokenizer, which are
            trained themselves; the runs' own model when None.
        mixed: plain texts to train on as well, as they are.
        config: the defaults when None.
        device: cpu, cuda, or auto for what is there.
        trust_remote_code: whether Python files that come with the model may run.
        report_to: what `transformers` should report to: tensorboard, wandb, trackio.
        resume: whether there must be a training to continue.
        on_progress: called after every step and look at the held-out texts.

    Raises:
        ConfigError: the runs do not go together or keep nothing, or a library is missing.
        ModelError: the model does not fit the runs.
        RunError: `out` holds something else, or a training with other settings.
        TrainingError: the training diverges.
    """
    config = config or FinetuneConfig()
    if not runs:
        raise ConfigError("There is no run to learn from: name at least one.")
    _check_start(config, out=out, report_to=report_to, resume=resume)
    check_base_of_adapter(config, model or runs[0].manifest.model.name)
    texts = texts_of_runs(runs, config=config, mixed=mixed)
    with quiet():
        base = load_base(
            model or runs[0].manifest.model.name,
            grammar=grammar_from_dict(runs[0].manifest.grammar),
            device=device,
            in_four_bits=config.adapter == "qlora",
            trust_remote_code=trust_remote_code,
        )
        check_base(base, run=runs[0], is_named=model is not None)
        check_places(base, texts.training, runs=runs)
        plan = make_plan(config, base=base, texts=texts, origin=origin_of_runs(runs))
        return _train(plan, out=out, report_to=report_to, on_progress=on_progress)


def finetune_texts(
    texts: Iterable[TrainingText],
    *,
    model: str | tuple[PreTrainedModel, Any],
    out: Path,
    held_out: Iterable[TrainingText] = (),
    grammar: CallGrammar | None = None,
    tools: Sequence[SidecarTool] = (),
    config: FinetuneConfig | None = None,
    device: str = "auto",
    trust_remote_code: bool = False,
    report_to: Sequence[str] = (),
    resume: bool = False,
    on_progress: Callable[[TrainingStep], None] | None = None,
) -> FinetuneReport:
    """Tunes a model on texts with or without calls, and writes it to `out`.

    All texts are trained on: what the settings say of drawing them from runs (`max_per_tool`,
    `plain_texts`, `dev_texts`) is not asked. A training that was interrupted is continued with the
    same texts in the same order; with others it is refused.

    Args:
        texts: to learn; their calls are written where they stand.
        model: a directory, a Hub id or "nano", or a `PreTrainedModel` and its tokenizer.
        out: the tuned model's directory.
        held_out: by which the training is judged. Without them the last weights are kept.
        grammar: how calls are written; as the model was taught before when None.
        tools: that the tuned model's sidecar names.
        config: as for `finetune`, like everything that follows.
        device: cpu, cuda, or auto for what is there.
        trust_remote_code: whether Python files that come with the model may run.
        report_to: what `transformers` should report to.
        resume: whether there must be a training to continue.
        on_progress: called after every step and look at the held-out texts.

    Raises:
        ConfigError: there is no text, or a library is missing.
        ModelError: there is no such model, or its tokenizer cannot spell the markers.
        RunError: `out` holds something else, or a training with other settings or texts.
        TrainingError: the training diverges.

    >>> from tempfile import TemporaryDirectory
    >>> from toolformer import PlacedCall, ToolCall
    >>> placed = PlacedCall(21, ToolCall("Calculator", "2 + 3"), "5")
    >>> texts = [TrainingText("a", "The sum of 2 and 3 is 5.", (placed,))]
    >>> config = FinetuneConfig(steps=1, batch_size=1)
    >>> with TemporaryDirectory() as folder:
    ...     report = finetune_texts(texts, model="nano", out=Path(folder), config=config)
    >>> report.texts_per_tool, len(report.losses)
    ({'Calculator': 1}, 1)
    """
    config = config or FinetuneConfig()
    _check_start(config, out=out, report_to=report_to, resume=resume)
    check_base_of_adapter(config, model)
    given, origin = given_texts(texts, held_out, tools)
    with quiet():
        base = load_base(
            model,
            grammar=grammar,
            device=device,
            in_four_bits=config.adapter == "qlora",
            trust_remote_code=trust_remote_code,
        )
        plan = make_plan(config, base=base, texts=given, origin=origin)
        return _train(plan, out=out, report_to=report_to, on_progress=on_progress)


def _check_start(
    config: FinetuneConfig, *, out: Path, report_to: Sequence[str], resume: bool
) -> None:
    """Refuses what can be refused before a text is read or a model is loaded."""
    checkpoints.check_out(out, resume=resume)
    check_adapter(config.adapter)
    check_launch(config)
    check_reports(report_to)


def _train(
    plan: TrainingPlan,
    *,
    out: Path,
    report_to: Sequence[str],
    on_progress: Callable[[TrainingStep], None] | None,
) -> FinetuneReport:
    """Claims the directory and trains, or reads what came of the training that is done."""
    # Of the processes of one training, the main one writes.
    with locked(out) if _is_main() else nullcontext():
        return _train_locked(plan, out=out, report_to=report_to, on_progress=on_progress)


def _train_locked(
    plan: TrainingPlan,
    *,
    out: Path,
    report_to: Sequence[str],
    on_progress: Callable[[TrainingStep], None] | None,
) -> FinetuneReport:
    if _is_main():
        checkpoints.claim(out, plan.settings())
    if checkpoints.is_finished(out):
        return read_report(out)
    checkpoint = checkpoints.whole_checkpoint(out)
    if checkpoint is not None:
        checkpoints.check_as_written(checkpoint)
    if _is_main():
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
        save_extras=lambda folder: _save_extras(plan, folder),
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
        _finish(plan, model, out=out, report=report)
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


def _finish(plan: TrainingPlan, model: Any, *, out: Path, report: FinetuneReport) -> None:
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
        _save_extras(plan, folder)
        write_custom_generate(folder, plan.sidecar)
        write_report(folder, report)
        checkpoints.publish(out)


def _save_extras(plan: TrainingPlan, folder: Path) -> None:
    """Writes tokenizer and sidecar beside weights, which makes them a model to be used."""
    plan.base.tokenizer.save_pretrained(folder)
    write_sidecar(folder, plan.sidecar)


def _is_main() -> bool:
    return os.environ.get("RANK", "0") == "0"  # as `accelerate launch` says
