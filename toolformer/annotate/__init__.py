"""Annotating: a corpus goes in, tool calls that help to predict it come out."""

from toolformer.annotate.config import AnnotateConfig, ToolConfig
from toolformer.annotate.pipeline import annotate_shard
from toolformer.annotate.plan import Plan, make_plan
from toolformer.annotate.progress import RunProgress
from toolformer.annotate.run import annotate

__all__ = [
    "AnnotateConfig",
    "Plan",
    "RunProgress",
    "ToolConfig",
    "annotate",
    "annotate_shard",
    "make_plan",
]
