"""`stats.json`: what marks a run as finished: what it adds up to, and which shards it has."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from toolformer.errors import RunError
from toolformer.files import from_json, read_json
from toolformer.runs.calibration import Calibration
from toolformer.runs.stats import RunStats

STATS = "stats.json"
_MOST_BYTES = 1 << 28  # a line for every shard

_Digest = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]


@dataclass(frozen=True, slots=True)
class Completion:
    """What a finished run says of itself."""

    stats: RunStats
    shards: Sequence[_Digest] | None = None  # `shard_digest` of each; None before version 0.2
    # Of the tools that have placebos, or whose thresholds follow from them.
    calibration: Mapping[str, Calibration] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Returns the JSON values of `stats.json`."""
        values = self.stats.to_dict() | {"shards": self.shards}
        if self.calibration:
            values["calibration"] = {name: asdict(each) for name, each in self.calibration.items()}
        return values


def read_completion(folder: Path, *, calibrated: Collection[str] = ()) -> Completion | None:
    """Returns what a run directory says of its end, None when it is not finished.

    Args:
        folder: the run directory.
        calibrated: the names of the tools whose thresholds must be there.

    Raises:
        RunError: the file has a field that it may not have, or lacks one.
    """
    path = folder / STATS
    try:
        values = read_json(path, most_bytes=_MOST_BYTES)
        if not isinstance(values, dict):
            raise ValueError("it is no JSON object")
        parts = {"shards": values.pop("shards", None)}
        parts["calibration"] = values.pop("calibration", {})
        completion = from_json(Completion, {"stats": values} | parts)
        if lacking := sorted(frozenset(calibrated) - completion.calibration.keys()):
            raise ValueError(f"calibration: it has none of {lacking[0]}")
        return completion
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise RunError(
            f"'{path}' cannot be read ({error}). Delete it and annotate again with the same "
            "settings: it is added up anew."
        ) from None


def shard_digest(content: bytes) -> str:
    """Returns 16 hexadecimal digits that change with any byte of a shard."""
    return hashlib.sha256(content).hexdigest()[:16]
