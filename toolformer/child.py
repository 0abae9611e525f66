"""A process of our own interpreter and the line to it: a line of JSON goes there, one comes back.

It is started afresh, not forked or spawned by `multiprocessing`: neither the program's threads nor
its main module may be run a second time. Knows no tool and no query.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import weakref
from pathlib import Path
from typing import Any

_SEND_S = 5.0  # for handing over a line: the other end reads while it is idle
_BOOT = (
    "import json, runpy, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "runpy.run_path(sys.argv[2])['main'](*sys.argv[3:])"
)


_alive: "weakref.WeakSet[Child]" = weakref.WeakSet()


class LostError(Exception):
    """The process ended, or the line to it is closed or garbled; a sentence says how."""


class Child:
    """One process, in which `main` of a Python file runs; its standard input is the line."""

    def __init__(self, file: Path, *arguments: str, name: str) -> None:
        """Starts the process and does not wait for it.

        Args:
            file: The file. It is not imported by its name, which would import the packages around
                it; what it imports itself is all that has to be waited for.
            arguments: What its `main` gets.
            name: The tool that runs in it, for sentences; it may be changed.
        """
        self.name = name
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  our own interpreter, no shell
                [sys.executable, "-c", _BOOT, json.dumps(sys.path), str(file), *arguments],
                stdin=theirs.fileno(),
                stdout=2,
                start_new_session=True,  # Ctrl-C is ours to handle; a kill takes its children along
            )
        _alive.add(self)

    def send(self, message: object) -> None:
        """Sends a line.

        Raises:
            LostError: Nobody is there to read it.
        """
        self._line.settimeout(_SEND_S)
        try:
            self._line.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            raise self._lost() from None

    def has_sent(self, timeout_s: float) -> bool:
        """Returns whether something comes within a time: a line begins, or it has ended."""
        self._line.settimeout(timeout_s)
        try:
            self._line.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return False
        except OSError:
            return True
        return True

    def receive(self, timeout_s: float, *, max_bytes: int) -> dict[str, Any]:
        """Returns the next line.

        Raises:
            TimeoutError: There was none in time.
            LostError: There will be none, or not one that can be read.
        """
        deadline = time.monotonic() + timeout_s
        received = bytearray()
        while not received.endswith(b"\n"):
            self._line.settimeout(max(deadline - time.monotonic(), 1e-3))
            try:
                piece = self._line.recv(1 << 16)
            except TimeoutError:
                raise
            except OSError:
                piece = b""
            if not piece or len(received) > max_bytes:
                raise self._lost()
            received += piece
            if time.monotonic() > deadline and not received.endswith(b"\n"):
                raise TimeoutError
        try:
            reply = json.loads(received)
        except (ValueError, RecursionError):
            raise self._lost() from None
        return reply if isinstance(reply, dict) else {}

    def hang_up(self) -> None:
        """Lets an idle process put its things in order and end."""
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_WR)

    def wait(self, timeout_s: float) -> None:
        """Waits until the process has ended, at most so long."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)

    def kill(self, *, wait: bool = True) -> None:
        """Ends the process and those it started."""
        _alive.discard(self)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        if wait:
            self._process.wait()
            self._line.close()

    def _lost(self) -> LostError:
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return LostError(f"{self.name} closed the line to its process; it was stopped.")
        if status < 0:
            return LostError(
                f"The process of {self.name} was killed by {signal.Signals(-status).name}."
            )
        return LostError(f"{self.name} ended its process with exit status {status}.")


def kill_children() -> None:
    """Kills all of them, for when there is no time to close anything."""
    for child in list(_alive):
        child.kill(wait=False)


def serve() -> socket.socket:
    """Returns the child's end of the line; standard input and output are nobody's from here on."""
    line = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # what reads its input must not read the line
    os.dup2(2, 1)  # nor may what prints write into the program's answer
    return line


def limit_memory(memory_bytes: int) -> None:
    """Makes the process that calls it fail where it would need more memory."""
    # Data rather than address space: libraries map far more than they use.
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):  # not every system has this limit
        print("toolformer: this system sets no memory limit for tools.", file=sys.stderr)  # noqa: T201
