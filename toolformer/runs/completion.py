"""`stats.json`: what marks a run as finished: what it adds up to, and which shards it has."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from toolformer.errors import RunError
from toolformer.files import from_json, read_json
from toolformer.runs.stats import RunStats

STATS = "stats.json"
_MOST_BYTES = 1 << 28  # a line for every shard

_Digest = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]


@dataclass(frozen=True, slots=True)
class Completion:
    """What a finished run says of itself."""

    stats: RunStats
    shards: Sequence[_Digest] | None = None  # `shard_digest` of each; None before version 0.2

    def to_dict(self) -> dict[str, Any]:
        """Returns the JSON values of `stats.json`."""
        return self.stats.to_dict() | {"shards": self.shards}


def read_completion(folder: Path) -> Completion | None:
    """Returns what a run directory says of its end, None when it is not finished.

    Raises:
        RunError: the file has a field that it may not have.
    """
    path = folder / STATS
    try:
        values = read_json(path, most_bytes=_MOST_BYTES)
        if not isinstance(values, dict):
            raise ValueError("it is no JSON object")
        shards = values.pop("shards", None)
        return from_json(Completion, {"stats": values, "shards": shards})
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
