"""From texts with calls to a model that calls tools by itself; the texts come from runs or not.

What needs torch is loaded when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from toolformer.finetune.config import FinetuneConfig

if TYPE_CHECKING:
    from toolformer.finetune.report import FinetuneReport
    from toolformer.finetune.runs import SelectedRun, read_run
    from toolformer.finetune.steps import TrainingStep
    from toolformer.finetune.texts import TrainingText
    from toolformer.finetune.train import finetune, finetune_texts

_HOMES = {
    "FinetuneReport": "report",
    "SelectedRun": "runs",
    "TrainingStep": "steps",
    "TrainingText": "texts",
    "finetune": "train",
    "finetune_texts": "train",
    "read_run": "runs",
}

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
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
