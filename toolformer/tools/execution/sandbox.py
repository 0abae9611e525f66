"""Worker processes for other people's tools: started when needed, killed when they overrun."""

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolformer.child import Child, LostError
from toolformer.errors import ToolError, ToolUnavailableError
from toolformer.tools.base import Tool
from toolformer.tools.context import ToolContext
from toolformer.tools.registry import shared_spec

_WORKER = Path(__file__).with_name("worker.py")
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
        self._is_closed = False

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
            limit = tool.timeout_s or self._limits.timeout_s
            outcomes = worker.run(tool.name, calls, contexts, timeout_s=limit)
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
        """Ends the processes: idle ones close their tools, those in a call are killed.

        No other is started: calls that were still to come fail.
        """
        with self._lock:
            self._is_closed = True
            idle = [worker for workers in self._idle.values() for worker in workers]
            busy = self._all.difference(idle)
            self._all.clear()
            self._idle.clear()
        for worker in idle:
            worker.child.hang_up()
        for worker in busy:
            worker.child.kill()
        deadline = time.monotonic() + _CLOSE_S
        for worker in idle:
            worker.child.wait(max(0.0, deadline - time.monotonic()))
            worker.child.kill()

    def _take(self, tool: Tool) -> "_Worker":
        home = _Home(shared_spec(tool.spec), tool.pure)
        with self._lock:
            if not self._is_closed and self._idle[home]:
                return self._idle[home].pop()
            if self._is_closed:
                raise WorkerLostError(f"{tool.name} was not run: its toolbox is closed.")
            worker = _Worker(home, tool.name, self._limits)
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
        worker.child.kill()


class _Worker:
    """One process, in which the tools of one spec are."""

    def __init__(self, home: _Home, name: str, limits: Limits) -> None:
        self.home = home
        self.child = Child(_WORKER, home.spec, str(limits.memory_bytes), name=name)
        self._limits = limits

    def wait_until_ready(self) -> None:
        reply = self._receive(self._limits.start_s, doing="to start")
        if "ready" not in reply:
            name = self.child.name
            raise WorkerLostError(f"{name} could not be started: {reply.get('error')}")

    def run(
        self, name: str, calls: Sequence[str], contexts: Sequence[ToolContext], *, timeout_s: float
    ) -> list[str | ToolError]:
        self.child.name = name
        known = [context.to_json() for context in contexts]
        try:
            self.child.send({"tool": name, "calls": calls, "contexts": known})
        except LostError as error:
            raise WorkerLostError(str(error)) from None
        number = len(calls)
        doing = "for one call" if number == 1 else f"for {number} calls"
        reply = self._receive(timeout_s * number, doing=doing)
        results = reply.get("results")
        if not isinstance(results, list) or len(results) != number:
            raise _failure(reply)
        return [each.get("output") or _failure(each) for each in results]

    def _receive(self, timeout_s: float, *, doing: str) -> dict[str, Any]:
        try:
            return self.child.receive(timeout_s, max_bytes=_MAX_REPLY)
        except TimeoutError:
            name = self.child.name
            raise WorkerLostError(
                f"{name} took longer than {timeout_s:g} s {doing} and was stopped."
            ) from None
        except LostError as error:
            raise WorkerLostError(str(error)) from None


def _failure(reply: dict[str, Any]) -> ToolError:
    if "unavailable" in reply:
        return ToolUnavailableError(str(reply["unavailable"]))
    return ToolError(str(reply.get("error")))
