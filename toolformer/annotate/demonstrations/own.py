"""The demonstrations a tool brings itself: its exemplars, with the outputs it gives."""

import logging
from datetime import date

from toolformer.annotate.demonstrations.demonstration import Demonstration
from toolformer.calls import PlacedCall, ToolCall
from toolformer.errors import ConfigError
from toolformer.tools.base import Tool
from toolformer.tools.context import ToolContext
from toolformer.tools.exemplar import NOTATION, Exemplar
from toolformer.tools.result import ToolResult
from toolformer.tools.toolbox import Toolbox

# An exemplar has no date of its own. What those of the Calendar say of today is true of this day,
# and the clock must not decide what a model is shown.
EXEMPLAR_DAY = date(2023, 3, 3)

_log = logging.getLogger(__name__)


def own_demonstrations(tool: Tool, toolbox: Toolbox) -> tuple[Demonstration, ...]:
    """Returns a tool's exemplars as demonstrations, with the outputs that the tool gives.

    An exemplar whose call fails, or whose output cannot be written, is left out and logged. A tool
    that asks for today is told March 3, 2023.

    Args:
        tool: one of the toolbox.
        toolbox: runs the calls, as one batch.

    Raises:
        ConfigError: the tool cannot be reached.

    >>> from toolformer.tools.registry import load_tool
    >>> with Toolbox("calculator") as toolbox:
    ...     first = own_demonstrations(toolbox["calculator"], toolbox)[0]
    >>> first.render(NOTATION)
    'The shop ordered 15 boxes of 24 tins each, [Calculator(15 * 24) -> 360] 360 tins in all.'
    """
    today, results = run_exemplars(tool, toolbox)
    if results and all(each.is_unavailable for each in results):
        raise ConfigError(
            f"{tool.name} cannot be reached, and a model is shown its exemplars with what it "
            f"says to them: {results[0].error}"
        )
    demonstrations: list[Demonstration] = []
    for exemplar, result in zip(tool.exemplars, results, strict=True):
        if not is_shown(result):
            reason = result.error or f"its output {result.output!r} cannot be written into a text"
            _log.warning("The exemplar %s is not shown to the model: %s", result.call, reason)
            continue
        demonstrations.append(demonstrated(exemplar, result, today=today))
    return tuple(demonstrations)


def run_exemplars(tool: Tool, toolbox: Toolbox) -> tuple[date | None, list[ToolResult]]:
    """Runs the calls of a tool's exemplars together; returns the day it is told, and results."""
    today = EXEMPLAR_DAY if "today" in tool.context else None
    calls = [ToolCall(tool.name, each.arguments) for each in tool.exemplars]
    return today, toolbox.execute(calls, ToolContext(today=today))


def is_shown(result: ToolResult) -> bool:
    """Returns whether an exemplar's call has an output that can be written into a text."""
    return result.output is not None and NOTATION.is_renderable_output(result.output)


def demonstrated(exemplar: Exemplar, result: ToolResult, *, today: date | None) -> Demonstration:
    """Returns an exemplar with the output of its call."""
    placed = PlacedCall(len(exemplar.before), result.call, result.output)
    return Demonstration(exemplar.before + exemplar.after, (placed,), today)
