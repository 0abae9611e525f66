"""Running calls: identical ones once, several at a time, never raising for a tool's failure."""

import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Self

from toolformer.calls import ToolCall
from toolformer.errors import ConfigError, ToolError, UnknownNameError, closest
from toolformer.tools.base import Tool, ToolContext, ToolResult
from toolformer.tools.cache import ResultCache
from toolformer.tools.output import fold
from toolformer.tools.sandbox import Limits, Sandbox, WorkerLostError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    """A call with its tool and what it may know."""

    tool: Tool
    call: ToolCall
    context: ToolContext

    @property
    def key(self) -> Hashable:
        """Everything the output of a pure tool depends on."""
        fields = self.context.fields(self.tool.context)
        return (self.tool.name, self.tool.spec, self.call.arguments, tuple(fields.values()))


class Toolbox(Mapping[str, Tool]):
    """Some tools by name, and the processes that other people's run in.

    Names are found in any case. Leaving it as a context manager ends the processes.

    >>> from toolformer.tools.builtin.calculator import calculator
    >>> with Toolbox([calculator]) as toolbox:
    ...     [result] = toolbox.execute([ToolCall("Calculator", "400 / 1400")])
    >>> result.output
    '0.29'
    """

    def __init__(
        self,
        tools: Sequence[Tool],
        *,
        workers: int | None = None,
        timeout_s: float = 10.0,
        memory_bytes: int = 2 << 30,
    ) -> None:
        """Takes tools in.

        Args:
            tools: Tools of different names.
            workers: How many calls run at a time; by default at most four.
            timeout_s: For one call of an isolated tool.
            memory_bytes: For the process of an isolated tool.

        Raises:
            ConfigError: Two tools have one name.
        """
        self._tools = {tool.name.casefold(): tool for tool in tools}
        if len(self._tools) < len(tools):
            names = ", ".join(tool.name for tool in tools)
            raise ConfigError(f"Two tools have the same name: {names}.")
        self._workers = workers or min(4, os.cpu_count() or 1)
        self._cache = ResultCache[ToolResult]()
        self._impure = threading.Lock()
        self._sandbox = Sandbox(Limits(timeout_s=timeout_s, memory_bytes=memory_bytes))
        self._threads = ThreadPoolExecutor(self._workers, thread_name_prefix="toolbox")
        self._finalizer = weakref.finalize(self, _close, self._threads, self._sandbox)

    def __getitem__(self, name: str) -> Tool:
        """Returns the tool of a name.

        Raises:
            UnknownNameError: There is none; a KeyError too, as of any mapping.
        """
        try:
            return self._tools[name.casefold()]
        except KeyError:
            raise _UnknownToolError(closest(name, list(self), what="tool")) from None

    def __iter__(self) -> Iterator[str]:
        return (tool.name for tool in self._tools.values())

    def __len__(self) -> int:
        return len(self._tools)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the worker processes; the toolbox runs nothing any more."""
        self._finalizer()

    def execute(
        self,
        calls: Sequence[ToolCall],
        contexts: ToolContext | Sequence[ToolContext] | None = None,
    ) -> list[ToolResult]:
        """Runs calls and returns their results in the same order.

        Identical calls of a pure tool run once, now and in later batches. Calls of impure tools
        run one after another in the order given, each of them. A result that another call had
        already brought took 0 seconds.

        Args:
            calls: The calls, in the order of the text.
            contexts: What the tools may know: one for all calls, or one for each.

        Returns:
            A result for each call: whatever a tool does, its failure is an error in there.
        """
        if not isinstance(contexts, Sequence):
            contexts = [contexts or ToolContext()] * len(calls)
        results: list[ToolResult | None] = [None] * len(calls)
        pure: dict[Hashable, tuple[_Job, list[int]]] = {}
        impure: list[tuple[_Job, list[int]]] = []
        for index, (call, context) in enumerate(zip(calls, contexts, strict=True)):
            try:
                job = _Job(self[call.tool], call, context)
            except UnknownNameError as error:
                results[index] = ToolResult(call, error=str(error))
                continue
            if not job.tool.pure:
                impure.append((job, [index]))
            elif known := self._cache.get(job.key):
                results[index] = replace(known, call=call, seconds=0.0)
            else:
                pure.setdefault(job.key, (job, []))[1].append(index)
        for result, indices in self._run_all(list(pure.values()), impure):
            first, *others = indices
            results[first] = result
            for index in others:
                results[index] = replace(result, call=calls[index], seconds=0.0)
        return [result for result in results if result is not None]

    def _run_all(
        self, pure: list[tuple[_Job, list[int]]], impure: list[tuple[_Job, list[int]]]
    ) -> list[tuple[ToolResult, list[int]]]:
        outcomes = self._run_at_once([job for job, _ in pure])
        if impure:  # else a slow one of another batch would hold this one up
            with self._impure:
                outcomes += [self._run(job) for job, _ in impure]
        indices = [places for _, places in pure + impure]
        return list(zip(outcomes, indices, strict=True))

    def _run_at_once(self, jobs: Sequence[_Job]) -> list[ToolResult]:
        """Runs jobs in all threads; each takes the next job until none is left."""
        if len(jobs) < 2:
            return [self._run(job) for job in jobs]
        waiting = deque(enumerate(jobs))
        results: dict[int, ToolResult] = {}

        def work() -> None:
            while waiting:
                try:
                    index, job = waiting.popleft()
                except IndexError:  # another thread was faster
                    return
                results[index] = self._run(job)

        working = [self._threads.submit(work) for _ in range(min(self._workers, len(jobs)))]
        for each in working:
            each.result()
        return [results[index] for index in range(len(jobs))]

    def _run(self, job: _Job) -> ToolResult:
        start = time.perf_counter()
        output, error, is_final = None, None, True
        try:
            output = self._output(job)
        except WorkerLostError as lost:
            error, is_final = str(lost), False
        except ToolError as failure:
            error = str(failure)
        except Exception as raised:  # noqa: BLE001  a tool's failure is a value, whatever it raises
            _log.warning("The tool %s failed.", job.tool.name, exc_info=True)
            error = f"{job.tool.name} raised {type(raised).__name__}: {raised}"
        result = ToolResult(
            job.call,
            output=output,
            error=None if error is None else fold(error),
            seconds=time.perf_counter() - start,
        )
        if job.tool.pure and is_final:
            self._cache.put(job.key, result)
        return result

    def _output(self, job: _Job) -> str:
        if job.tool.isolated:
            return self._sandbox.run(job.tool, job.call.arguments, job.context)
        return job.tool.execute(job.call.arguments, job.context)


class _UnknownToolError(UnknownNameError, KeyError):
    """Also a KeyError, so that `name in toolbox` and `toolbox.get(name)` work."""

    __str__ = UnknownNameError.__str__


def _close(threads: ThreadPoolExecutor, sandbox: Sandbox) -> None:
    threads.shutdown(wait=False, cancel_futures=True)
    sandbox.close()
