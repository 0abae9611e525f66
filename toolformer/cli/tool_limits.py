"""`--tool-workers` and `--tool-timeout`: how many calls at a time, and how long."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, TypeVar

from typer import Option

from toolformer.errors import ConfigError, UnknownNameError, closest
from toolformer.tools.base import Tool

TOOL_WORKERS = Annotated[
    list[str] | None,
    Option(
        "--tool-workers",
        metavar="N|NAME=N",
        help="Calls of a tool that run at a time, of all tools or of one. Repeatable. Default: "
        "32 where a tool waits for a server, else 4 at most.",
        show_default=False,
    ),
]
TOOL_TIMEOUT = Annotated[
    list[str] | None,
    Option(
        "--tool-timeout",
        metavar="S|NAME=S",
        help="Seconds for one call of tools that run in their own processes, of all or of one. "
        "Repeatable. Default: 10.",
        show_default=False,
    ),
]
_MOST_WORKERS = 1000
_TIMEOUT_S = 10.0  # for one call
_Number = TypeVar("_Number", int, float)


def with_limits(
    tools: Sequence[Tool], *, workers: Sequence[str] | None, timeouts: Sequence[str] | None
) -> list[Tool]:
    """Returns tools with what the options say of them.

    Raises:
        ConfigError: an option cannot be read, or none of the tools has the name in it.
    """
    at_once = _numbers(workers or (), tools, "--tool-workers", int, most=_MOST_WORKERS)
    seconds = _numbers(timeouts or (), tools, "--tool-timeout", float, most=1e9)
    return [
        replace(
            tool,
            at_once=at_once.get(tool.name, at_once.get("", tool.at_once)),
            timeout_s=seconds.get(tool.name, seconds.get("", tool.timeout_s)),
        )
        for tool in tools
    ]


def common_timeout(timeouts: Sequence[str] | None) -> float:
    """Returns the seconds for one call of tools that are not named."""
    numbers = [text for text in timeouts or () if "=" not in text]
    return _numbers(numbers, (), "--tool-timeout", float, most=1e9).get("", _TIMEOUT_S)


def _numbers(
    texts: Sequence[str],
    tools: Sequence[Tool],
    option: str,
    kind: type[_Number],
    *,
    most: _Number,
) -> Mapping[str, _Number]:
    """Returns numbers by a tool's name, under "" that of all tools."""
    names = {tool.name.casefold(): tool.name for tool in tools}
    found: dict[str, _Number] = {}
    for text in texts:
        before, is_one, after = text.rpartition("=")
        name = before.strip().casefold()
        if is_one and name not in names:
            known = list(names.values())
            raise UnknownNameError(closest(before.strip(), known, what=f"tool in {option}:"))
        try:
            number = kind(after)
        except ValueError:
            number = kind(0)
        if not 0 < number <= most:
            raise ConfigError(
                f"{option} takes a number up to {most:g}, or one for a tool as in "
                f"{next(iter(names.values()), 'Calculator')}=8, not {text!r}."
            )
        found[names[name] if is_one else ""] = number
    return found
