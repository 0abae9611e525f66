"""Tools: what they are, which there are, and how their calls are run."""

from toolformer.tools.base import Tool
from toolformer.tools.context import Ask, ToolContext
from toolformer.tools.decorator import tool
from toolformer.tools.exemplar import Exemplar
from toolformer.tools.parameters.schema import tool_from_schema
from toolformer.tools.parameters.signature import Parameter
from toolformer.tools.registry import available, default_tools, load_tool, load_tools
from toolformer.tools.result import ToolResult
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
