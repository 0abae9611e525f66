"""From texts with calls to a model that calls tools by itself; the texts come from runs or not.

What needs torch is loaded when it is first asked for.
"""

from typing import TYPE_CHECKING

from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.data.runs import SelectedRun, read_run
from toolformer.finetune.data.texts import TrainingText
from toolformer.finetune.report import FinetuneReport
from toolformer.finetune.training.steps import TrainingStep

if TYPE_CHECKING:
    from toolformer.finetune.train import finetune, finetune_texts

__all__ = [
    "FinetuneConfig",
    "FinetuneReport",
    "SelectedRun",
    "TrainingStep",
    "TrainingText",
    "finetune",
    "finetune_texts",
    "read_run",
]


def __getattr__(name: str) -> object:
    if name not in ("finetune", "finetune_texts"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from toolformer.finetune import train

    return getattr(train, name)
