"""Runs in, a model that calls tools out: the training from its first check to the finished model.

Killed at any moment, it goes on from its last whole checkpoint, over the same batches.
"""

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, TrainingArguments

from toolformer.calls import CallGrammar
from toolformer.checkpoint import Sidecar, SidecarTool, write_sidecar
from toolformer.errors import ConfigError
from toolformer.finetune import checkpoints
from toolformer.finetune.adapters import add_adapter, check_installed, merge_adapter
from toolformer.finetune.base_model import (
    BaseModel,
    check_base,
    check_places,
    check_runs_agree,
    load_base,
)
from toolformer.finetune.batches import OrderedRows, collate, device_rows_for, draw_order
from toolformer.finetune.config import (
    FinetuneConfig,
    batch_size_for,
    evaluate_every_for,
    learning_rate_for,
    steps_for,
)
from toolformer.finetune.dataset import SelectedRun, Texts, check_kept, choose, merge
from toolformer.finetune.perplexity import make_windows
from toolformer.finetune.progress import TrainingStep
from toolformer.finetune.report import FinetuneReport, MachineFacts
from toolformer.finetune.rows import Rows, make_rows
from toolformer.finetune.trainer import FinetuneTrainer, Watch, losses_of, perplexities_of
from toolformer.prompt import PromptStyle


@dataclass(frozen=True, slots=True)
class _Plan:
    """Everything a training follows from, settled."""

    config: FinetuneConfig  # nothing left open
    base: BaseModel
    runs: Sequence[SelectedRun]
    texts: Texts
    rows: Rows
    order: Sequence[int]  # rows of all steps
    sidecar: Sidecar

    @property
    def step_tokens(self) -> list[int]:
        """How many tokens each step sees, padding left out."""
        size = self.config.batch_size or 1
        lengths = [len(self.rows.rows[row].ids) for row in self.order]
        return [sum(lengths[start : start + size]) for start in range(0, len(lengths), size)]

    def settings(self) -> dict[str, Any]:
        """Returns what tells this training from another."""
        return {
            "config": self.config.to_dict(),
            "base": {"name": self.base.name, "fingerprint": self.base.fingerprint},
            "runs": [_lineage(run) for run in self.runs],
            "grammar": {
                name: getattr(self.sidecar.grammar, name) for name in ("open", "arrow", "close")
            },
            "rows": {"count": len(self.rows.rows), "fingerprint": self.rows.fingerprint},
        }


def finetune(
    runs: Sequence[SelectedRun],
    *,
    out: Path,
    model: str | None = None,
    config: FinetuneConfig | None = None,
    device: str = "auto",
    report_to: Sequence[str] = (),
    resume: bool = False,
    on_progress: Callable[[TrainingStep], None] | None = None,
) -> FinetuneReport:
    """Tunes a model on the kept calls of runs and writes it to `out`.

    A training that was interrupted goes on: what `out` has already is not done again.

    Args:
        runs: with the verdicts that count; `dataset.read_run` opens one as it was written.
        out: the model's directory.
        model: a directory, a Hub id or "nano"; the runs' own model when None.
        config: the defaults when None.
        device: cpu, cuda, or auto for what is there.
        report_to: what `transformers` should report to: tensorboard, wandb, trackio.
        resume: whether there must be something to go on with.
        on_progress: is told after every step and evaluation.

    Raises:
        ConfigError: the runs do not go together, or keep nothing.
        ModelError: the model does not fit the runs.
        RunError: `out` holds something else, or a training with other settings.
        TrainingError: the training diverges.
    """
    settled = config or FinetuneConfig()
    if not runs:
        raise ConfigError("There is no run to learn from: name at least one.")
    checkpoints.check_out(out, resume=resume)
    check_installed(settled.adapter)
    check_runs_agree(runs)
    tools = list(dict.fromkeys(name for run in runs for name in run.thresholds))
    texts = choose(merge([run.documents for run in runs], tools=tools), config=settled)
    check_kept(texts, runs=runs)
    base = load_base(
        model or runs[0].manifest.model["name"],
        grammar=CallGrammar(**runs[0].manifest.grammar),
        device=device,
        in_four_bits=settled.adapter == "qlora",
    )
    check_base(base, run=runs[0], is_named=model is not None)
    check_places(base, texts.training, run=runs[0])
    plan = _settle(settled, base=base, runs=runs, texts=texts)
    if _is_main():
        checkpoints.claim(out, plan.settings())
    if checkpoints.is_finished(out):
        metrics = json.loads((out / checkpoints.METRICS).read_text(encoding="utf-8"))
        return FinetuneReport.from_dict(metrics)
    return _train(plan, out=out, report_to=report_to, on_progress=on_progress or _ignore)


def _settle(
    config: FinetuneConfig, *, base: BaseModel, runs: Sequence[SelectedRun], texts: Texts
) -> _Plan:
    """Settles what the configuration leaves open, and encodes the texts."""
    config = config.override(max_length=min(config.max_length, base.context))
    rows = make_rows(
        texts.training,
        encoding=base.encoding,
        end=base.end,
        max_length=config.max_length,
        loss_on_output=config.loss_on_output,
        plain=config.plain,
    )
    lengths = [len(row.ids) for row in rows.rows]
    devices = int(os.environ.get("WORLD_SIZE", "1"))
    batch_size = config.batch_size or max(batch_size_for(len(lengths)), devices)
    steps = steps_for(config, rows=len(lengths), batch_size=batch_size)
    vocabulary = base.model.get_output_embeddings().weight.shape[0]
    device_rows = config.device_rows or device_rows_for(
        batch_size=batch_size, longest=max(lengths), vocabulary=vocabulary, devices=devices
    )
    if batch_size % (device_rows * devices):
        raise ConfigError(
            f"A batch of {batch_size} rows cannot be shared by {devices} devices that take "
            f"{device_rows} at a time. Choose a --batch-size that is a multiple of "
            f"{device_rows * devices}."
        )
    config = config.override(
        steps=steps,
        batch_size=batch_size,
        device_rows=device_rows,
        learning_rate=config.learning_rate
        or learning_rate_for(_parameters(base.model), adapter=config.adapter != "none"),
        dtype=_dtype(base.model.device) if config.dtype == "auto" else config.dtype,
        evaluate_every=evaluate_every_for(config, steps=steps),
    )
    order = draw_order(lengths, batch_size=batch_size, steps=steps, seed=config.seed)
    sidecar = replace(
        base.sidecar,
        grammar=base.encoding.grammar,
        prompt_style=PromptStyle.NONE,
        tools=_tools(runs),
        lineage={
            "made_by": "toolformer finetune",
            "base": {"name": base.name, "fingerprint": base.fingerprint},
            "runs": [_lineage(run) for run in runs],
            "config": config.to_dict(),
            "config_fingerprint": config.fingerprint(),
            "base_lineage": dict(base.sidecar.lineage),
        },
    )
    return _Plan(config, base, runs, texts, rows, order, sidecar)


def _train(
    plan: _Plan,
    *,
    out: Path,
    report_to: Sequence[str],
    on_progress: Callable[[TrainingStep], None],
) -> FinetuneReport:
    config = plan.config
    if _is_main():
        checkpoints.drop_torn(out)
    parameters = _parameters(plan.base.model)
    torch.manual_seed(config.seed)  # an adapter's weights are drawn
    model: Any = plan.base.model
    if config.adapter != "none":
        model = add_adapter(model, config)
    encoding = plan.base.encoding
    windows = make_windows(plan.texts.dev, encoding=encoding, context=plan.base.context)
    watch = Watch(
        step_tokens=plan.step_tokens,
        save_extras=lambda folder: _save_extras(plan, folder),
        on_progress=on_progress,
    )
    checkpoint = checkpoints.whole_checkpoint(out)
    trainer = FinetuneTrainer(
        model=model,
        args=_arguments(
            plan,
            out=out,
            report_to=report_to,
            evaluates=bool(windows),
            is_fresh=checkpoint is None,
        ),
        train_dataset=OrderedRows(plan.rows.rows, plan.order),
        data_collator=collate,
        callbacks=[watch],
        windows=windows,
        markers=encoding.marker_ids,
    )
    watch.trainer = trainer
    first = 0 if checkpoint is None else int(checkpoint.name.rpartition("-")[2])
    began = time.monotonic()
    trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    seconds = time.monotonic() - began
    best = trainer.state.best_global_step if config.keep == "best" else None
    report = FinetuneReport(
        base=plan.base.name,
        parameters=parameters,
        trained_parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        texts=len(plan.texts.training),
        texts_per_tool=plan.texts.per_tool,
        left_out=dict(plan.texts.left_out)
        | (
            {"calls longer than a row": plan.rows.calls_left_out}
            if plan.rows.calls_left_out
            else {}
        ),
        rows=len(plan.rows.rows),
        steps=len(plan.step_tokens),
        tokens=sum(plan.step_tokens),
        learning_rate=config.learning_rate or 0.0,
        losses=tuple(losses_of(trainer.state)),
        dev_texts=len(plan.texts.dev),
        dev_perplexities=perplexities_of(trainer.state),
        calls_disabled=bool(encoding.marker_ids),
        kept_step=best or len(plan.step_tokens),
        machine=MachineFacts(
            seconds=round(seconds, 3),
            tokens_per_second=round(sum(plan.step_tokens[first:]) / max(seconds, 1e-9), 1),
            steps=len(plan.step_tokens) - first,
            device=str(trainer.args.device),
            threads=torch.get_num_threads(),
            processes=trainer.args.world_size,
        ),
    )
    if trainer.is_world_process_zero():
        _finish(plan, model, out=out, report=report)
    trainer.accelerator.wait_for_everyone()
    return report


def _finish(plan: _Plan, model: Any, *, out: Path, report: FinetuneReport) -> None:
    """Writes the finished model aside and moves it to its place."""
    plain: PreTrainedModel = model
    if plan.config.adapter != "none":
        plain = merge_adapter(model, adapter=plan.config.adapter)
    plain.config.use_cache = True  # training turns it off
    folder = checkpoints.new_model_folder(out)
    plain.save_pretrained(folder)
    _save_extras(plan, folder)
    checkpoints.write_json(folder / checkpoints.METRICS, report.to_dict())
    checkpoints.publish(out)


def _save_extras(plan: _Plan, folder: Path) -> None:
    """Writes tokenizer and sidecar beside weights."""
    plan.base.tokenizer.save_pretrained(folder)
    write_sidecar(folder, plan.sidecar)


def _arguments(
    plan: _Plan, *, out: Path, report_to: Sequence[str], evaluates: bool, is_fresh: bool
) -> TrainingArguments:
    config = plan.config
    assert config.batch_size is not None  # noqa: S101  # settled
    assert config.device_rows is not None  # noqa: S101
    steps = len(plan.step_tokens)
    devices = int(os.environ.get("WORLD_SIZE", "1"))
    on_cpu = plan.base.model.device.type == "cpu"
    return TrainingArguments(
        output_dir=str(checkpoints.training_folder(out)),
        max_steps=steps,
        per_device_train_batch_size=config.device_rows,
        gradient_accumulation_steps=config.batch_size // (config.device_rows * devices),
        learning_rate=config.learning_rate or 0.0,
        warmup_steps=round(config.warmup * steps),
        lr_scheduler_type={"constant": "constant_with_warmup"}.get(
            config.schedule, config.schedule
        ),
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        seed=config.seed,
        bf16=config.dtype == "bfloat16",
        use_cpu=on_cpu,
        dataloader_pin_memory=not on_cpu,
        train_sampling_strategy="sequential",
        remove_unused_columns=False,
        eval_strategy="steps" if evaluates else "no",
        eval_steps=config.evaluate_every,
        eval_on_start=evaluates and is_fresh,
        save_strategy="steps",
        save_steps=config.evaluate_every or steps,
        save_total_limit=2,
        load_best_model_at_end=evaluates and config.keep == "best",
        metric_for_best_model="perplexity" if evaluates else None,
        greater_is_better=False if evaluates else None,
        logging_steps=1,
        logging_nan_inf_filter=False,
        disable_tqdm=True,
        report_to=list(report_to) or "none",
        ddp_find_unused_parameters=False,
    )


def _lineage(run: SelectedRun) -> dict[str, Any]:
    return {
        "name": run.name,
        "fingerprint": run.manifest.fingerprint,
        "thresholds": dict(run.thresholds),
    }


def _tools(runs: Sequence[SelectedRun]) -> tuple[SidecarTool, ...]:
    rows: dict[str, Mapping[str, Any]] = {}
    for run in runs:
        for tool in run.manifest.tools:
            rows.setdefault(tool["name"], tool)
    return tuple(
        SidecarTool(name=row["name"], spec=row["spec"], options=dict(row["options"]))
        for row in rows.values()
    )


def _parameters(model: PreTrainedModel) -> int:
    """Counts parameters; weights in 4 bits lie two in a byte."""
    return int(model.num_parameters())


def _dtype(device: torch.device) -> str:
    """Returns the fastest dtype that is safe to train in on a device."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return "bfloat16"
    return "float32"


def _is_main() -> bool:
    return os.environ.get("RANK", "0") == "0"


def _ignore(step: TrainingStep) -> None:
    """Tells nobody."""
