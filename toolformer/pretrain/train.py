"""The pretraining loop: batches in, a directory that `from_pretrained` loads out; resumes after a kill."""

import json
import math
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from toolformer.config import differences
from toolformer.errors import RunError
from toolformer.pretrain.config import PretrainConfig
from toolformer.pretrain.mixture import IGNORED, Batch, Source, draw_batch, load_source, sample_texts
from toolformer.pretrain.tokenizer import train_tokenizer

_STATE = "state.pt"  # weights, optimizers and the number of the next step, replaced as one


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands after a step."""

    step: int
    steps: int
    loss: float  # nats a token, smoothed over about fifty steps
    tokens_per_second: float
    seconds_left: float


def pretrain(
    config: PretrainConfig,
    *,
    folder: Path,
    out: Path,
    device: str = "cpu",
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> dict[str, float]:
    """Trains a model and writes it, its tokenizer and its sidecar to `out`.

    Args:
        config: The run's settings.
        folder: What the paths in the configuration are relative to.
        out: Where the finished model goes; `out/checkpoint` holds the state of an unfinished one.
        device: A torch device.
        on_progress: Called after every step.

    Returns:
        The held-out perplexity of each source, by its name.

    Raises:
        RunError: If `out` holds an unfinished run with other settings.
    """
    checkpoint = out / "checkpoint"
    checkpoint.mkdir(parents=True, exist_ok=True)
    _claim(checkpoint, config)
    weights = {source.name: source.weight for source in config.mixture}
    sources = {source.name: load_source(source, folder=folder) for source in config.mixture}
    tokenizer = _tokenizer(config, sources, weights, checkpoint=checkpoint)
    torch.manual_seed(config.seed)
    model = _new_model(config, tokenizer).to(device)
    optimizers = _optimizers(model, config)
    first = _restore(checkpoint, model, optimizers)

    step_loss = _loss_function(model, config, device=device)

    def batch_at(step: int) -> Batch:
        stage = config.stage_at(step)
        return draw_batch(
            sources, weights, tokenizer=tokenizer, rows=stage.rows, length=stage.length, key=f"{config.seed}/{step}"
        )

    smoothed = _Smoothed()
    model.train()
    # One batch is drawn ahead in a thread, while the model works on the one before.
    with ThreadPoolExecutor(1) as ahead:
        pending = ahead.submit(batch_at, first)
        for step in range(first, config.steps):
            started = time.monotonic()
            batch = pending.result()
            pending = ahead.submit(batch_at, min(step + 1, config.steps - 1))
            loss = step_loss(batch)
            loss.backward()
            for optimizer in optimizers:
                for group in optimizer.param_groups:
                    group["lr"] = group["initial_lr"] * config.rate_at(step)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            smoothed.add(loss.item(), tokens=batch.inputs.size, seconds=time.monotonic() - started)
            on_progress(smoothed.progress(step + 1, config))
            if (step + 1) % config.checkpoint_every == 0:
                _save_state(checkpoint, model, optimizers, step + 1)
    _save_state(checkpoint, model, optimizers, config.steps)

    model.eval()
    perplexities = _held_out(config, folder=folder, tokenizer=tokenizer, loss=step_loss)
    _export(model, tokenizer, config, out=out, perplexities=perplexities)
    return perplexities


def _new_model(config: PretrainConfig, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    shape = config.model
    llama = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden_size,
        intermediate_size=shape.intermediate_size,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=shape.context,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        use_cache=False,
    )
    model = LlamaForCausalLM(llama)
    model.set_attn_implementation(config.attention)
    return model


def _optimizers(model: LlamaForCausalLM, config: PretrainConfig) -> list[torch.optim.Optimizer]:
    """Muon for the matrices between the layers, AdamW for embeddings and norms."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed_tokens" not in name]
    known = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in known]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.Muon(matrices, lr=config.matrix_learning_rate, weight_decay=config.weight_decay),
        torch.optim.AdamW(others, lr=config.learning_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    return optimizers


def _loss_function(
    model: LlamaForCausalLM, config: PretrainConfig, *, device: str
) -> Callable[[Batch], torch.Tensor]:
    """Returns the mean loss over a batch's labels; the output head sees only the rows that carry one."""
    dtype = getattr(torch, config.dtype)
    kind = torch.device(device).type

    def body(inputs: torch.Tensor) -> torch.Tensor:
        return model.model(input_ids=inputs).last_hidden_state

    def head(hidden: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(model.lm_head(hidden).float(), labels)

    if config.compile:
        # One graph for each row length; the number of rows with a label changes with every batch.
        body, head = torch.compile(body, dynamic=False), torch.compile(head, dynamic=True)

    def loss(batch: Batch) -> torch.Tensor:
        inputs = torch.from_numpy(batch.inputs).to(device)  # (rows, length)
        labels = torch.from_numpy(batch.labels).to(device).flatten()
        rows = (labels != IGNORED).nonzero().squeeze(1)
        with torch.autocast(kind, dtype=dtype, enabled=dtype != torch.float32):
            hidden = body(inputs).flatten(0, 1)[rows]  # (labels, hidden)
            return head(hidden, labels[rows])

    return loss


def _tokenizer(
    config: PretrainConfig, sources: dict[str, Source], weights: dict[str, float], *, checkpoint: Path
) -> PreTrainedTokenizerFast:
    path = checkpoint / "tokenizer"
    if not path.exists():
        settings = config.tokenizer
        texts = sample_texts(sources, weights, characters=settings.characters, seed=config.seed)
        tokenizer = train_tokenizer(
            texts,
            vocabulary_size=settings.vocabulary_size,
            single_tokens=settings.single_tokens,
            context=config.model.context,
        )
        tokenizer.save_pretrained(path.with_suffix(".new"))
        os.replace(path.with_suffix(".new"), path)
    return PreTrainedTokenizerFast.from_pretrained(path)


def _claim(checkpoint: Path, config: PretrainConfig) -> None:
    """Writes the run's settings, or checks that what is there was begun with the same."""
    path = checkpoint / "config.json"
    if path.exists():
        changed = differences(json.loads(path.read_text(encoding="utf-8")), config.to_dict())
        if changed:
            raise RunError(
                f"{checkpoint} holds a run with other settings: {', '.join(changed)}. "
                "Name another --out, or delete it to start anew."
            )
    path.write_text(json.dumps(config.to_dict(), indent=2) + "\n", encoding="utf-8")


def _save_state(
    checkpoint: Path, model: LlamaForCausalLM, optimizers: list[torch.optim.Optimizer], next_step: int
) -> None:
    state = {
        "model": model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        "next_step": next_step,
    }
    torch.save(state, checkpoint / (_STATE + ".new"))
    os.replace(checkpoint / (_STATE + ".new"), checkpoint / _STATE)


def _restore(checkpoint: Path, model: LlamaForCausalLM, optimizers: list[torch.optim.Optimizer]) -> int:
    if not (checkpoint / _STATE).exists():
        return 0
    state: dict[str, Any] = torch.load(checkpoint / _STATE, map_location=model.device, weights_only=True)
    model.load_state_dict(state["model"])
    for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(saved)
    return int(state["next_step"])


def _held_out(
    config: PretrainConfig,
    *,
    folder: Path,
    tokenizer: PreTrainedTokenizerFast,
    loss: Callable[[Batch], torch.Tensor],
) -> dict[str, float]:
    """Returns each source's perplexity on documents, or on draws of its generator, that no step saw."""
    stage = config.stages[-1]
    perplexities = {}
    for source in config.mixture:
        drawn = {source.name: load_source(source, folder=folder, held_out=True)}
        losses = []
        for number in range(max(1, config.held_out_batches // len(config.mixture))):
            batch = draw_batch(
                drawn,
                {source.name: 1.0},
                tokenizer=tokenizer,
                rows=stage.rows,
                length=stage.length,
                key=f"{config.seed}/held out/{number}",
            )
            with torch.no_grad():
                losses.append(loss(batch).item())
        perplexities[source.name] = math.exp(sum(losses) / len(losses))
    return perplexities


def _export(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    config: PretrainConfig,
    *,
    out: Path,
    perplexities: dict[str, float],
) -> None:
    """Writes the finished model; bfloat16 halves the file and is what it was trained in."""
    exported = _new_model(config, tokenizer)
    exported.load_state_dict(model.state_dict())
    exported.config.use_cache = True
    exported.to(getattr(torch, config.dtype)).save_pretrained(out)
    tokenizer.save_pretrained(out)
    metrics = {"steps": config.steps, "held_out_perplexity": perplexities}
    (out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    if config.sidecar:
        (out / "toolformer.json").write_text(json.dumps(config.sidecar, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(out / "__pycache__", ignore_errors=True)


class _Smoothed:
    """Averages of loss and speed over about fifty steps; the first step compiles and tells nothing of the speed."""

    def __init__(self) -> None:
        self._loss: float | None = None
        self._seconds: float | None = None
        self._tokens = 0
        self._steps = 0

    def add(self, loss: float, *, tokens: int, seconds: float) -> None:
        self._loss = loss if self._loss is None else 0.98 * self._loss + 0.02 * loss
        self._steps += 1
        self._tokens = tokens
        if self._steps > 1:
            self._seconds = seconds if self._seconds is None else 0.95 * self._seconds + 0.05 * seconds

    def progress(self, step: int, config: PretrainConfig) -> Progress:
        seconds = self._seconds or math.inf
        per_token = seconds / max(1, self._tokens)
        left = sum(
            config.stage_at(later).rows * config.stage_at(later).length for later in range(step, config.steps)
        )
        return Progress(
            step=step,
            steps=config.steps,
            loss=self._loss or math.nan,
            tokens_per_second=1 / per_token,
            seconds_left=left * per_token,
        )
