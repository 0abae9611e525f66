"""The report of a training: facts that any machine would repeat, and those of this machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolformer.errors import RunError
from toolformer.files import from_json, read_json
from toolformer.finetune.steps import DevScore
from toolformer.specs import type_adapter


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """Facts that another machine, or another try, would not repeat."""

    seconds: float  # of this try, from the first step to the last
    tokens_per_second: float
    steps: int  # made by this try
    device: str
    threads: int
    processes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneReport:
    """A training and its outcome: `metrics.json`."""

    base: str
    parameters: int
    trained_parameters: int
    texts: int  # trained on
    texts_per_tool: Mapping[str, int]
    left_out: Mapping[str, int]  # documents by reason; calls longer than a row
    rows: int
    steps: int
    tokens: int  # of all steps, padding left out
    learning_rate: float
    losses: tuple[float, ...]  # nats a learned token, by step
    dev_texts: int
    dev: Mapping[int, DevScore]  # by step; 0 is the base model
    calls_disabled: bool  # False: no token of the model holds the open marker
    kept_step: int  # whose weights were kept
    machine: MachineFacts

    def to_dict(self) -> dict[str, Any]:
        """Returns the facts as JSON values; a step is a string there."""
        values: dict[str, Any] = type_adapter(FinetuneReport).dump_python(self, mode="json")
        return values


def read_report(path: Path) -> FinetuneReport:
    """Reads the `metrics.json` of a finished training.

    Raises:
        RunError: it is not such a file.
    """
    try:
        return from_json(FinetuneReport, read_json(path))
    except (OSError, ValueError) as error:
        raise RunError(f"Cannot read '{path}': {error}.") from None
