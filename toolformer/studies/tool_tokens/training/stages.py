"""The three stages, each a fine-tuning of the model that the one before it wrote.

    OUT/tool_memorization/    from documentation to names
    OUT/retrieval_training/   from queries to names
    OUT/agent_tuning/         whole tasks

A stage that is left out is passed over: the next begins with what there is, the index at worst.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field

from toolformer.config import Config
from toolformer.errors import ConfigError
from toolformer.finetune import FinetuneConfig, FinetuneReport, TrainingStep, TrainingText
from toolformer.finetune.checkpoints import is_finished
from toolformer.finetune.config import Positive, Share
from toolformer.studies.tool_tokens.catalog.files import Catalogue
from toolformer.studies.tool_tokens.index.identifiers import FILE, Identifiers, read_identifiers
from toolformer.studies.tool_tokens.training.texts import (
    agent_texts,
    memorize_texts,
    retrieve_texts,
)

Stage = Literal["memorize", "retrieve", "agent"]
STAGES: tuple[Stage, ...] = get_args(Stage)
FOLDERS: dict[Stage, str] = {
    "memorize": "tool_memorization",
    "retrieve": "retrieval_training",
    "agent": "agent_tuning",
}

_Epochs = Annotated[float, Field(gt=0)]


class StagesConfig(Config):
    """Everything that decides what the stages learn, but for model and catalogue."""

    memorize_epochs: _Epochs = 3.0
    """Times each documentation is seen."""
    retrieve_epochs: _Epochs = 1.5
    """Times each query is seen with each of its APIs."""
    agent_epochs: _Epochs = 1.0
    """Times each task is seen."""
    agent_tasks: Positive | None = 300
    """Tasks to act on, drawn by the seed; all with --set agent_tasks=null."""
    adapter: Literal["lora", "qlora", "none"] = "lora"
    """LoRA (beside weights in 4 bits: QLoRA) and the rows of the new tokens, or all weights."""
    lora_rank: Positive = 16
    """Rank of an adapter."""
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    """Highest rate."""
    batch_size: Positive = 16
    """Texts per step."""
    max_length: Annotated[int, Field(ge=16)] = 1024
    """Tokens of a text: a longer one is left out and counted, never cut."""
    eval_texts: Annotated[int, Field(ge=0)] = 0
    """Held-out texts by which the weights of a stage are chosen. Default: the last are kept."""
    patience: Positive | None = None
    """Evaluations without a better one after which a stage stops; needs --eval-texts."""
    warmup: Share = 0.05
    """Share of the steps in which the rate rises from 0."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Precision of the arithmetic."""
    seed: int = 0
    """Random seed for adapter, tasks and batches."""

    def finetuning(self, stage: Stage, *, new_tokens_from: int | None) -> FinetuneConfig:
        """Returns the settings of a stage."""
        epochs = {
            "memorize": self.memorize_epochs,
            "retrieve": self.retrieve_epochs,
            "agent": self.agent_epochs,
        }
        is_adapted = self.adapter != "none"
        return FinetuneConfig(
            epochs=epochs[stage],
            max_steps=1_000_000_000,  # the epochs decide
            adapter=self.adapter,
            lora_rank=self.lora_rank,
            lora_alpha=2 * self.lora_rank,
            merge=is_adapted,
            new_tokens_from=new_tokens_from if is_adapted else None,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            by_length=True,
            max_length=self.max_length,
            patience=self.patience if self.eval_texts else None,
            warmup=self.warmup,
            dtype=self.dtype,
            seed=self.seed,
        )


@dataclass(frozen=True, slots=True)
class TrainedStage:
    """What came of a stage."""

    stage: Stage
    folder: Path
    report: FinetuneReport


def train_stages(
    index: Path,
    catalogue: Catalogue,
    out: Path,
    *,
    stages: Sequence[Stage] = STAGES,
    config: StagesConfig,
    device: str = "auto",
    on_begin: Callable[[Stage, Path], None] = lambda _stage, _folder: None,
    on_progress: Callable[[TrainingStep], None] | None = None,
) -> list[TrainedStage]:
    """Trains the wanted stages in their order; called again, it continues where it stopped.

    Args:
        index: what `build_index` wrote.
        catalogue: whose APIs the index names.
        out: a directory, in which each stage has one.
        stages: that are wanted.
        config: of all stages.
        device: cpu, cuda, or auto for what is there.
        on_begin: called before each stage.
        on_progress: called after every step and look at held-out texts.

    Raises:
        ConfigError: the index is not of this catalogue, or there is nothing to learn in a stage.
        ModelError: there is no index.
        RunError: `out` holds a training with other settings, or something else.
        TrainingError: a training diverges.
    """
    identifiers = read_identifiers(index)
    if identifiers.apis != tuple(api.id for api in catalogue.apis):
        raise ConfigError(
            f"The tokens of '{index}' are for {len(identifiers.apis):,} other APIs than the "
            f"{len(catalogue.apis):,} of this catalogue: make an index of it."
        )
    done = []
    for stage in STAGES:
        if stage not in stages:
            continue
        folder = out / FOLDERS[stage]
        on_begin(stage, folder)
        report = _train(
            stage,
            catalogue,
            identifiers,
            base=base_of(stage, index=index, out=out),
            folder=folder,
            config=config,
            device=device,
            on_progress=on_progress,
        )
        if not (folder / FILE).exists():
            shutil.copyfile(index / FILE, folder / f"{FILE}.tmp")
            (folder / f"{FILE}.tmp").replace(folder / FILE)
        done.append(TrainedStage(stage, folder, report))
    return done


def base_of(stage: Stage, *, index: Path, out: Path) -> Path:
    """Returns the model that a stage begins with: of the last stage before it that is finished."""
    before = STAGES[: STAGES.index(stage)]
    folders = [out / FOLDERS[each] for each in before]
    return next((each for each in reversed(folders) if is_finished(each)), index)


def _train(
    stage: Stage,
    catalogue: Catalogue,
    identifiers: Identifiers,
    *,
    base: Path,
    folder: Path,
    config: StagesConfig,
    device: str,
    on_progress: Callable[[TrainingStep], None] | None,
) -> FinetuneReport:
    from toolformer.finetune import finetune_texts

    texts = _texts(stage, catalogue, identifiers, config)
    if not texts:
        raise ConfigError(
            f"There is nothing to learn in the stage {stage!r}: the catalogue has no queries"
            + (" with known calls." if stage == "agent" else ".")
        )
    return finetune_texts(
        texts,
        held_out=_held_out(stage, catalogue, identifiers, config),
        model=str(base),
        out=folder,
        config=config.finetuning(stage, new_tokens_from=identifiers.new_tokens_from),
        device=device,
        on_progress=on_progress,
    )


def _texts(
    stage: Stage, catalogue: Catalogue, identifiers: Identifiers, config: StagesConfig
) -> list[TrainingText]:
    if stage == "memorize":
        return list(memorize_texts(catalogue.apis, identifiers))
    queries = catalogue.of_split("train")
    if stage == "retrieve":
        return list(retrieve_texts(queries, identifiers))
    return _drawn(
        list(agent_texts(queries, catalogue.by_id, identifiers)), config.agent_tasks, config.seed
    )


def _held_out(
    stage: Stage, catalogue: Catalogue, identifiers: Identifiers, config: StagesConfig
) -> list[TrainingText]:
    """Returns texts to judge by; what is memorised has none, for it is all to be known."""
    if not config.eval_texts or stage == "memorize":
        return []
    queries = catalogue.of_split("instruction")
    made = (
        retrieve_texts(queries, identifiers)
        if stage == "retrieve"
        else agent_texts(queries, catalogue.by_id, identifiers)
    )
    return _drawn(list(made), config.eval_texts, config.seed)


def _drawn(texts: list[TrainingText], most: int | None, seed: int) -> list[TrainingText]:
    import random

    if most is None or len(texts) <= most:
        return texts
    chosen = random.Random(seed).sample(range(len(texts)), most)  # noqa: S311
    return [texts[index] for index in sorted(chosen)]
