"""Running calls of one tool, in this process or a worker: whatever it does becomes a result."""

import errno
import logging
import time
import weakref
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from socket import gaierror

from toolformer._version import __version__
from toolformer.calls import ToolCall
from toolformer.errors import ToolError, ToolUnavailableError, is_interrupt, told
from toolformer.specs.stamps import stamp_files
from toolformer.tools.base import Tool
from toolformer.tools.context import ToolContext
from toolformer.tools.execution.cache import ResultCache
from toolformer.tools.execution.patience import Patience
from toolformer.tools.execution.sandbox import Sandbox, WorkerLostError
from toolformer.tools.execution.stored import Answered, StoredResults
from toolformer.tools.output import finished, fold
from toolformer.tools.result import ToolResult

MAX_BATCH = 64  # calls that are given to `run_batch` together

_NETWORK_ERRORS = frozenset(
    getattr(errno, name)
    for name in (
        "ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN",
        "ENETRESET", "ENETUNREACH", "ENOTCONN", "EPIPE", "ETIMEDOUT",
    )
    if hasattr(errno, name)
)  # fmt: skip
_SERVER_FAILED = frozenset({408, 429, *range(500, 600)})  # statuses of HTTP
# Exceptions that are for the network alone, where what the system raised is not kept with them.
_OF_LIBRARIES = frozenset(
    {
        "http.client.HTTPException",
        "aiohttp.client_exceptions.ClientConnectionError",
        "aiohttp.client_exceptions.ClientPayloadError",
        "httpcore.NetworkError",
        "httpcore.TimeoutException",
        "httpx.TransportError",
        "openai.APIConnectionError",
        "requests.exceptions.ChunkedEncodingError",
        "requests.exceptions.ConnectionError",
        "requests.exceptions.Timeout",
        "ssl.SSLEOFError",
        "ssl.SSLZeroReturnError",
        "urllib3.exceptions.ProtocolError",
        "urllib3.exceptions.RequestError",
        "urllib3.exceptions.TimeoutError",
    }
)

_log = logging.getLogger(__name__)


class NotAskedError(ToolUnavailableError):
    """A tool was left alone for a while, after it could not be reached several times in a row."""


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
        if "ask" in self.tool.context and self.context.ask is not None:
            key = (*key, weakref.ref(self.context.ask))  # another model answers otherwise
        object.__setattr__(self, "key", key)

    @property
    def stored_key(self) -> str:
        """The key in any process and at any time.

        "" of a tool that nothing loads again, or that asks a model: which one, nobody knows here.
        """
        if not self.tool.spec or "ask" in self.tool.context:
            return ""
        return repr((__version__, self.key, sorted(stamp_files([self.tool.spec]).items())))


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs jobs, and keeps the results of pure tools."""

    sandbox: Sandbox
    cache: ResultCache[ToolResult]
    stored: StoredResults | None = None  # those that outlive this process
    patience: Patience = field(default_factory=Patience)
    told: set[str] = field(default_factory=set)  # tools of which it was said that they are missed

    def known(self, job: Job) -> ToolResult | None:
        """Returns the result of a pure tool's call that was run before, here or anywhere."""
        found = self.cache.get(job.key)
        if found is None and self.stored is not None and job.stored_key:
            answered = self.stored.get(job.stored_key)
            if answered is not None:
                found = ToolResult(job.call, output=answered.output, error=answered.error)
                self.cache.put(job.key, found)
        return found

    def run(self, job: Job) -> ToolResult:
        """Runs one job."""
        start = time.perf_counter()
        outcome: str | BaseException
        try:
            [outcome] = self._outcomes([job])
        except BaseException as raised:  # a tool's failure is a value, whatever it raises
            if is_interrupt(raised):
                raise
            outcome = raised
        return self._result(job, outcome, seconds=time.perf_counter() - start)

    def run_batch(self, jobs: Sequence[Job]) -> list[ToolResult]:
        """Runs jobs of one tool together; one by one where the batch fails as a whole."""
        if len(jobs) < 2:
            return [self.run(job) for job in jobs]
        start = time.perf_counter()
        try:
            outcomes = self._outcomes(jobs)
        except BaseException as raised:  # one of the calls may have failed all of them
            if is_interrupt(raised):
                raise
            _log.info("A batch of %s failed; its calls run one by one.", jobs[0].tool.name)
            return [self.run(job) for job in jobs]
        each_s = (time.perf_counter() - start) / len(jobs)
        pairs = zip(jobs, outcomes, strict=True)
        return [self._result(job, outcome, seconds=each_s) for job, outcome in pairs]

    def _outcomes(self, jobs: Sequence[Job]) -> Sequence[str | BaseException]:
        tool = jobs[0].tool
        if self.patience.is_over(tool.name):
            missed = f"{tool.name} was not asked: it could not be reached in the calls before."
            return [NotAskedError(missed)] * len(jobs)
        calls = [job.call.arguments for job in jobs]
        contexts = [job.context for job in jobs]
        if tool.isolated:
            return self.sandbox.run(tool, calls, contexts)
        if len(jobs) > 1:
            return tool.execute_batch(calls, contexts)
        return [tool.execute(calls[0], contexts[0])]

    def _result(self, job: Job, outcome: str | BaseException, *, seconds: float) -> ToolResult:
        if isinstance(outcome, str):
            result = ToolResult(job.call, output=outcome, seconds=seconds)
        else:
            failure = failure_of(outcome, tool=job.tool.name)
            if isinstance(failure, ToolUnavailableError):
                # There may be many: the first is told.
                level = logging.INFO if job.tool.name in self.told else logging.WARNING
                self.told.add(job.tool.name)
                _log.log(level, "%s", failure)
            elif failure is not outcome:
                _log.warning("The tool %s failed.", job.tool.name, exc_info=outcome)
            result = ToolResult(
                job.call,
                error=fold(str(failure)),
                is_unavailable=isinstance(failure, ToolUnavailableError),
                seconds=seconds,
            )
        # A process that was stopped may have hung on its arguments, which tells nothing of others.
        if not isinstance(outcome, WorkerLostError | NotAskedError):
            self.patience.note(job.tool.name, is_reached=not result.is_unavailable)
        if job.tool.pure and not result.is_unavailable:
            self.cache.put(job.key, result)
            if self.stored is not None and job.stored_key:
                answered = Answered(result.output, result.error)
                self.stored.put(job.stored_key, tool=job.tool.name, answered=answered)
        return result


def failure_of(error: BaseException, *, tool: str) -> ToolError:
    """Returns what a tool raised as the error that a call has.

    >>> failure_of(ValueError("no such place"), tool="Map")
    ToolError('Map raised ValueError: no such place')
    >>> failure_of(ConnectionResetError("gone"), tool="Map")
    ToolUnavailableError('Map could not be reached: ConnectionResetError: gone')
    """
    if isinstance(error, ToolError):
        return error
    if is_of_outside_world(error):
        return ToolUnavailableError(f"{tool} could not be reached: {told(error)}")
    return ToolError(f"{tool} raised {told(error)}")


def is_of_outside_world(error: BaseException) -> bool:
    """Returns whether an exception comes of what a tool cannot help: a server or a network.

    Libraries raise exceptions of their own while they handle those of the system, so what came
    before counts too; and so does the status of an answer that says the server failed.
    """
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if isinstance(cause, ToolUnavailableError | ConnectionError | TimeoutError | gaierror):
            return True
        if isinstance(cause, OSError) and cause.errno in _NETWORK_ERRORS:
            return True
        if isinstance(cause, Exception) and _status(cause) in _SERVER_FAILED:
            return True
        if any(
            f"{each.__module__}.{each.__name__}" in _OF_LIBRARIES for each in type(cause).__mro__
        ):
            return True
        before = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
        reason = getattr(cause, "reason", None)  # of urllib
        cause = reason if before is None and isinstance(reason, BaseException) else before
    return False


def _status(error: Exception) -> object:
    """Returns the status of the answer of HTTP that an exception is about; None if of none."""
    holders = (error, getattr(error, "response", None))
    found = (
        getattr(each, name, None) for each in holders for name in ("status_code", "status", "code")
    )
    return next((each for each in found if isinstance(each, int)), None)


def close_tools(tools: Sequence[Tool]) -> None:
    """Closes tools; what several of them hold together is closed once."""
    closed: list[object] = []
    for each in tools:
        if each.close is None or each.close in closed:
            continue
        closed.append(each.close)
        try:
            finished(each.close())
        except BaseException as error:  # the others must be closed too
            if is_interrupt(error):
                raise
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
