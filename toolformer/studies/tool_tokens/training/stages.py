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

from toolformer.errors import ConfigError
from toolformer.finetune import FinetuneReport, TrainingStep
from toolformer.finetune.training.checkpoints import is_finished
from toolformer.studies.tool_tokens.catalog.files import Catalogue
from toolformer.studies.tool_tokens.index.identifiers import FILE, Identifiers, read_identifiers
from toolformer.studies.tool_tokens.training.chosen import stage_texts
from toolformer.studies.tool_tokens.training.config import STAGES, Stage, StagesConfig

FOLDERS: dict[Stage, str] = {
    "memorize": "tool_memorization",
    "retrieve": "retrieval_training",
    "agent": "agent_tuning",
}


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

    learned, judged = stage_texts(stage, catalogue, identifiers, config)
    if not learned:
        raise ConfigError(
            f"There is nothing to learn in the stage {stage!r}: the catalogue has no queries"
            + (" with known calls." if stage == "agent" else ".")
        )
    return finetune_texts(
        learned,
        held_out=judged,
        model=str(base),
        out=folder,
        config=config.finetuning(stage, new_tokens_from=identifiers.new_tokens_from),
        device=device,
        on_progress=on_progress,
    )
