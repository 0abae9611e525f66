"""A sweep: the same rows learned at several rates, and which of them went well."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from toolformer import files
from toolformer.config import Config
from toolformer.errors import ConfigError, RunError, TrainingError
from toolformer.finetune import FinetuneConfig, FinetuneReport, TrainingStep
from toolformer.finetune.config import Positive, Share
from toolformer.studies.api_bank.draw import Drawn, draw_rows
from toolformer.studies.api_bank.rows import ApiRow
from toolformer.studies.api_bank.texts import CallFormat, grammar_of, training_texts

RATES = (2e-4, 4e-4, 2e-3)  # of the original
_SETTINGS, _DIVERGED = "sweep.json", "diverged.json"


class SweepConfig(Config):
    """Everything that decides what a training of the sweep learns, but for rows, model and rate."""

    format: CallFormat = "inline"
    """How calls are written: as API-Bank has them, or as JSON in tags (hermes)."""
    max_rows: Positive | None = None
    """Train on so many rows, drawn by the seed. Default: all."""
    max_characters: Positive | None = None
    """Characters of a prompt: rows with longer ones are left out and counted, so that what is drawn
    fits the time there is."""
    max_per_function: Positive | None = None
    """Rows that call one function: the tool search alone is a third of API-Bank."""
    eval_rows: Annotated[int, Field(ge=0)] = 100
    """Rows for evaluation, drawn by the seed; the original took 520."""
    max_length: Annotated[int, Field(ge=16)] = 2048
    """Tokens of a row: a longer one is left out and counted, never cut."""
    adapter: Literal["qlora", "lora", "none"] = "qlora"
    """QLoRA (4 bits, nf4, double quantisation), LoRA, or all weights (none)."""
    lora_rank: Positive = 32
    """Rank of an adapter."""
    lora_alpha: Positive = 64
    """Scale of an adapter: what it adds is multiplied by alpha / rank."""
    lora_dropout: Share = 0.05
    """Dropout before an adapter."""
    epochs: Annotated[float, Field(gt=0)] = 1.0
    """Times each row is seen."""
    steps: Positive | None = None
    """Exactly so many steps, whatever the epochs."""
    batch_size: Positive = 8
    """Rows per step."""
    device_rows: Positive | None = None
    """Rows per forward pass. Default: as many as fit."""
    by_length: bool = True
    """Steps of rows of like length, which pad least."""
    warmup: Share = 0.05
    """Share of the steps in which the rate rises from 0."""
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    """What the rate does after the warm-up."""
    evaluate_every: Positive | None = None
    """Steps between two evaluations. Default: a tenth of all."""
    patience: Positive | None = 3
    """Evaluations without a better one after which a training stops."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Precision of the arithmetic."""
    seed: int = 0
    """Random seed for rows, adapter and batches."""

    def training(self, rate: float) -> FinetuneConfig:
        """Returns the settings of the training at a rate."""
        own = {
            "format",
            "max_rows",
            "max_characters",
            "max_per_function",
            "eval_rows",
            "patience",
        }
        values = {name: value for name, value in self.to_dict().items() if name not in own}
        patience = self.patience if self.eval_rows else None
        return FinetuneConfig(
            **values,
            learning_rate=rate,
            loss_on_output=True,  # no call has one, and what closes it is the model's to write
            patience=patience,
            max_steps=1_000_000_000,  # the epochs decide
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Diverged:
    """A training that was stopped because it diverged."""

    message: str  # what happened, and where the best checkpoint is


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of one rate: a model with its report, or nothing to go on with."""

    rate: float
    folder: Path
    report: FinetuneReport | Diverged

    @property
    def loss(self) -> float | None:
        """Nats a learned token on the rows for evaluation, of the kept weights."""
        if isinstance(self.report, Diverged):
            return None
        score = self.report.dev.get(self.report.kept_step)
        return None if score is None else score.loss


def sweep(
    rows: Sequence[ApiRow],
    held_out: Sequence[ApiRow],
    *,
    model: str,
    rates: Sequence[float],
    out: Path,
    config: SweepConfig,
    device: str = "auto",
    on_begin: Callable[[float, Path], None] = lambda _rate, _folder: None,
    on_progress: Callable[[TrainingStep], None] | None = None,
) -> list[Trained]:
    """Trains a model at every rate and returns what came of each.

    A training that diverges is stopped, its best checkpoint stays, and the others are done all the
    same. Called again, it continues with what is left.

    Args:
        rows: to learn.
        held_out: by which weights are chosen and trainings stopped.
        model: a directory, a Hub id or "nano".
        rates: of learning.
        out: a directory, in which each training has one.
        config: of all trainings.
        device: cpu, cuda, or auto for what is there.
        on_begin: called before each training.
        on_progress: called after every step and look at the rows for evaluation.

    Raises:
        ConfigError: there is no rate, or no row whose call can be written.
        RunError: `out` holds something else, or a sweep with other settings.
    """
    if not rates or min(rates) <= 0:
        raise ConfigError("Name one learning rate or several, above 0: --lr 2e-4,4e-4,2e-3.")
    grammar = grammar_of(config.format)
    chosen, judges = _drawn(rows, held_out, config)
    texts = list(training_texts(chosen.rows, grammar))
    dev = list(training_texts(judges.rows, grammar))
    if not texts:
        raise ConfigError("No row has a call that can be written: clean the rows first.")
    digest = hashlib.sha256()
    for text in (*texts, *dev):
        digest.update(repr((text.text, text.calls)).encode("utf-8", "surrogatepass"))
    settings = {
        "model": model,
        "config": config.to_dict(),
        "rows": {
            "training": len(texts),
            "left_out": dict(chosen.left_out),
            "eval": len(dev),
            "fingerprint": digest.hexdigest()[:16],
        },
    }
    out.mkdir(parents=True, exist_ok=True)
    files.claim(out / _SETTINGS, settings, what="a sweep")

    from toolformer.finetune import finetune_texts

    done = []
    for rate in dict.fromkeys(rates):
        folder = out / f"lr-{rate:g}"
        on_begin(rate, folder)
        report: FinetuneReport | Diverged | None = _diverged(folder)
        if report is None:
            try:
                report = finetune_texts(
                    texts,
                    held_out=dev,
                    model=model,
                    out=folder,
                    grammar=grammar,
                    config=config.training(rate),
                    device=device,
                    on_progress=on_progress,
                )
            except TrainingError as error:
                report = Diverged(message=str(error))
                files.write_whole(_beside(folder), files.json_text({"message": report.message}))
        done.append(Trained(rate, folder, report))
    return done


def _drawn(
    rows: Sequence[ApiRow], held_out: Sequence[ApiRow], config: SweepConfig
) -> tuple[Drawn, Drawn]:
    """Returns the rows to learn and those to judge by."""
    chosen = draw_rows(
        rows,
        config.max_rows,
        seed=config.seed,
        max_characters=config.max_characters,
        max_per_function=config.max_per_function,
        called_only=True,
    )
    judges = draw_rows(
        held_out,
        config.eval_rows,
        seed=config.seed,
        max_characters=config.max_characters,
        called_only=True,
    )
    return chosen, judges


def best_of(trained: Sequence[Trained]) -> Trained | None:
    """Returns the training with the lowest loss on the rows for evaluation."""
    judged = [(each.loss, each) for each in trained if each.loss is not None]
    return min(judged, key=lambda pair: pair[0])[1] if judged else None


def _beside(folder: Path) -> Path:
    """Returns the file that says how a training ended; its own directory belongs to the trainer."""
    return folder.with_name(f"{folder.name}.{_DIVERGED}")


def _diverged(folder: Path) -> Diverged | None:
    """Returns how a training diverged; None where it did not, or was not done yet."""
    path = _beside(folder)
    if not path.exists():
        return None
    try:
        return files.from_json(Diverged, files.read_json(path))
    except (OSError, ValueError) as error:
        raise RunError(f"Cannot read '{path}': {error}. Delete it to train again.") from None
