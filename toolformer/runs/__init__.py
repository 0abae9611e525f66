"""Run directories: written by an annotation, read and selected from by all others."""

from toolformer.runs.directory import Run, RunWriter
from toolformer.runs.manifest import ManifestModel, ManifestTool, RunManifest
from toolformer.runs.reading import read_selected
from toolformer.runs.select import select
from toolformer.runs.stats import RunStats

__all__ = [
    "ManifestModel",
    "ManifestTool",
    "Run",
    "RunManifest",
    "RunStats",
    "RunWriter",
    "read_selected",
    "select",
]
