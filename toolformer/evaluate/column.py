"""A Column: a checkpoint, and whether it may call tools; columns stand side by side in a table."""

from dataclasses import dataclass
from enum import StrEnum


class Calls(StrEnum):
    """What becomes of the calls a model writes."""

    NONE = "none"  # markers are text like any other: a model that knows nothing of tools
    DISABLED = "disabled"  # the open marker is impossible
    LIVE = "live"  # tools run


PRIOR = "prior"  # the column of the majority answer, which needs no model


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the tables.

    Attributes:
        name: What stands above it.
        checkpoint: A directory, a Hub id, `nano`, or script.py:name.
        calls: What becomes of the calls it writes.
        tools: Specs of the tools that run where calls are live.
        sweeps: Whether it is tried with every k that is asked for, and not with the first alone.
    """

    name: str
    checkpoint: str
    calls: Calls
    tools: tuple[str, ...] = ()
    sweeps: bool = False
