"""Run directories: written by an annotation, read and selected from by all others."""

from toolformer.runs.calibration import Calibration, calibrate
from toolformer.runs.directory import Run
from toolformer.runs.manifest import ManifestModel, ManifestTool, RunManifest
from toolformer.runs.reading import read_selected
from toolformer.runs.select import select
from toolformer.runs.stats import RunStats
from toolformer.runs.sweep import FalsePositives, sweep
from toolformer.runs.thresholds import Thresholds
from toolformer.runs.writer import RunWriter

__all__ = [
    "Calibration",
    "FalsePositives",
    "ManifestModel",
    "ManifestTool",
    "Run",
    "RunManifest",
    "RunStats",
    "RunWriter",
    "Thresholds",
    "calibrate",
    "read_selected",
    "select",
    "sweep",
]
