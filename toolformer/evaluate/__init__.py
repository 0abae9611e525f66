"""What a tuned model is worth: tasks, columns of models side by side, and their tables."""

from toolformer.evaluate.cells import CellProgress, read_trials
from toolformer.evaluate.column import Calls, Column
from toolformer.evaluate.config import EvaluateConfig
from toolformer.evaluate.registry import load_task, load_tasks
from toolformer.evaluate.results import Results, read_results
from toolformer.evaluate.run import evaluate
from toolformer.evaluate.task import Example, Task

__all__ = [
    "Calls",
    "CellProgress",
    "Column",
    "EvaluateConfig",
    "Example",
    "Results",
    "Task",
    "evaluate",
    "load_task",
    "load_tasks",
    "read_results",
    "read_trials",
]
