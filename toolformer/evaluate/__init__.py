"""Models measured by tasks, side by side: the arms, their trials, and the tables of both."""

from toolformer.evaluate.arm import Arm, Calls
from toolformer.evaluate.cells import CellProgress, read_trials
from toolformer.evaluate.config import EvaluateConfig
from toolformer.evaluate.metric import Metric
from toolformer.evaluate.registry import load_task, load_tasks
from toolformer.evaluate.results import Results, read_results
from toolformer.evaluate.run import evaluate
from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.trial import Trial

__all__ = [
    "Arm",
    "Calls",
    "CellProgress",
    "EvaluateConfig",
    "Example",
    "Metric",
    "Results",
    "Task",
    "Trial",
    "evaluate",
    "load_task",
    "load_tasks",
    "read_results",
    "read_trials",
]
