"""The pretraining loop: a mixture in, a directory that `from_pretrained` loads out.

Killed at any moment it continues from its last checkpoint, over the same batches.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerFast

from toolformer.files import claim, json_text, locked, write_whole
from toolformer.lm.hf.memory import keep_freed_memory
from toolformer.pretrain import state
from toolformer.pretrain.config import PretrainConfig
from toolformer.pretrain.dropout import Dropout
from toolformer.pretrain.injecting import Injected
from toolformer.pretrain.mixture import Source, draw_batch, load_source, sample_texts
from toolformer.pretrain.model import (
    SmallModel,
    load_weights,
    loss_function,
    new_model,
    new_optimizers,
)
from toolformer.pretrain.packing import PackedRows
from toolformer.pretrain.progress import Pace, Step
from toolformer.pretrain.tokenizer import load_tokenizer, train_tokenizer
from toolformer.threads import Threads

# Which texts a step has besides those of the mixture.
Inject = Callable[[int], Injected | None]


@dataclass(frozen=True, slots=True)
class Watch:
    """Somebody who looks at the model during a run, after so many steps and after the last."""

    every: int
    look: Callable[[int, SmallModel, PreTrainedTokenizerFast], None]  # the steps that are done


def pretrain(
    config: PretrainConfig,
    *,
    folder: Path,
    out: Path,
    device: str = "auto",
    on_step: Callable[[Step], None] | None = None,
    inject_by: Callable[[PreTrainedTokenizerFast], Inject] | None = None,
    watch: Watch | None = None,
) -> dict[str, float]:
    """Trains a model and writes it, its tokenizer and `metrics.json` to `out`.

    Args:
        config: The run's settings.
        folder: What the paths in the configuration are relative to.
        out: Where the finished model goes; `out/checkpoint` holds the state of the run.
        device: A torch device, or `auto` for a GPU where there is one.
        on_step: Called after every step.
        inject_by: Told the tokenizer, which learns nothing of them, returns which texts each step
            has besides the mixture. Whoever continues a run gives the same ones again.
        watch: Looks at the model now and then.

    Returns:
        The held-out perplexity of each source, by its name.

    Raises:
        RunError: `out` holds something else, or a run with other settings, or is being written to.
    """
    with locked(out):
        return _pretrain(
            config,
            folder=folder,
            out=out,
            device=device,
            on_step=on_step,
            inject_by=inject_by,
            watch=watch,
        )


def _pretrain(
    config: PretrainConfig,
    *,
    folder: Path,
    out: Path,
    device: str,
    on_step: Callable[[Step], None] | None,
    inject_by: Callable[[PreTrainedTokenizerFast], Inject] | None,
    watch: Watch | None,
) -> dict[str, float]:
    keep_freed_memory()
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    place = torch.device(device)
    checkpoint = out / "checkpoint"
    claim(checkpoint / "config.json", config.to_dict(), what="a run", folder=out)
    sources = {each.name: load_source(each, folder=folder) for each in config.mixture}
    weights = {each.name: each.weight for each in config.mixture}
    begun = None if config.start_from is None else folder / config.start_from
    if begun is None:
        tokenizer = _tokenizer(config, sources, weights, folder=checkpoint / "tokenizer")
    else:
        tokenizer = load_tokenizer(begun)

    torch.manual_seed(config.seed)
    model = new_model(config, tokenizer)
    if begun is not None:
        load_weights(model, begun)
    torch.nn.Module.to(model, place)
    optimizers = new_optimizers(model, config)
    base_rates = [group["lr"] for each in optimizers for group in each.param_groups]
    first = state.restore(checkpoint, model, optimizers)
    dropout = Dropout(model, config)
    loss_of = loss_function(model, config, device=place)
    inject = None if inject_by is None else inject_by(tokenizer)

    def draw(step: int) -> PackedRows:
        stage = config.stage_at(step)
        key = f"{config.seed}/{step}"
        return draw_batch(
            sources,
            weights,
            tokenizer=tokenizer,
            rows=stage.rows,
            length=stage.length,
            key=key,
            injected=None if inject is None else inject(step),
        )

    pace = Pace(config)
    model.train()
    with Threads(
        1, name="drawing"
    ) as ahead:  # the next batch is drawn while the model works on this
        drawn = ahead.submit(draw, first)
        for step in range(first, config.steps):
            started = time.monotonic()
            batch = drawn.result()
            drawn = ahead.submit(draw, min(step + 1, config.steps - 1))
            dropout.begin(step)
            loss = loss_of(batch)
            loss.backward()  # type: ignore[no-untyped-call]
            groups = [group for each in optimizers for group in each.param_groups]
            for group, base_rate in zip(groups, base_rates, strict=True):
                group["lr"] = base_rate * config.rate_at(step)
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            reached = pace.after(step, loss=loss.item(), seconds=time.monotonic() - started)
            if on_step is not None:
                on_step(reached)
            # Before the state is saved: what a kill leaves unseen is seen by whoever continues.
            if watch and ((step + 1) % watch.every == 0 or step + 1 == config.steps):
                watch.look(step + 1, model, tokenizer)
            if (step + 1) % config.checkpoint_every == 0 or step + 1 == config.steps:
                state.save(checkpoint, model, optimizers, next_step=step + 1)

    model.eval()  # type: ignore[no-untyped-call]
    perplexities = _held_out(config, folder=folder, tokenizer=tokenizer, loss_of=loss_of)
    _write(model, tokenizer, config, out=out)
    metrics = {"steps": config.steps, "held_out_perplexity": perplexities}
    write_whole(out / "metrics.json", json_text(metrics))
    return perplexities


def _tokenizer(
    config: PretrainConfig,
    sources: Mapping[str, Source],
    weights: Mapping[str, float],
    *,
    folder: Path,
) -> PreTrainedTokenizerFast:
    """Trains the tokenizer, or loads the one that this run trained before it was killed."""
    if not folder.exists():
        settings = config.tokenizer
        tokenizer = train_tokenizer(
            sample_texts(sources, weights, characters=settings.characters, seed=config.seed),
            vocabulary_size=settings.vocabulary_size,
            single_tokens=settings.single_tokens,
            context=config.model.context,
        )
        unfinished = folder.with_suffix(".new")
        tokenizer.save_pretrained(unfinished)
        unfinished.replace(folder)
    return load_tokenizer(folder)


def _held_out(
    config: PretrainConfig,
    *,
    folder: Path,
    tokenizer: PreTrainedTokenizerFast,
    loss_of: Callable[[PackedRows], torch.Tensor],
) -> dict[str, float]:
    """Returns each source's perplexity on documents, or on draws, that no step saw."""
    stage = config.stages[0]
    perplexities = {}
    for source in config.mixture:
        drawn = {source.name: load_source(source, folder=folder, held_out=True)}
        losses = []
        for number in range(config.held_out_batches):
            batch = draw_batch(
                drawn,
                {source.name: 1.0},
                tokenizer=tokenizer,
                rows=stage.rows,
                length=stage.length,
                key=f"{config.seed}/held out/{number}",
            )
            with torch.no_grad():
                losses.append(loss_of(batch).item())
        perplexities[source.name] = math.exp(sum(losses) / len(losses))
    return perplexities


def _write(
    model: SmallModel,
    tokenizer: PreTrainedTokenizerFast,
    config: PretrainConfig,
    *,
    out: Path,
) -> None:
    """Writes the model in the type it was trained in, which halves the file in bfloat16."""
    finished = new_model(config, tokenizer)
    finished.load_state_dict(model.state_dict())
    finished.config.use_cache = finished.generation_config.use_cache = True
    finished.to(getattr(torch, config.dtype)).save_pretrained(out)
    tokenizer.save_pretrained(out)
