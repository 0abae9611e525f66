"""Tools: what they are, which there are, and how their calls are run."""

from toolformer.tools.base import Exemplar, Parameter, Tool, ToolContext, ToolResult, tool
from toolformer.tools.registry import available, default_tools, load_tool
from toolformer.tools.toolbox import Toolbox

__all__ = [
    "Exemplar",
    "Parameter",
    "Tool",
    "ToolContext",
    "ToolResult",
    "Toolbox",
    "available",
    "default_tools",
    "load_tool",
    "tool",
]
