"""From runs to a model that calls tools by itself: training on texts with their kept calls.

What needs torch is loaded when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from toolformer.finetune.config import FinetuneConfig

if TYPE_CHECKING:
    from toolformer.finetune.dataset import SelectedRun, TrainingText, read_run
    from toolformer.finetune.report import FinetuneReport
    from toolformer.finetune.train import finetune

_HOMES = {
    "FinetuneReport": "report",
    "SelectedRun": "dataset",
    "TrainingText": "dataset",
    "finetune": "train",
    "read_run": "dataset",
}

__all__ = [
    "FinetuneConfig",
    "FinetuneReport",
    "SelectedRun",
    "TrainingText",
    "finetune",
    "read_run",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
