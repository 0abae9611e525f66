"""Tools by their specs: what this package brings, what others declare, functions in files.

A spec is `calculator`, `database:path=facts.db,table=facts`, `my_tools.py:convert` or
`my_tools.py:make_search:index=pages`.
"""

import inspect
import typing
from collections.abc import Callable
from dataclasses import replace

from toolformer.errors import ConfigError
from toolformer.specs import Door, Spec
from toolformer.tools.base import Tool, tool

DOOR = Door(
    what="tool",
    group="toolformer.tools",
    # As pyproject.toml declares them; a test compares the two.
    built_in={
        "calculator": "toolformer.tools.builtin.calculator:calculator",
        "calendar": "toolformer.tools.builtin.calendar:calendar",
        "database": "toolformer.tools.builtin.database:database",
        "sql": "toolformer.tools.builtin.sql:sql",
    },
    examples="a name such as calculator, a name with options such as database:path=facts.db, or a "
    "function in a file such as my_tools.py:convert",
    offers=lambda found: isinstance(found, Tool),
)
DEFAULT = ("calculator", "calendar", "database")


def available() -> list[str]:
    """Returns the names that `load_tool` knows without a file, in order."""
    return DOOR.names()


def default_tools() -> list[Tool]:
    """Returns the tools a run uses when none are named."""
    return [load_tool(name) for name in DEFAULT]


def load_tool(spec: str) -> Tool:
    """Returns the tool that a spec names.

    A tool from a file or from another distribution is isolated: a Toolbox runs it in a worker
    process.

    Raises:
        UnknownNameError: No tool has this name; the near ones are offered.
        ConfigError: The spec cannot be read, or its options do not fit.
    """
    parts = DOOR.read(spec)
    made = _make(DOOR.find(parts), parts)
    return replace(
        made, spec=parts.text, options=parts.options, isolated=not DOOR.is_built_in(parts)
    )


def _make(found: object, spec: Spec) -> Tool:
    """Makes the tool: what was found is one, or a function that returns one, or a function."""
    if callable(found) and not isinstance(found, Tool) and _returns_tool(found):
        made = DOOR.call(found, spec)
        if not isinstance(made, Tool):
            raise ConfigError(f"{spec.text!r} should return a Tool, not {made!r}.")
        return made
    if spec.options:
        raise ConfigError(
            f"The tool {spec.text!r} takes no options; it was given {', '.join(spec.options)}."
        )
    if isinstance(found, Tool):
        return found
    if inspect.isfunction(found):
        return tool(found)
    raise ConfigError(f"{spec.text!r} names {found!r}, which is neither a function nor a Tool.")


def _returns_tool(function: Callable[..., object]) -> bool:
    try:
        return typing.get_type_hints(function).get("return") is Tool
    except (NameError, TypeError):
        return False
