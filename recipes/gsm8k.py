"""GSM8K's human calculator marks as the package reads them, for recipes and benchmarks."""

from toolformer.evaluate.tasks.gsm8k.solutions import Mark, Solution, read_solution

__all__ = ["Mark", "Solution", "read_solution"]
