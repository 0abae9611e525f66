"""Tools by their specs: what this package brings, what others declare, functions in files.

A spec is `calculator`, `database:path=facts.db,table=facts`, `my_tools.py:convert` or
`my_tools.py:make_search:index=pages`. It may bring several tools; `only=convert|scale` among its
options chooses from them.
"""

import inspect
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from toolformer.errors import ConfigError, UnknownNameError, clipped, closest
from toolformer.specs import Door, Spec
from toolformer.specs.python_files import foreign_code
from toolformer.tools.base import Tool
from toolformer.tools.decorator import tool

DOOR = Door(
    what="tool",
    group="toolformer.tools",
    # As pyproject.toml declares them; a test compares the two.
    built_in={
        "calculator": "toolformer.tools.builtin.calculator:calculator",
        "calendar": "toolformer.tools.builtin.calendar:calendar",
        "database": "toolformer.tools.builtin.database:database",
        "http": "toolformer.tools.builtin.http:http",
        "mcp": "toolformer.tools.builtin.mcp:mcp",
        "qa": "toolformer.tools.builtin.qa:qa",
        "search": "toolformer.tools.builtin.search:search",
        "sql": "toolformer.tools.builtin.sql:sql",
        "translate": "toolformer.tools.builtin.translate:translate",
    },
    examples="a name such as calculator, a name with options such as database:path=facts.db, or a "
    "function in a file such as my_tools.py:convert",
    offers=lambda found: isinstance(found, Tool),
)
# Tools, the specs of some, or functions to make one of: several, or one alone.
ToolLike = Tool | str | Callable[..., object]
Tools = ToolLike | Iterable[ToolLike]
_LIKE = "as in [calculator, 'database:path=facts.db', a_function]"
CHOICE = "only"  # the option that chooses tools; it never reaches a factory


def available() -> list[str]:
    """Returns the names that `load_tools` knows without a file, in order.

    >>> "calculator" in available()
    True
    """
    return DOOR.names()


def default_tools() -> list[Tool]:
    """Returns the tools a run uses when none are named."""
    return [load_tool(name) for name in ("calculator", "calendar", "database")]


def load_tools(*specs: str) -> list[Tool]:
    """Returns the tools that specs name, in the order in which they were made.

    A tool from a file or from another distribution is isolated: a Toolbox runs it in a worker
    process. Each tool remembers a spec that names it alone.

    >>> [tool.name for tool in load_tools("calculator", "calendar")]
    ['Calculator', 'Calendar']

    Raises:
        UnknownNameError: Nothing has this name; the near ones are offered.
        ConfigError: A spec cannot be read, or its options do not fit.
    """
    return [tool for spec in specs for tool in _load(spec)]


def tools_in_file(path: Path) -> list[Tool]:
    """Returns the tools that a Python file has, in its order; what cannot be one is left out.

    Raises:
        ConfigError: There is no such file, or it cannot be imported.
    """
    found: list[Tool] = []
    for name in DOOR.names_in(path):
        with suppress(ConfigError):
            found += load_tools(f"{path}:{name}")
    return found


def as_tools(given: Tools) -> list[Tool]:
    """Returns what stands for tools as tools: themselves, specs, functions, a Toolbox.

    >>> def double(number: float) -> float:
    ...     '''Doubles a number.'''
    ...     return 2 * number
    >>> [each.signature for each in as_tools(["calculator", double])]
    ['Calculator(expression)', 'double(number)']

    Raises:
        ConfigError: one of them is something else, or cannot be made.
        UnknownNameError: nothing has the name.
    """
    if isinstance(given, str | Tool) or callable(given):
        return _as_tools(given)
    if not isinstance(given, Iterable):
        raise ConfigError(f"tools= is a list of tools, {_LIKE}, not {clipped(repr(given))}.")
    listed = given.values() if isinstance(given, Mapping) else given
    return [tool for each in listed for tool in _as_tools(each)]


def _as_tools(given: object) -> list[Tool]:
    if isinstance(given, str):
        return load_tools(given)
    if isinstance(given, Tool):
        return [given]
    if callable(given) and not isinstance(given, type):
        return [tool(given)]
    raise ConfigError(f"{clipped(repr(given))} is not a tool: give {_LIKE}.")


def _load(spec: str) -> list[Tool]:
    parts = DOOR.read(spec)
    options = dict(parts.options)
    chosen = options.pop(CHOICE, "")
    home = parts.with_options(options)
    found = DOOR.find(home)
    is_isolated = not DOOR.is_built_in(home)
    if not _brings_several(found):
        specs = [(_make(found, home), home)]
    else:
        made = _make_several(found, home)
        specs = [(each, home.with_options({**options, CHOICE: each.name})) for each in made]
    tools = [
        replace(each, spec=own.text, options=own.options, isolated=each.isolated or is_isolated)
        for each, own in specs
    ]
    return _choose(tools, chosen.split("|"), home) if chosen else tools


def load_tool(spec: str) -> Tool:
    """Returns the one tool that a spec names.

    >>> load_tool("calculator").signature
    'Calculator(expression)'

    Raises:
        UnknownNameError: Nothing has this name; the near ones are offered.
        ConfigError: The spec names several tools, cannot be read, or its options do not fit.
    """
    first, *others = load_tools(spec)
    if others:
        names = ", ".join(each.name for each in (first, *others))
        raise ConfigError(f"{spec!r} names several tools: {names}. Choose one: {first.spec}")
    return first


def shared_spec(spec: str) -> str:
    """Returns a spec without its choice of tools: what one process loads for all of them.

    >>> shared_spec("things.py:make:size=3,only=first")
    'things.py:make:size=3'
    """
    parts = DOOR.read(spec)
    return parts.with_options({k: v for k, v in parts.options.items() if k != CHOICE}).text


def _make(found: object, spec: Spec) -> Tool:
    """Makes a tool: what was found is one, a function that returns one, or a function."""
    if _returns(found) is Tool:
        made = DOOR.call(typing.cast(Callable[..., object], found), spec)
        if not isinstance(made, Tool):
            raise ConfigError(f"{spec.text!r} should return a Tool, not {made!r}.")
        return made
    DOOR.refuse_options(spec)
    if isinstance(found, Tool):
        return found
    if callable(found) and not isinstance(found, type):
        return tool(found)
    raise ConfigError(f"{spec.text!r} names {found!r}, which is neither a function nor a Tool.")


def _make_several(found: object, spec: Spec) -> list[Tool]:
    if callable(found):
        made = DOOR.call(found, spec)
    else:
        DOOR.refuse_options(spec)
        made = found
    if not _are_tools(made):
        raise ConfigError(f"{spec.text!r} should return a list of Tools, not {made!r}.")
    return list(made)


def _choose(tools: Sequence[Tool], names: Sequence[str], spec: Spec) -> list[Tool]:
    known = {each.name.casefold(): each.name for each in tools}
    for name in names:
        if name.strip().casefold() not in known:
            what = f"tool of {spec.text}"
            raise UnknownNameError(closest(name.strip(), list(known.values()), what=what))
    wanted = {name.strip().casefold() for name in names}
    return [each for each in tools if each.name.casefold() in wanted]


def _brings_several(found: object) -> bool:
    returned = _returns(found)
    is_list = typing.get_origin(returned) in (list, Sequence)
    return _are_tools(found) or (is_list and typing.get_args(returned) == (Tool,))


def _are_tools(found: object) -> typing.TypeGuard[Sequence[Tool]]:
    """Returns whether something is a list of at least one tool and nothing else."""
    is_list = isinstance(found, list | tuple) and len(found) > 0
    return is_list and all(isinstance(each, Tool) for each in typing.cast(Sequence[object], found))


def _returns(found: object) -> object:
    """Returns the type that a function says it returns; None where it does not say."""
    if not callable(found) or isinstance(found, Tool | type):
        return None
    try:
        with foreign_code("Its types cannot be read"):
            return inspect.signature(found, eval_str=True).return_annotation
    except ConfigError:  # whoever makes a tool of it will tell
        return None
