"""Everything one training follows from, settled: rows, their order, and every number left open."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from transformers import PreTrainedModel

from toolformer.errors import ConfigError, ModelError
from toolformer.finetune.config import (
    SHORTEST_ROW,
    FinetuneConfig,
    batch_size_for,
    evaluate_every_for,
    learning_rate_for,
    steps_for,
)
from toolformer.finetune.data.batches import device_rows_for, draw_order
from toolformer.finetune.data.rows import TrainingRows, make_rows
from toolformer.finetune.data.sharing import share
from toolformer.finetune.data.texts import Origin, Texts
from toolformer.finetune.model.starting import StartingModel
from toolformer.finetune.processes import process_count
from toolformer.finetune.training.dev import DevRows, plain_rows
from toolformer.lm.hf.branching.ways import can_fork
from toolformer.sidecar import PromptStyle, Sidecar


@dataclass(frozen=True, slots=True)
class Schedule:
    """The numbers of a training, none of them left open."""

    steps: int
    batch_size: int
    device_rows: int
    devices: int
    learning_rate: float
    evaluate_every: int

    @property
    def accumulated(self) -> int:
        """How many times a device takes rows for one step."""
        return self.batch_size // (self.device_rows * self.devices)


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Everything that a training is made from."""

    config: FinetuneConfig  # with no setting left open
    schedule: Schedule
    base: StartingModel
    texts: Texts
    origin: Origin  # of the texts
    rows: TrainingRows
    order: Sequence[int]  # the rows of all steps
    dev: DevRows

    @property
    def step_tokens(self) -> list[int]:
        """How many tokens each step sees, padding left out."""
        size = self.schedule.batch_size
        lengths = [len(self.rows.rows[row].ids) for row in self.order]
        return [sum(lengths[start : start + size]) for start in range(0, len(lengths), size)]

    def settings(self) -> dict[str, Any]:
        """Returns the JSON values that tell this training from another."""
        return {
            "config": self.config.to_dict(),
            "devices": self.schedule.devices,
            "base": {"name": self.base.name, "fingerprint": self.base.fingerprint},
            "grammar": self.base.encoding.grammar.to_dict(),
            **self.origin.settings,
            "rows": {"count": len(self.rows.rows), "fingerprint": self.rows.fingerprint},
        }

    @property
    def sidecar(self) -> Sidecar:
        """How the tuned model writes calls, and what it was made from."""
        settings = self.settings()
        return replace(
            self.base.sidecar,
            grammar=self.base.encoding.grammar,
            prompt_style=PromptStyle.NONE,
            tools=self.origin.tools,
            lineage={
                "made_by": "toolformer finetune",
                "base": settings["base"] | {"lineage": dict(self.base.sidecar.lineage)},
                **self.origin.lineage,
                "config": settings["config"],
                "config_fingerprint": self.config.fingerprint(),
                "mixed_texts": self.texts.mixed,
                "rows_fingerprint": settings["rows"]["fingerprint"],
            },
        )


def make_plan(
    config: FinetuneConfig, *, base: StartingModel, texts: Texts, origin: Origin
) -> TrainingPlan:
    """Encodes the texts and settles what the configuration leaves open.

    Raises:
        ConfigError: the texts are empty, or a batch cannot be shared out among the devices.
        ModelError: the model reads hardly a token at a time.
    """
    max_length = min(config.max_length, base.context)
    if max_length < SHORTEST_ROW:
        raise ModelError(
            f"{base.name!r} reads {base.context} tokens at a time by its config, too few to learn "
            "from: correct its max_position_embeddings, or name another model."
        )
    encode = partial(
        make_rows,
        encoding=base.encoding,
        end=base.end,
        max_length=max_length,
        loss_on_output=config.loss_on_output,
        plain=config.plain,
    )
    rows = encode(texts.training)
    if not rows.rows and rows.prompts_left_out:
        raise ConfigError(
            f"Every text is longer with its prompt than a row of {max_length} tokens: choose a "
            f"longer --max-length; {base.name!r} reads {base.context} at a time."
        )
    if not rows.rows:
        raise ConfigError(
            "There is nothing to learn: every text is empty, or a single token that the model has "
            "nothing to predict from. Name longer texts."
        )
    shared = config.share
    if shared != "nothing" and can_fork(base.model):
        rows = replace(rows, rows=share(rows.rows, shared, max_length=max_length))
    else:
        shared = "nothing"
    held_out = encode(texts.dev_as_trained)
    dev = DevRows(
        plain=plain_rows(
            # A prompt is read, not predicted: how likely it is says nothing of what is learned.
            [text.text for text in texts.dev if not text.prompt],
            encoding=base.encoding,
            context=base.context,
        ),
        trained=held_out.rows,
        barred=base.encoding.marker_ids,
    )
    lengths = [len(row.ids) for row in rows.rows]
    schedule = _schedule(config, lengths=lengths, model=base.model)
    order = draw_order(
        lengths,
        batch_size=schedule.batch_size,
        steps=schedule.steps,
        seed=config.seed,
        by_length=config.by_length,
    )
    settled = config.override(
        max_length=max_length,
        steps=schedule.steps,
        batch_size=schedule.batch_size,
        device_rows=schedule.device_rows,
        learning_rate=schedule.learning_rate,
        evaluate_every=schedule.evaluate_every,
        share=shared,
        dtype=_fast_dtype(base.model.device) if config.dtype == "auto" else config.dtype,
        keep=_keep(config, dev),
    )
    if settled.patience is not None and settled.keep == "last":
        raise ConfigError(
            "Nothing says when a training gets no better: hold out texts (there is none, or none "
            f"fits a row of {max_length} tokens) and keep the best weights, or leave --patience "
            "out."
        )
    texts = replace(texts, left_out=_left_out(texts, rows, held_out))
    return TrainingPlan(settled, schedule, base, texts, origin, rows, order, dev)


def _left_out(texts: Texts, rows: TrainingRows, held_out: TrainingRows) -> dict[str, int]:
    """Returns what is not learned or not judged by, and why."""
    counts = {
        "calls longer than a row": rows.calls_left_out,
        "with its prompt longer than a row": rows.prompts_left_out,
        "held out, with its prompt longer than a row": held_out.prompts_left_out,
        "too short to learn": rows.texts_left_out,
    }
    return {**texts.left_out, **{reason: count for reason, count in counts.items() if count}}


def _schedule(
    config: FinetuneConfig, *, lengths: Sequence[int], model: PreTrainedModel
) -> Schedule:
    devices = process_count()
    batch_size = config.batch_size or max(batch_size_for(len(lengths)), devices)
    device_rows = config.device_rows or device_rows_for(
        batch_size=batch_size,
        longest=max(lengths),
        vocabulary=model.config.get_text_config().vocab_size,
        devices=devices,
    )
    if batch_size % (device_rows * devices):
        raise ConfigError(
            f"A batch of {batch_size} rows cannot be shared out among {devices} devices that take "
            f"{device_rows} at a time. Choose a --batch-size that is a multiple of "
            f"{device_rows * devices}."
        )
    steps = steps_for(config, rows=len(lengths), batch_size=batch_size)
    is_adapted = config.adapter != "none"
    return Schedule(
        steps=steps,
        batch_size=batch_size,
        device_rows=device_rows,
        devices=devices,
        learning_rate=config.learning_rate
        or learning_rate_for(int(model.num_parameters()), adapter=is_adapted),
        evaluate_every=evaluate_every_for(config, steps=steps),
    )


def _keep(config: FinetuneConfig, dev: DevRows) -> str:
    """Returns by what the kept weights are chosen; the last where there is nothing to choose by."""
    if config.keep == "loss" and not dev.trained:
        return "perplexity" if dev.plain else "last"
    return "last" if config.keep == "perplexity" and not dev.plain else config.keep


def _fast_dtype(device: torch.device) -> str:
    """Returns the fastest dtype that is safe to train in on a device.

    A CPU with instructions for bfloat16 trains a small model about twice as fast in it.
    """
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    has_instructions = getattr(torch.cpu, "_is_avx512_bf16_supported", bool)  # no public question
    return "bfloat16" if device.type == "cpu" and has_instructions() else "float32"
