"""The report of a training: `metrics.json`, which any try would repeat, and `timing.json`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from toolformer.errors import RunError
from toolformer.files import from_json, json_text, read_json, write_whole
from toolformer.finetune.training.steps import DevScore
from toolformer.typed import type_adapter

_METRICS, _TIMING = "metrics.json", "timing.json"
_MACHINE = "machine"  # the field that is a file of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """Facts that another machine, or another try, would not repeat: `timing.json`."""

    seconds: float  # of this try, from the first step to the last
    tokens_per_second: float
    steps: int  # made by this try
    device: str
    threads: int
    processes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneReport:
    """A training and its outcome."""

    base: str
    parameters: int
    trained_parameters: int
    texts: int  # trained on
    texts_per_tool: Mapping[str, int]
    left_out: Mapping[str, int]  # documents by reason, calls longer than a row
    rows: int
    steps: int
    tokens: int  # of all steps, padding left out
    learning_rate: float
    losses: tuple[float, ...]  # nats a learned token, by step
    dev_texts: int
    dev: Mapping[int, DevScore]  # by step; 0 is the base model
    calls_disabled: bool  # False: no token of the model holds the open marker
    kept_step: int  # whose weights were kept
    machine: MachineFacts | None = None  # None where `timing.json` is not there

    def to_dict(self) -> dict[str, Any]:
        """Returns the facts as JSON values; a step is a string there."""
        values: dict[str, Any] = type_adapter(FinetuneReport).dump_python(self, mode="json")
        return values


def write_report(folder: Path, report: FinetuneReport) -> None:
    """Writes a report as two files, so that the bytes of one follow from what was trained on.

    Raises:
        RunError: they cannot be written.
    """
    values = report.to_dict()
    timing = values.pop(_MACHINE)
    write_whole(folder / _METRICS, json_text(values))
    write_whole(folder / _TIMING, json_text(timing))


def read_report(folder: Path) -> FinetuneReport:
    """Reads the report of a finished training; one of before version 0.2 is a single file.

    Raises:
        RunError: a file is not of such a report.
    """
    path = folder / _METRICS
    try:
        report = from_json(FinetuneReport, read_json(path))
        path = folder / _TIMING
        if path.exists():
            report = replace(report, machine=from_json(MachineFacts, read_json(path)))
    except (OSError, ValueError) as error:
        raise RunError(f"Cannot read '{path}': {error}.") from None
    return report
