"""Tools: what they are, which there are, and how their calls are run."""

from toolformer.tools.base import Ask, Exemplar, Parameter, Tool, ToolContext, ToolResult, tool
from toolformer.tools.parameters.schema import tool_from_schema
from toolformer.tools.registry import available, default_tools, load_tool, load_tools
from toolformer.tools.toolbox import Toolbox

__all__ = [
    "Ask",
    "Exemplar",
    "Parameter",
    "Tool",
    "ToolContext",
    "ToolResult",
    "Toolbox",
    "available",
    "default_tools",
    "load_tool",
    "load_tools",
    "tool",
    "tool_from_schema",
]
