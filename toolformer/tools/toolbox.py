"""Running calls: identical ones once, several at a time, never raising for a tool's failure."""

import inspect
import os
import threading
import weakref
from collections import deque
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

from toolformer.calls import ToolCall
from toolformer.errors import ConfigError, UnknownNameError, closest
from toolformer.threads import Threads
from toolformer.tools.base import MOST_WAITING, Tool
from toolformer.tools.context import Ask, ToolContext
from toolformer.tools.execution.cache import ResultCache
from toolformer.tools.execution.running import Job, Runner, batches, close_tools
from toolformer.tools.execution.sandbox import Limits, Sandbox
from toolformer.tools.execution.stored import StoredResults
from toolformer.tools.registry import Tools, as_tools, shared_spec
from toolformer.tools.result import ToolResult


class Toolbox(Mapping[str, Tool]):
    """Some tools by name, and the processes that other people's run in.

    Names are found in any case. Leaving it as a context manager closes it.

    >>> with Toolbox(["calculator"]) as toolbox:
    ...     [result] = toolbox.execute([ToolCall("Calculator", "400 / 1400")])
    >>> result.output
    '0.29'
    """

    def __init__(
        self,
        tools: Tools,
        *,
        workers: int | None = None,
        timeout_s: float = 10.0,
        memory_bytes: int = 2 << 30,
        results: Path | None = None,
    ) -> None:
        """Creates a toolbox over `tools`.

        Args:
            tools: Tools of different names; the specs of some, and functions, are made tools.
            workers: How many calls of a tool run at a time where it does not say so itself; by
                default at most four, and 32 of async functions, which wait together.
            timeout_s: For one call of an isolated tool that does not say so itself; a batch has as
                much for each of its calls.
            memory_bytes: For the process of an isolated tool.
            results: A directory in which results of pure tools are kept, and from which they are
                given again, to this program and any other; in memory alone when None.

        Raises:
            ConfigError: Two tools have one name, or one asks for what its process cannot have.
        """
        tools = as_tools(tools)
        self._tools = {tool.name.casefold(): tool for tool in tools}
        if len(self._tools) < len(tools):
            names = ", ".join(tool.name for tool in tools)
            raise ConfigError(f"Two tools have the same name: {names}.")
        for tool in tools:
            _check_reach(tool)
        self._workers = workers
        self._cache = ResultCache[ToolResult]()
        self._impure = threading.Lock()
        sandbox = Sandbox(Limits(timeout_s=timeout_s, memory_bytes=memory_bytes))
        stored = None if results is None else StoredResults(results)
        self._runner = Runner(sandbox, self._cache, stored)
        most = sum(map(self._at_once, tools))
        self._threads = Threads(most, name="toolbox")
        self._ask: Ask | None = None
        self._held = tools
        self._finalizer = weakref.finalize(self, _close, self._threads, sandbox, self._held, stored)

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

    def __repr__(self) -> str:
        """Returns how its tools are called."""
        return f"Toolbox({', '.join(tool.signature for tool in self._tools.values())})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self, *, keep: Sequence[Tool] = ()) -> None:
        """Ends the worker processes and closes the tools; nothing can be run any more.

        Args:
            keep: Tools that are needed elsewhere: what they hold stays open.
        """
        kept = [tool.close for tool in keep]
        self._held[:] = [tool for tool in self._held if tool.close not in kept]
        self._finalizer()

    @contextmanager
    def lending(self, ask: Ask | None) -> Iterator[None]:
        """Lends a language model to the tools that ask one, where a call's context lends none."""
        before, self._ask = self._ask, ask
        try:
            yield
        finally:
            self._ask = before

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
        pure: dict[Hashable, tuple[Job, list[int]]] = {}
        impure: list[tuple[Job, list[int]]] = []
        for index, (call, context) in enumerate(zip(calls, contexts, strict=True)):
            if context.ask is None and self._ask is not None:
                context = replace(context, ask=self._ask)
            try:
                job = Job(self[call.tool], call, context)
            except UnknownNameError as error:
                results[index] = ToolResult(call, error=str(error))
                continue
            if not job.tool.pure:
                impure.append((job, [index]))
            elif known := self._runner.known(job):
                results[index] = replace(known, call=call, seconds=0.0)
            else:
                pure.setdefault(job.key, (job, []))[1].append(index)
        outcomes = self._run_at_once([job for job, _ in pure.values()])
        if impure:  # else a slow one of another batch would hold this one up
            with self._impure:
                outcomes += [self._runner.run(job) for job, _ in impure]
        places = [indices for _, indices in (*pure.values(), *impure)]
        for result, (first, *others) in zip(outcomes, places, strict=True):
            results[first] = result
            for index in others:
                results[index] = replace(result, call=calls[index], seconds=0.0)
        return [result for result in results if result is not None]

    def _at_once(self, tool: Tool) -> int:
        """Returns how many calls of a tool run at a time."""
        waits = inspect.iscoroutinefunction(tool.run) and not tool.isolated
        return tool.at_once or self._workers or (MOST_WAITING if waits else _most_running())

    def _run_at_once(self, jobs: Sequence[Job]) -> list[ToolResult]:
        """Runs jobs in threads, in those of its own for each tool: a slow one holds up no other.

        A thread takes the next job, or the next batch, until none of its tool is left. Tools that
        share processes share threads.
        """
        results: dict[int, ToolResult] = {}

        def work(waiting: deque[list[int]]) -> None:
            while waiting:
                if not self._finalizer.alive:
                    raise RuntimeError("the toolbox was closed while its calls ran")
                try:
                    places = waiting.popleft()
                except IndexError:  # another thread was faster
                    return
                ran = self._runner.run_batch([jobs[index] for index in places])
                results.update(zip(places, ran, strict=True))

        lanes: dict[str, deque[list[int]]] = {}
        most: dict[str, int] = {}
        for places in batches(jobs):
            tool = jobs[places[0]].tool
            home = shared_spec(tool.spec) if tool.isolated else tool.name
            lanes.setdefault(home, deque()).append(places)
            most[home] = max(most.get(home, 0), self._at_once(tool))
        if sum(map(len, lanes.values())) < 2:
            for lane in lanes.values():
                work(lane)
        else:
            working = [
                self._threads.submit(work, lane)
                for home, lane in lanes.items()
                for _ in range(min(most[home], len(lane)))
            ]
            for each in working:
                each.result()
        return [results[index] for index in range(len(jobs))]


class _UnknownToolError(UnknownNameError, KeyError):
    """Also a KeyError, so that `name in toolbox` and `toolbox.get(name)` work."""

    __str__ = UnknownNameError.__str__


def _most_running() -> int:
    """Returns how many calls that compute run at a time."""
    return min(4, os.cpu_count() or 1)


def _check_reach(tool: Tool) -> None:
    out_of_reach = [name for name in tool.context if name not in ToolContext.data_names()]
    if tool.isolated and out_of_reach:
        raise ConfigError(
            f"The tool {tool.name} asks for the context field {out_of_reach[0]!r}, which cannot be "
            "handed to a process of its own; make the Tool in your program, or let it do without."
        )


def _close(
    threads: Threads, sandbox: Sandbox, tools: Sequence[Tool], stored: StoredResults | None
) -> None:
    threads.shutdown(wait=False, cancel_futures=True)
    sandbox.close()
    close_tools(tools)
    if stored is not None:
        stored.close()
