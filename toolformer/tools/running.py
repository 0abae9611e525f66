"""Running calls of one tool, in this process or a worker: whatever it does becomes a result."""

import logging
import time
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from toolformer.calls import ToolCall
from toolformer.errors import ToolError
from toolformer.tools.base import Tool, ToolContext, ToolResult
from toolformer.tools.cache import ResultCache
from toolformer.tools.output import finished, fold
from toolformer.tools.sandbox import Sandbox, WorkerLostError

MAX_BATCH = 64  # calls that are given to `run_batch` together

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A call with its tool and what it may know.

    Attributes:
        tool: The tool.
        call: The call.
        context: What the tool may know.
        key: Everything that the output of a pure tool depends on, as it was before the call.
    """

    tool: Tool
    call: ToolCall
    context: ToolContext
    key: Hashable = field(init=False)

    def __post_init__(self) -> None:
        data = [name for name in self.tool.context if name in ToolContext.data_names()]
        state = None if self.tool.state is None else self.tool.state()
        fields = self.context.fields(data).values()
        key = (self.tool.name, self.tool.spec, self.call.arguments, *fields, state)
        object.__setattr__(self, "key", key)


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs jobs, and keeps the results of pure tools."""

    sandbox: Sandbox
    cache: ResultCache[ToolResult]

    def run(self, job: Job) -> ToolResult:
        """Runs one job."""
        start = time.perf_counter()
        outcome: str | Exception
        try:
            [outcome] = self._outcomes([job])
        except Exception as raised:  # noqa: BLE001  a tool's failure is a value, whatever it raises
            outcome = raised
        return self._result(job, outcome, seconds=time.perf_counter() - start)

    def run_batch(self, jobs: Sequence[Job]) -> list[ToolResult]:
        """Runs jobs of one tool together; one by one where the batch fails as a whole."""
        if len(jobs) < 2:
            return [self.run(job) for job in jobs]
        start = time.perf_counter()
        try:
            outcomes = self._outcomes(jobs)
        except Exception:  # noqa: BLE001  one of the calls may have failed all of them
            _log.info("A batch of %s failed; its calls run one by one.", jobs[0].tool.name)
            return [self.run(job) for job in jobs]
        each_s = (time.perf_counter() - start) / len(jobs)
        pairs = zip(jobs, outcomes, strict=True)
        return [self._result(job, outcome, seconds=each_s) for job, outcome in pairs]

    def _outcomes(self, jobs: Sequence[Job]) -> Sequence[str | Exception]:
        tool = jobs[0].tool
        calls = [job.call.arguments for job in jobs]
        contexts = [job.context for job in jobs]
        if tool.isolated:
            return self.sandbox.run(tool, calls, contexts)
        if len(jobs) > 1:
            return tool.execute_batch(calls, contexts)
        return [tool.execute(calls[0], contexts[0])]

    def _result(self, job: Job, outcome: str | Exception, *, seconds: float) -> ToolResult:
        match outcome:
            case str():
                result = ToolResult(job.call, output=outcome, seconds=seconds)
            case ToolError():
                result = ToolResult(job.call, error=fold(str(outcome)), seconds=seconds)
            case _:
                _log.warning("The tool %s failed.", job.tool.name, exc_info=outcome)
                error = f"{job.tool.name} raised {type(outcome).__name__}: {outcome}"
                result = ToolResult(job.call, error=fold(error), seconds=seconds)
        # A worker that was lost may be lost for reasons of its own.
        if job.tool.pure and not isinstance(outcome, WorkerLostError):
            self.cache.put(job.key, result)
        return result


def close_tools(tools: Sequence[Tool]) -> None:
    """Closes tools; what several of them hold together is closed once."""
    closed: list[object] = []
    for each in tools:
        if each.close is None or each.close in closed:
            continue
        closed.append(each.close)
        try:
            finished(each.close())
        except Exception:  # noqa: BLE001  the others must be closed too
            _log.warning("The tool %s could not be closed.", each.name, exc_info=True)


def batches(jobs: Sequence[Job]) -> Iterator[list[int]]:
    """Yields the places of the jobs that run together: those of a tool that takes batches."""
    waiting: dict[str, list[int]] = {}
    for index, job in enumerate(jobs):
        if job.tool.run_batch is None:
            yield [index]
        else:
            waiting.setdefault(job.tool.name, []).append(index)
    for places in waiting.values():
        for start in range(0, len(places), MAX_BATCH):
            yield places[start : start + MAX_BATCH]
