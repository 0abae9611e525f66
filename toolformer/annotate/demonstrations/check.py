"""What a model would see of a tool, and what its author may have forgotten."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolformer.annotate.demonstrations.own import demonstrated, is_shown, run_exemplars
from toolformer.calls import ToolCall
from toolformer.tools.base import Tool
from toolformer.tools.exemplar import NOTATION
from toolformer.tools.result import ToolResult
from toolformer.tools.toolbox import Toolbox

FEW = 3  # exemplars


@dataclass(frozen=True, slots=True)
class ToolCheck:
    """A tool that was looked over."""

    tool: Tool
    shown: Sequence[str]  # its exemplars with their outputs, as demonstrations have them
    missing: Sequence[str]  # what is, in sentences


def check_tool(tool: Tool, toolbox: Toolbox) -> ToolCheck:
    """Runs a tool's exemplars, and looks for what a model would miss.

    Args:
        tool: one of the toolbox.
        toolbox: runs the calls.
    """
    today, results = run_exemplars(tool, toolbox)
    shown = [
        demonstrated(exemplar, result, today=today).render(NOTATION)
        for exemplar, result in zip(tool.exemplars, results, strict=True)
        if is_shown(result)
    ]
    return ToolCheck(tool, shown, [*_undescribed(tool), *_without_use(tool, results)])


def _undescribed(tool: Tool) -> Iterator[str]:
    if not tool.description:
        yield "A description: the first line of the docstring."
    for parameter in tool.parameters:
        if not parameter.description:
            yield f"A description of {parameter.name}: a line under Args: in the docstring."


def _without_use(tool: Tool, results: Sequence[ToolResult]) -> Iterator[str]:
    if len(results) < FEW:
        yield (
            f"Exemplars: there are {len(results)}, and {FEW} or more help. Write texts with a call "
            f"under Examples: in the docstring, as in: Twice 4 is {_written(tool, '4')} 8."
        )
    for exemplar, result in zip(tool.exemplars, results, strict=True):
        call = _written(tool, exemplar.arguments)
        if result.output is None:
            yield f"The output of the exemplar {call}: {result.error}"
        elif not is_shown(result):
            yield f"An output of {call} that can be written into a text, not {result.output!r}."
        elif not exemplar.after.strip():
            yield f"What follows {call}: what the output helps to predict."


def _written(tool: Tool, arguments: str) -> str:
    return NOTATION.format(ToolCall(tool.name, arguments)).strip()
