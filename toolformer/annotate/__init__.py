"""Annotating: a corpus goes in, tool calls that help to predict it come out."""

from toolformer.annotate.config import AnnotateConfig, ToolConfig
from toolformer.annotate.reading import read_selected
from toolformer.annotate.run import Progress, annotate
from toolformer.annotate.select import select

__all__ = ["AnnotateConfig", "Progress", "ToolConfig", "annotate", "read_selected", "select"]
