"""What came of a training: facts that any machine would repeat, and what this machine took."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from toolformer.finetune.progress import DevScore


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """What another machine, or another try, would not repeat."""

    seconds: float  # of this try, from the first step to the last
    tokens_per_second: float
    steps: int  # made by this try
    device: str
    threads: int
    processes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneReport:
    """What came of a training."""

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
        values = asdict(self)
        values["losses"] = list(self.losses)
        values["dev"] = {str(step): asdict(score) for step, score in self.dev.items()}
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "FinetuneReport":
        """Returns the report `to_dict` made these values of."""
        return cls(
            **{
                **values,
                "losses": tuple(values["losses"]),
                "dev": {int(step): DevScore(**score) for step, score in values["dev"].items()},
                "machine": MachineFacts(**values["machine"]),
            }
        )
