"""What a campaign is: many trials drawn from a seed, each of which held or did not.

A module `tests/campaigns/NAME.py` has `TRIALS`, how many `make campaigns` makes of it, and
`campaign(random, trials, folder)`, which yields them. Equal seeds try equal things.
"""

import contextlib
import io
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing that was tried."""

    kind: str  # the row of the table in which it is counted
    what: str  # enough to try it again
    fault: str = ""  # what did not hold; empty when everything did


class Campaign(Protocol):
    """Yields trials; leaves nothing behind but what it wrote below the folder."""

    def __call__(self, draw: random.Random, trials: int, folder: Path, /) -> Iterator[Trial]: ...


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int | None  # None: it was stopped after its time; negative: by a signal
    stdout: str
    stderr: str
    seconds: float


def run_command(
    *arguments: str,
    folder: Path | None = None,
    timeout_s: float = 120,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
) -> Ended:
    """Runs `toolformer` in a process of its own."""
    start = time.monotonic()
    command = [sys.executable, "-m", "toolformer", *arguments]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | dict(environment or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    code: int | None
    try:
        out, err = process.communicate(stdin, timeout=timeout_s)
        code = process.returncode
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        code = None
    seconds = time.monotonic() - start
    return Ended(code, out.decode(errors="replace"), err.decode(errors="replace"), seconds)


class _TooLongError(BaseException):
    """Passes through whatever catches exceptions."""


def run_here(*arguments: str, timeout_s: float = 60) -> Ended:
    """Runs `toolformer` in this process: hundreds of trials in the time of ten processes.

    What would have been a traceback ends with code 70 and stands in `stderr`.
    """
    from toolformer.cli.main import run

    def too_long(*_: object) -> None:
        raise _TooLongError

    out, err = io.StringIO(), io.StringIO()
    code: int | None
    start = time.monotonic()
    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(arguments)
    except _TooLongError:
        code = None
    except BaseException:
        code = 70
        err.write(traceback.format_exc())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return Ended(code, out.getvalue(), err.getvalue(), time.monotonic() - start)


_TRACEBACK = "Traceback (most recent call last)"


def fault_of(ended: Ended, *, codes: tuple[int, ...] = (0, 1, 2)) -> str:
    """Returns what was wrong with an ending: a hang, a traceback, a signal, an exit in silence."""
    if ended.code is None:
        return f"not ended after {ended.seconds:.0f} s"
    if _TRACEBACK in ended.stderr:
        return f"traceback: {_raised(ended.stderr)}"
    if ended.code not in codes:
        last = ended.stderr.strip().splitlines()[-1:] or ["nothing on stderr"]
        return f"exit code {ended.code}: {last[0]}"
    if ended.code != 0 and not ended.stderr.strip():
        return f"exit code {ended.code} without a word"
    return ""


def _raised(stderr: str) -> str:
    """Returns where the last traceback of a text came from, and what it says."""
    lines = stderr[stderr.rindex(_TRACEBACK) :].splitlines()[1:]
    frames = [line.strip() for line in lines if line.startswith("  File ")]
    said = next((line for line in lines if line and not line.startswith(" ")), "?")
    return f"{said[:200]} ({frames[-1] if frames else 'no frame'})"
