"""A pretrained model taught facts by the fine-tuning that tunes models on runs."""

from collections.abc import Callable
from itertools import islice
from math import ceil
from pathlib import Path

from toolformer.finetune import FinetuneConfig, TrainingStep, TrainingText
from toolformer.sidecar import SidecarTool
from toolformer.studies.in_tool.data.files import database_spec
from toolformer.studies.in_tool.data.people import make_people
from toolformer.studies.in_tool.data.questions import TOOL, Mode, Question, questions_about
from toolformer.studies.in_tool.experiment.grid import FACTS_A_PERSON
from toolformer.studies.in_tool.forgetting.config import ForgetConfig


def facts_of(config: ForgetConfig) -> list[Question]:
    """Returns the facts that are taught, as questions."""
    people = make_people(ceil(config.facts / FACTS_A_PERSON), seed=config.seed)
    return list(islice(questions_about(people), config.facts))


def training_texts(config: ForgetConfig) -> list[TrainingText]:
    """Returns a text for each fact: question and answer, with the call in front of the answer."""
    return [
        TrainingText(
            f"{number}",
            question.text + question.answer,
            (question.placed,) if config.mode is Mode.TOOL else (),
        )
        for number, question in enumerate(facts_of(config))
    ]


def teach(
    config: ForgetConfig,
    *,
    out: Path,
    database_path: Path,
    device: str = "auto",
    on_progress: Callable[[TrainingStep], None] | None = None,
) -> None:
    """Tunes the model on the facts and writes it to `out`; continues a training begun there.

    Raises:
        ToolformerError: as `finetune_texts`.
    """
    from toolformer.finetune import finetune_texts

    tools = [SidecarTool(TOOL, database_spec(database_path))]
    finetune_texts(
        training_texts(config),
        model=config.model,
        out=out,
        tools=tools if config.mode is Mode.TOOL else [],
        config=FinetuneConfig(
            epochs=config.epochs,
            max_steps=10**9,
            batch_size=config.batch_size,
            learning_rate=config.learning_rate,
            seed=config.seed,
            keep="last",
        ),
        device=device,
        on_progress=on_progress,
    )
