"""Workers on one machine or many: each holds a model, and a driver hands them shards."""

from toolformer.annotate.workers.crew import Workers
from toolformer.annotate.workers.run import annotate_by_workers

__all__ = ["Workers", "annotate_by_workers"]
