"""Run directories: what an annotation writes, and what is read and selected from it."""

from toolformer.runs.directory import Run, RunWriter
from toolformer.runs.manifest import RunManifest
from toolformer.runs.reading import read_selected
from toolformer.runs.select import select
from toolformer.runs.stats import RunStats

__all__ = ["Run", "RunManifest", "RunStats", "RunWriter", "read_selected", "select"]
