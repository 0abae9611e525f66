"""A run as others train on it: texts, pairs, conversations, tokens; in Parquet or JSON lines."""

from toolformer.export.environment import trl_environment
from toolformer.export.rows import ExportFormat
from toolformer.export.write import Exported, export_run

__all__ = ["ExportFormat", "Exported", "export_run", "trl_environment"]
