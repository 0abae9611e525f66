"""Worker processes for other people's tools: started when needed, killed when they overrun.

Processes are started afresh, not forked or spawned by `multiprocessing`: neither the program's
threads nor its main module may be run a second time.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from toolformer.errors import ToolError, ToolUnavailableError
from toolformer.tools.base import Tool, ToolContext
from toolformer.tools.registry import shared_spec

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from toolformer.tools.worker import main; main(sys.argv[2], int(sys.argv[3]))"
)
_MAX_REPLY = 1 << 20  # bytes; a reply is at most 64 folded outputs
_CLOSE_S = 2.0  # for tools that are closed in an idle worker


class WorkerLostError(ToolUnavailableError):
    """A worker process was stopped or ended by itself: another try may end otherwise."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a worker process."""

    timeout_s: float = 10.0  # for one call
    memory_bytes: int = 2 << 30
    start_s: float = 60.0  # for importing the tool's file


@dataclass(frozen=True, slots=True)
class _Home:
    """Tools that share processes: those of one spec.

    The impure ones have one process, apart: they find the state there that they left.
    """

    spec: str
    is_pure: bool


class Sandbox:
    """The worker processes of some tools."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._idle: dict[_Home, list[_Worker]] = defaultdict(list)
        self._all: set[_Worker] = set()

    def run(
        self, tool: Tool, calls: Sequence[str], contexts: Sequence[ToolContext]
    ) -> list[str | ToolError]:
        """Runs calls of one tool, several as a batch, in a process that runs no other meanwhile.

        Returns:
            For each call its output, or how it failed.

        Raises:
            ToolError: A batch failed as a whole.
            WorkerLostError: The process overran a limit or ended; the next call gets a new one.
        """
        worker = self._take(tool)
        try:
            outcomes = worker.run(tool.name, calls, contexts)
        except WorkerLostError:
            self._drop(worker)
            raise
        except ToolError:
            self._give_back(worker)
            raise
        except BaseException:  # Ctrl-C: its answer to this call must not be taken for the next's
            self._drop(worker)
            raise
        self._give_back(worker)
        return outcomes

    def close(self) -> None:
        """Ends the processes: idle ones close their tools, those in a call are killed."""
        with self._lock:
            workers = list(self._all)
            idle = [worker for workers in self._idle.values() for worker in workers]
            self._all.clear()
            self._idle.clear()
        for worker in idle:
            worker.hang_up()
        for worker in idle:
            worker.wait(_CLOSE_S)
        for worker in workers:
            worker.kill()

    def _take(self, tool: Tool) -> "_Worker":
        home = _Home(shared_spec(tool.spec), tool.pure)
        with self._lock:
            if self._idle[home]:
                return self._idle[home].pop()
        worker = _Worker(home, tool.name, self._limits)
        with self._lock:
            self._all.add(worker)
        try:
            worker.wait_until_ready()
        except BaseException:
            self._drop(worker)
            raise
        return worker

    def _give_back(self, worker: "_Worker") -> None:
        with self._lock:
            if worker in self._all:  # not closed meanwhile
                self._idle[worker.home].append(worker)

    def _drop(self, worker: "_Worker") -> None:
        with self._lock:
            self._all.discard(worker)
        worker.kill()


class _Worker:
    """One process and the socket to it."""

    def __init__(self, home: _Home, name: str, limits: Limits) -> None:
        self.home = home
        self._name = name  # of the tool that it runs or ran, for messages
        self._limits = limits
        self._socket, theirs = socket.socketpair()
        command = [sys.executable, "-c", _BOOT, json.dumps(sys.path), home.spec]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  our own interpreter, no shell
                [*command, str(limits.memory_bytes)],
                stdin=theirs.fileno(),
                stdout=2,
                start_new_session=True,  # Ctrl-C is ours to handle; a kill takes its children along
            )

    def wait_until_ready(self) -> None:
        reply = self._receive(self._limits.start_s, doing="to start")
        if "ready" not in reply:
            raise WorkerLostError(f"{self._name} could not be started: {reply.get('error')}")

    def run(
        self, name: str, calls: Sequence[str], contexts: Sequence[ToolContext]
    ) -> list[str | ToolError]:
        self._name = name
        known = [context.to_json() for context in contexts]
        request = {"tool": name, "calls": calls, "contexts": known}
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError:
            raise self._lost() from None
        number = len(calls)
        doing = "for one call" if number == 1 else f"for {number} calls"
        reply = self._receive(self._limits.timeout_s * number, doing=doing)
        results = reply.get("results")
        if not isinstance(results, list) or len(results) != number:
            raise _failure(reply)
        return [each.get("output") or _failure(each) for each in results]

    def hang_up(self) -> None:
        """Lets an idle process close its tools and end."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def wait(self, timeout_s: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._socket.close()

    def _receive(self, timeout_s: float, *, doing: str) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        received = bytearray()
        while not received.endswith(b"\n"):
            self._socket.settimeout(max(deadline - time.monotonic(), 1e-3))
            try:
                piece = self._socket.recv(1 << 16)
            except TimeoutError:
                raise WorkerLostError(
                    f"{self._name} took longer than {timeout_s:g} s {doing} and was stopped."
                ) from None
            except OSError:
                piece = b""
            if not piece or len(received) > _MAX_REPLY:
                raise self._lost()
            received += piece
        try:
            reply = json.loads(received)
        except ValueError:
            raise self._lost() from None
        return reply if isinstance(reply, dict) else {}

    def _lost(self) -> WorkerLostError:
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return WorkerLostError(f"{self._name} closed the line to its process; it was stopped.")
        if status < 0:
            return WorkerLostError(
                f"The process of {self._name} was killed by {signal.Signals(-status).name}."
            )
        return WorkerLostError(f"{self._name} ended its process with exit status {status}.")


def _failure(reply: dict[str, Any]) -> ToolError:
    if "unavailable" in reply:
        return ToolUnavailableError(str(reply["unavailable"]))
    return ToolError(str(reply.get("error")))
