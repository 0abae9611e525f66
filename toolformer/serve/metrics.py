"""The counters of a server, as Prometheus reads them."""

from collections.abc import Collection

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from toolformer.calls import ToolCall
from toolformer.infer.answers import Answer, CallEvent
from toolformer.serve.engines.tickets import Answering

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Counts of one server; those of another are others.

    Args:
        answering: is asked how many answers are written, and wait.
        tools: names under which calls are counted; others are clients' own.
    """

    def __init__(self, answering: Answering, *, tools: Collection[str]) -> None:
        self._tools = {name.casefold(): name for name in tools}
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "toolformer_requests", "Requests, by path and status.", ["path", "status"],
            registry=registry,
        )  # fmt: skip
        self._tokens = Counter(
            "toolformer_tokens", "Tokens of prompts and of answers.", ["kind"], registry=registry
        )
        self._calls = Counter(
            "toolformer_tool_calls", "Calls, by tool and fate.", ["tool", "fate"],
            registry=registry,
        )  # fmt: skip
        self._tool_seconds = Histogram(
            "toolformer_tool_seconds", "Seconds of a call.", ["tool"], buckets=_SECONDS,
            registry=registry,
        )  # fmt: skip
        self._first = Histogram(
            "toolformer_first_token_seconds", "Seconds from a request to its first token.",
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._left = Counter(
            "toolformer_clients_left", "Clients that left before their answer.", registry=registry
        )
        running = Gauge("toolformer_running", "Answers being written.", registry=registry)
        running.set_function(lambda: answering.running)
        waiting = Gauge("toolformer_waiting", "Answers that wait.", registry=registry)
        waiting.set_function(lambda: answering.waiting)

    def count_request(self, path: str, status: int) -> None:
        """Counts a request."""
        self._requests.labels(path, str(status)).inc()

    def count_first_token(self, seconds: float) -> None:
        """Counts how long a client waited for its first token."""
        self._first.observe(seconds)

    def count_left(self) -> None:
        """Counts a client that did not wait for its answer."""
        self._left.inc()

    def count_answer(self, answer: Answer, *, prompt_tokens: int) -> None:
        """Counts an answer with its calls."""
        self._tokens.labels("prompt").inc(prompt_tokens)
        self._tokens.labels("answer").inc(answer.tokens)
        for event in answer.events:
            tool = self._label(event.call)
            self._calls.labels(tool, fate_of(event)).inc()
            if event.call is not None and (event.output is not None or event.tool_failed):
                self._tool_seconds.labels(tool).observe(event.seconds)
        if answer.call is not None:
            self._calls.labels(self._label(answer.call), "left to the client").inc()

    def _label(self, call: ToolCall | None) -> str:
        if call is None:
            return "unreadable"
        return self._tools.get(call.tool.casefold(), "client's")

    def text(self) -> bytes:
        """Returns all counters."""
        return generate_latest(self._registry)


def fate_of(event: CallEvent) -> str:
    """Returns what became of a call."""
    if event.output is not None:
        return "answered"
    if event.is_unavailable:
        return "unavailable"
    return "failed" if event.tool_failed else "given up"
