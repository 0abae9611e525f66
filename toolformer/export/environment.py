"""The tools as an environment of TRL's GRPO, in which a model learns when a call pays."""

import inspect
import json
from collections.abc import Callable
from datetime import date
from typing import Any

from toolformer.calls import ToolCall
from toolformer.errors import ConfigError
from toolformer.tools.base import Tool
from toolformer.tools.context import ToolContext
from toolformer.tools.registry import Tools
from toolformer.tools.toolbox import Toolbox


def trl_environment(tools: Tools, *, today: date | None = None) -> type:
    """Returns a class for `GRPOTrainer(environment_factory=…)`: a method for each tool.

    All environments share one set of tools; what a tool refuses is told to the model as a text.

    >>> Environment = trl_environment("calculator")
    >>> environment = Environment()
    >>> environment.reset()
    >>> environment.Calculator(expression="400 / 1400")
    '0.29'

    Args:
        tools: Tools, their specs or functions.
        today: the day that tools may know.

    Raises:
        ConfigError: a tool's name cannot name a method.
    """
    toolbox = Toolbox(tools)
    context = ToolContext(today=today)
    methods: dict[str, Any] = {"toolbox": toolbox, "reset": _reset, "__doc__": "Calls tools."}
    for tool in toolbox.values():
        if not tool.name.isidentifier() or tool.name in methods:
            raise ConfigError(f"The tool {tool.name} cannot name a method of an environment.")
        methods[tool.name] = _method(tool, toolbox, context)
    return type("ToolEnvironment", (), methods)


def _reset(_self: object, **_row: object) -> None:
    """Begins anew: nothing is remembered between rollouts."""


def _method(tool: Tool, toolbox: Toolbox, context: ToolContext) -> Callable[..., str]:
    """Returns a method that calls a tool, with the signature and docstring that TRL reads."""

    def method(_self: object, **arguments: object) -> str:
        call = ToolCall(tool.name, json.dumps(arguments, ensure_ascii=False, default=str))
        [result] = toolbox.execute([call], context)
        return result.output if result.output is not None else f"Error: {result.error}"

    parameters = [
        inspect.Parameter(
            each.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if each.required else each.default,
            annotation=each.type,
        )
        for each in tool.parameters
    ]
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    lines = [f"    {each.name}: {each.description or 'An argument.'}" for each in tool.parameters]
    method.__name__ = method.__qualname__ = tool.name
    method.__doc__ = "\n".join(
        [tool.description or tool.name, "", "Args:", *lines, "", "Returns:", "    What it says."]
    )
    method.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [own, *parameters], return_annotation=str
    )
    method.__annotations__ = {each.name: each.type for each in tool.parameters} | {"return": str}
    return method
