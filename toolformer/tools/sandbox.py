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
from dataclasses import dataclass
from typing import Any

from toolformer.errors import ToolError
from toolformer.tools.base import Tool, ToolContext

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from toolformer.tools.worker import main; main(sys.argv[2], int(sys.argv[3]))"
)
_MAX_REPLY = 1 << 20  # bytes; a reply is a folded output, anything longer is none


class WorkerLostError(ToolError):
    """A worker process was stopped or ended by itself: another try may end otherwise."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker process may use."""

    timeout_s: float = 10.0  # for one call
    memory_bytes: int = 2 << 30
    start_s: float = 60.0  # for importing the tool's file


class Sandbox:
    """The worker processes of some tools, by spec."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._idle: dict[str, list[_Worker]] = defaultdict(list)
        self._all: set[_Worker] = set()

    def run(self, tool: Tool, arguments: str, context: ToolContext) -> str:
        """Runs one call in a process that runs no other meanwhile.

        Raises:
            ToolError: The tool's failure, whatever it was.
            WorkerLostError: The process overran a limit or ended; the next call gets a new one.
        """
        worker = self._take(tool)
        try:
            output = worker.run(arguments, context)
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
        return output

    def close(self) -> None:
        """Ends the processes, also those in the middle of a call."""
        with self._lock:
            workers = list(self._all)
            self._all.clear()
            self._idle.clear()
        for worker in workers:
            worker.kill()

    def _take(self, tool: Tool) -> "_Worker":
        with self._lock:
            if self._idle[tool.spec]:
                return self._idle[tool.spec].pop()
        worker = _Worker(tool, self._limits)
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
                self._idle[worker.spec].append(worker)

    def _drop(self, worker: "_Worker") -> None:
        with self._lock:
            self._all.discard(worker)
        worker.kill()


class _Worker:
    """One process and the socket to it."""

    def __init__(self, tool: Tool, limits: Limits) -> None:
        self.spec = tool.spec
        self._name = tool.name
        self._limits = limits
        self._socket, theirs = socket.socketpair()
        command = [sys.executable, "-c", _BOOT, json.dumps(sys.path), tool.spec]
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

    def run(self, arguments: str, context: ToolContext) -> str:
        request = {"arguments": arguments, "context": context.to_json()}
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError:
            raise self._lost() from None
        reply = self._receive(self._limits.timeout_s, doing="for one call")
        if "output" in reply:
            return str(reply["output"])
        raise ToolError(str(reply.get("error")))

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
