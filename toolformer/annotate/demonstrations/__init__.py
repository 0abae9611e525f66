"""Annotated texts that show a model where a tool is called, what for, and what comes back."""

from toolformer.annotate.demonstrations.demonstration import Demonstration
from toolformer.annotate.demonstrations.exemplars_file import (
    exemplars_content,
    read_exemplars_file,
    write_exemplars,
)
from toolformer.annotate.demonstrations.own import own_demonstrations
from toolformer.annotate.demonstrations.pool import NEAREST, STATIC, Kinship, Pool

__all__ = [
    "NEAREST",
    "STATIC",
    "Demonstration",
    "Kinship",
    "Pool",
    "exemplars_content",
    "own_demonstrations",
    "read_exemplars_file",
    "write_exemplars",
]
