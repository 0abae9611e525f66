"""How long a training takes that may be killed and continued: the sum over its tries.

A try that is killed counts to its last tick. What it did since its last checkpoint is done and
counted again, so the sum is never too small by more than one tick a kill.
"""

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from toolformer.files import json_text, read_json, write_whole

_EVERY_S = 15.0


class Spent:
    """A clock in a file, which runs while it is open.

    Attributes:
        clock: Seconds, of all tries.
        core: Seconds of all cores together.
    """

    def __init__(self, path: Path) -> None:
        """Continues what the tries before this one spent."""
        self._path = path
        before = read_json(path) if path.exists() else {}
        self._clock_before = float(before.get("clock", 0.0))
        self._core_before = float(before.get("core", 0.0))
        self._began: tuple[float, float] | None = None
        self._written = 0.0

    @property
    def clock(self) -> float:
        """Seconds, of all tries."""
        return self._clock_before + (time.monotonic() - self._began[0] if self._began else 0.0)

    @property
    def core(self) -> float:
        """Seconds of all cores together."""
        return self._core_before + (time.process_time() - self._began[1] if self._began else 0.0)

    def __enter__(self) -> Self:
        self._began = time.monotonic(), time.process_time()
        self._written = time.monotonic()
        return self

    def tick(self, _step: object = None) -> None:
        """Writes what was spent now and then; to be called after every step."""
        if time.monotonic() - self._written > _EVERY_S:
            self._write()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._clock_before, self._core_before, self._began = self.clock, self.core, None
        self._write()

    def _write(self) -> None:
        self._written = time.monotonic()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, json_text({"clock": self.clock, "core": self.core}))
