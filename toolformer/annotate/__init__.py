"""Annotating: a corpus goes in, tool calls that help to predict it come out."""

from toolformer.annotate.config import AnnotateConfig, ToolConfig
from toolformer.annotate.run import RunProgress, annotate

__all__ = ["AnnotateConfig", "RunProgress", "ToolConfig", "annotate"]
