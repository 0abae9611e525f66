"""The tools that run while a model decodes: which they are, their day, and the barred names.

Knows no model. Tools can be added and removed between two answers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Self

from toolformer.calls import ToolCall
from toolformer.errors import ConfigError, ToolformerError, UnknownNameError, clipped, closest
from toolformer.infer.request import Request, spellings_of
from toolformer.sidecar import Sidecar
from toolformer.tools.base import Tool
from toolformer.tools.context import ToolContext
from toolformer.tools.registry import DOOR, default_tools, load_tools
from toolformer.tools.result import ToolResult
from toolformer.tools.toolbox import Toolbox
from toolformer.tools.trust import is_harmless


class LiveTools:
    """Tools that are ready to run; leaving it as a context manager ends their processes."""

    def __init__(
        self,
        tools: Sequence[Tool],
        *,
        today: date,
        taught: Sequence[str] = (),
        on: bool = True,
        timeout_s: float = 10.0,
        results: Path | None = None,
        show: Callable[[Sequence[Tool], Toolbox], str] | None = None,
    ) -> None:
        """Makes tools ready to run.

        Args:
            tools: of different names.
            today: the day of calls whose request names none.
            taught: names the model was taught to call; those that are not among the tools are
                barred, since a call of them could not be answered.
            on: whether calls are made at all.
            timeout_s: for one call of a tool that runs in a process of its own.
            results: a directory in which results are kept, as a `Toolbox` keeps them.
            show: returns texts with calls of some tools, for a model that was not taught these;
                the toolbox runs them. Asked once for equal tools.
        """
        self.tools = tuple(tools)
        self.today = today
        self.on = on
        self._known = {name.casefold(): name for name in taught}
        self._timeout_s = timeout_s
        self._results = results
        self._show = show
        self._shown: tuple[tuple[Tool, ...], str] = ((), "")
        self._toolbox = Toolbox(self.tools, timeout_s=timeout_s, results=results)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        """Returns the names that may be called, and the day."""
        return f"LiveTools({', '.join(self.names) or 'none'}; today {self.today.isoformat()})"

    def close(self) -> None:
        """Ends the processes of the tools."""
        self._toolbox.close()

    @property
    def names(self) -> tuple[str, ...]:
        """The names that may be called now."""
        return tuple(tool.name for tool in self.tools) if self.on else ()

    @property
    def barred(self) -> tuple[str, ...]:
        """The names that may not be called now, although the model may know them."""
        known = self._known | {tool.name.casefold(): tool.name for tool in self.tools}
        called = {name.casefold() for name in self.names}
        return tuple(name for folded, name in known.items() if folded not in called)

    def equip(self, request: Request) -> Request:
        """Returns a request with these tools, and with their day where it names none of its own."""
        context = replace(request.context, today=request.context.today or self.today)
        return replace(
            request,
            tools=self.names,
            barred=self.barred,
            spellings=spellings_of(self.tools if self.on else ()),
            shown="" if request.templated else self.shown,
            context=context,
        )

    @property
    def shown(self) -> str:
        """What a model reads in front of a prompt; "" where it was taught the tools."""
        if not self.on or self._show is None:
            return ""
        if self._shown[0] != self.tools:
            self._shown = self.tools, self._show(self.tools, self._toolbox)
        return self._shown[1]

    def execute(self, call: ToolCall, context: ToolContext) -> ToolResult:
        """Runs a call; a failure is a result."""
        [result] = self._toolbox.execute([call], context)
        return result

    def add(self, *tools: Tool) -> None:
        """Takes tools in; one of the same name makes room for each."""
        names = {tool.name.casefold() for tool in tools}
        self.replace([*(each for each in self.tools if each.name.casefold() not in names), *tools])

    def remove(self, name: str) -> Tool:
        """Removes a tool and returns it; from now on its name is barred.

        Raises:
            UnknownNameError: there is no such tool.
        """
        found = next((tool for tool in self.tools if tool.name.casefold() == name.casefold()), None)
        if found is None:
            raise UnknownNameError(closest(name, [tool.name for tool in self.tools], what="tool"))
        self.replace([tool for tool in self.tools if tool is not found])
        return found

    def replace(self, tools: Sequence[Tool]) -> None:
        """Replaces all tools."""
        made = Toolbox(tools, timeout_s=self._timeout_s, results=self._results)
        self._toolbox.close(keep=tools)
        self._toolbox = made
        # A name that could be called once stays known: the model may write it again.
        self._known |= {tool.name.casefold(): tool.name for tool in self.tools}
        self.tools = tuple(tools)


def taught_tools(
    sidecar: Sidecar | None, *, model: str, are_needed: bool = True, is_trusted: bool = False
) -> list[Tool]:
    """Returns the tools that a model was taught to call; the defaults where that is not known.

    A model's files are data: of what they name, only the built-in tools are made, and none with an
    option that opens something. The others are for the user to name, or to trust.

    Args:
        sidecar: the model's.
        model: its name.
        are_needed: False makes none of the model's.
        is_trusted: whether what the model's files name may be run and opened.

    Raises:
        ConfigError: a tool may not be made, or cannot be.
    """
    if sidecar is None or not sidecar.tools:
        return default_tools()
    if not are_needed:
        return []
    by_spec = {_normal(each.spec): each.name for each in sidecar.tools}
    if not is_trusted:
        _refuse_harmful(by_spec, model=model)
    tools = []
    for spec, name in by_spec.items():
        try:
            tools += load_tools(spec)
        except ToolformerError as error:
            raise ConfigError(
                f"{model} was taught to call {clipped(name)}, and its tool {clipped(spec)!r} "
                f"cannot be loaded here ({str(error).rstrip('.')}): name the tools there are with "
                "--tool, or use --no-tools."
            ) from error
    return tools


def _normal(spec: str) -> str:
    """Returns a spec in its one spelling, as it is where it has none."""
    try:
        return DOOR.read(spec).text
    except ToolformerError:
        return spec


def _refuse_harmful(by_spec: Mapping[str, str], *, model: str) -> None:
    """Refuses tools that run code or open paths at the word of a model's files."""
    harmful = [spec for spec in by_spec if not _may_be_made(spec)]
    if harmful:
        names = clipped(", ".join(by_spec[spec] for spec in harmful))
        specs = clipped(", ".join(map(repr, harmful)), 200)
        raise ConfigError(
            f"{model} was taught to call {names}, and what its files name for that, {specs}, runs "
            "code or opens a path of this machine: name the tools to use with --tool, load all of "
            "them with --trust-tools, or use --no-tools."
        )


def _may_be_made(spec: str) -> bool:
    try:
        return is_harmless(spec)
    except ToolformerError:
        return True  # it cannot be made at all, and trying says why
