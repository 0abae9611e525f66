"""`toolformer tools`: which tools there are, what one is, and what a call of it gives."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from toolformer.calls import ToolCall
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.tools import describe, tool_json, tool_row
from toolformer.dates import read_date
from toolformer.errors import ConfigError, ToolformerError
from toolformer.tools.base import Tool
from toolformer.tools.context import ToolContext
from toolformer.tools.execution.stored import stored_results
from toolformer.tools.registry import available, load_tool, load_tools, tools_in_file
from toolformer.tools.toolbox import Toolbox


def tools(
    tool: Annotated[
        str | None,
        typer.Argument(
            help="A tool: calculator, database:path=facts.db, my_tools.py:convert; a file lists "
            "what is in it. `new FILE` writes one to begin with, `check TOOL` looks one over."
        ),
    ] = None,
    arguments: Annotated[
        str | None,
        typer.Argument(
            help='What to call it with: "400 / 1400"; after -- when it begins with a minus.'
        ),
    ] = None,
    today: Annotated[
        str | None, typer.Option(help="The date that counts as today, such as 2023-03-03.")
    ] = None,
    cache_stats: Annotated[
        Path | None,
        typer.Option(help="Count the results that a --tool-cache directory keeps.", metavar="DIR"),
    ] = None,
    clear: Annotated[
        Path | None,
        typer.Option(help="Forget the results of a --tool-cache directory.", metavar="DIR"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """List the tools; with a tool, describe it; with its arguments too, try it."""
    if clear is not None:
        with stored_results(clear) as stored:
            print(f"{stored.clear():,} results forgotten.")
    elif cache_stats is not None:
        _count(cache_stats, as_json=as_json)
    elif tool is None:
        _list(_available(), as_json=as_json)
    elif tool == "new":
        _write_new(arguments)
    elif tool == "check":
        return _check(arguments, as_json=as_json)
    elif tool.endswith(".py"):
        _list([tool_row(each) for each in _in_file(tool)], as_json=as_json)
    elif arguments is None:
        _describe(load_tools(tool), as_json=as_json)
    else:
        # The command line is where the clock is read.
        day = date.today() if today is None else read_date(today)
        return _try(load_tool(tool), arguments, today=day, as_json=as_json)
    return 0


def _available() -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for name in available():
        try:
            loaded = load_tools(name)
        except ToolformerError as error:  # it needs an option, or another distribution's is broken
            rows.append({"tool": name, "signature": "", "description": str(error)})
        else:
            rows += map(tool_row, loaded)
    return rows


def _count(directory: Path, *, as_json: bool) -> None:
    with stored_results(directory) as stored:
        counts = stored.counts()
    if as_json:
        print_json([asdict(each) for each in counts], indent=2)
        return
    for each in counts:
        print(f"{each.tool}: {each.results:,} results, {each.failed:,} of them refusals")
    if not counts:
        print("No results.")


def _in_file(file: str) -> list[Tool]:
    found = tools_in_file(Path(file))
    if not found:
        raise ConfigError(
            f"There is no tool in {file!r}: a typed function with a docstring is one. "
            "toolformer tools new FILE writes one to begin with."
        )
    return found


def _list(rows: Sequence[dict[str, str]], *, as_json: bool) -> None:
    if as_json:
        print_json(list(rows), indent=2)
        return
    from rich.table import Table
    from rich.text import Text

    from toolformer.cli.display.console import answer_console

    table = Table(box=None, pad_edge=False)
    for column in ("tool", "call", "does"):
        table.add_column(column, no_wrap=column != "does", header_style="bold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row.values()))
    answer_console().print(table)
    print("\nDescribe one: toolformer tools calculator")
    print('Try one:      toolformer tools calculator "400 / 1400"')
    print("Your own:     toolformer tools new my_tool.py")


def _describe(tools: Sequence[Tool], *, as_json: bool) -> None:
    """Prints one tool; several as a list."""
    if as_json:
        described = [tool_json(tool) for tool in tools]
        print_json(described[0] if len(described) == 1 else described, indent=2)
    else:
        print(describe(tools))


def _write_new(file: str | None) -> None:
    from toolformer.tools.template import write_template

    if file is None:
        raise ConfigError("Name the file to be written: toolformer tools new my_tool.py.")
    test, name = write_template(Path(file))
    print(f"{file} has a tool that works, {test} its test. Change them, and look at it with")
    print(f"  toolformer tools check {file}:{name}")


def _check(spec: str | None, *, as_json: bool) -> int:
    from toolformer.annotate.demonstrations.check import check_tool

    if spec is None:
        raise ConfigError("Name what is to be checked: toolformer tools check my_tool.py.")
    found = _in_file(spec) if spec.endswith(".py") else load_tools(spec)
    with Toolbox(found) as toolbox:
        checks = [check_tool(tool, toolbox) for tool in toolbox.values()]
    if as_json:
        print_json(
            [
                {
                    **tool_json(check.tool),
                    "shown": list(check.shown),
                    "missing": list(check.missing),
                }
                for check in checks
            ],
            indent=2,
        )
    else:
        for check in checks:
            print(describe([check.tool]))
            print("\nWhat a model is shown", *(check.shown or ["nothing"]), sep="\n  ")
            print("\nMissing", *(check.missing or ["nothing"]), sep="\n  ")
            if check is not checks[-1]:
                print()
    return 1 if any(check.missing for check in checks) else 0


def _try(tool: Tool, arguments: str, *, today: date, as_json: bool) -> int:
    with Toolbox([tool]) as toolbox:
        call = ToolCall(tool.name, arguments)
        [result] = toolbox.execute([call], ToolContext(today=today))
    if as_json:
        row = {
            "tool": tool.name,
            "arguments": arguments,
            "output": result.output,
            "error": result.error,
            "seconds": round(result.seconds, 6),
        }
        print_json(row)
    elif result.output is not None:
        print(result.output)
    else:
        print(result.error, file=sys.stderr)
    return 0 if result.error is None else 1
