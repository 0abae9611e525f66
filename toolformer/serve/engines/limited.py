"""Calls within limits: one that hangs, or raises what it should not, holds up no answer."""

import logging
import threading

from toolformer.calls import ToolCall
from toolformer.errors import told
from toolformer.infer.decoder import Execute
from toolformer.tools.context import ToolContext
from toolformer.tools.result import ToolResult

_log = logging.getLogger(__name__)


def limited(execute: Execute, *, timeout_s: float, most: int) -> Execute:
    """Returns what runs calls and never raises: whatever one raises is its failure.

    A call that takes too long has failed; what it still does is nobody's, and counts among those
    that run until it ends.

    Args:
        execute: runs a call.
        timeout_s: for one call.
        most: how many run at a time; more fail at once.
    """
    places = threading.BoundedSemaphore(most)

    def run(call: ToolCall, context: ToolContext) -> ToolResult:
        if not places.acquire(blocking=False):
            error = f"{call.tool} cannot run now: {most} calls are running."
            return ToolResult(call, error=error, is_unavailable=True)
        found: list[ToolResult] = []

        def work() -> None:
            try:
                found.append(execute(call, context))
            except BaseException as error:  # noqa: BLE001  a bug of one tool ends no other answer
                _log.error("%s failed unexpectedly.", call.tool, exc_info=error)
                found.append(ToolResult(call, error=f"{call.tool} failed: {told(error)}."))
            finally:
                places.release()

        thread = threading.Thread(target=work, name=f"{call.tool} runs", daemon=True)
        thread.start()
        thread.join(timeout_s)
        error = f"{call.tool} took more than {timeout_s:g} s."
        late = ToolResult(call, error=error, seconds=timeout_s, is_unavailable=True)
        return found[0] if found else late

    return run
