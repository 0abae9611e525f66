"""Running calls: identical ones once, several at a time, never raising for a tool's failure."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from toolformer.calls import ToolCall
from toolformer.errors import ToolError, UnknownNameError, closest
from toolformer.tools.base import Tool, ToolContext, ToolResult


class Toolbox(Mapping[str, Tool]):
    """Some tools by name, and the processes that other people's run in."""

    def __init__(
        self,
        tools: Sequence[Tool],
        *,
        workers: int | None = None,
        timeout_s: float = 10.0,
        memory_bytes: int = 2 << 30,
    ) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._workers = workers or min(4, os.cpu_count() or 1)

    def __getitem__(self, name: str) -> Tool:
        for known, tool in self._tools.items():
            if known.casefold() == name.casefold():
                return tool
        raise UnknownNameError(closest(name, self._tools, what="tool"))

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the worker processes."""

    def execute(
        self,
        calls: Sequence[ToolCall],
        contexts: ToolContext | Sequence[ToolContext] | None = None,
    ) -> list[ToolResult]:
        """Runs calls and returns their results in the same order."""
        each = (
            contexts if isinstance(contexts, Sequence) else [contexts or ToolContext()] * len(calls)
        )
        results = []
        for call, context in zip(calls, each, strict=True):
            start = time.perf_counter()
            try:
                output = self[call.tool].execute(call.arguments, context)
                results.append(ToolResult(call, output, None, time.perf_counter() - start))
            except (ToolError, UnknownNameError) as error:
                results.append(ToolResult(call, None, str(error), time.perf_counter() - start))
        return results
