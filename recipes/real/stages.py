"""Commands that each make a directory: run once, resumed after a kill, with a log of their times.

Knows no model and no task. A stage that is done is not run again; one that was killed is run again
and continues by itself. Under a time budget a stage that outlasts its part of it is stopped, and
the next one makes the best of what is there.
"""

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

LOG = "log.jsonl"
FINISHED, STOPPED, FAILED = "finished", "stopped", "failed"
_PATIENCE_S = 10.0  # for a command that was asked to end


@dataclass(frozen=True, slots=True)
class Stage:
    """A command and what it makes."""

    name: str
    command: tuple[str, ...]
    made: Path  # a directory
    mark: str  # the file in it that is written last
    share: float  # of a time budget that may be spent when it ends, from 0 to 1

    @property
    def is_done(self) -> bool:
        """Whether it was run to its end."""
        return (self.made / self.mark).exists()


@dataclass(frozen=True, slots=True)
class Budget:
    """So many minutes from a moment on."""

    minutes: float
    began: float  # time.monotonic()

    def left_s(self, stage: Stage, now: float) -> float:
        """Returns how many seconds a stage may take.

        >>> half = Stage("tune", (), Path("tuned"), "config.json", share=0.5)
        >>> Budget(minutes=10, began=1000.0).left_s(half, now=1100.0)
        200.0
        """
        return self.began + 60 * self.minutes * stage.share - now


def run_stages(stages: Iterable[Stage], *, folder: Path, budget: Budget | None = None) -> None:
    """Runs what is not done, one after the other, and notes the times in the folder's log.

    Args:
        stages: each is asked for when those before it have been run, so that it can look at what
            they made.
        folder: has the log.
        budget: None for as long as it takes.

    Raises:
        SystemExit: a command fails, and there is no budget under which the others continue.
    """
    for stage in stages:
        if stage.is_done:
            continue
        left_s = None if budget is None else budget.left_s(stage, time.monotonic())
        if left_s is not None and left_s <= 0:
            note(folder, stage.name, 0.0, STOPPED)
            continue
        began = time.monotonic()
        state = _run(stage, limit_s=left_s)
        note(folder, stage.name, time.monotonic() - began, state)
        if state == FAILED and budget is None:
            raise SystemExit(f"{stage.name} failed: correct it and run the same command again.")


def note(folder: Path, name: str, seconds: float, state: str) -> None:
    """Adds a line to the log: a stage, when and how it ended, what it took in this try."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    line = {"stage": name, "ended": when, "seconds": round(seconds, 1), "state": state}
    with (folder / LOG).open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")
    print(f"{when} {name}: {state} after {seconds:.0f} s", file=sys.stderr, flush=True)


def seconds_by_stage(folder: Path) -> dict[str, float]:
    """Returns how long each stage took, all tries together, in the order of the log."""
    taken: dict[str, float] = {}
    path = folder / LOG
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        row = json.loads(line)
        taken[row["stage"]] = taken.get(row["stage"], 0.0) + row["seconds"]
    return taken


def _run(stage: Stage, *, limit_s: float | None) -> str:
    """Runs a command; returns how it ended."""
    print(f"$ {shlex.join(['python', *stage.command[1:]])}", file=sys.stderr, flush=True)
    process = subprocess.Popen(stage.command, stdout=sys.stderr)  # noqa: S603  our own commands
    try:
        return FINISHED if process.wait(limit_s) == 0 else FAILED
    except subprocess.TimeoutExpired:
        return STOPPED
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
