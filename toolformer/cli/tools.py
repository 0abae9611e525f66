"""`toolformer tools`: which tools there are, what one is, and what a call of it gives."""

import sys
from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

from toolformer.calls import PlacedCall, ToolCall
from toolformer.cli.display.gate import print_json
from toolformer.dates import read_date
from toolformer.errors import ToolformerError
from toolformer.tools.base import Tool, ToolContext
from toolformer.tools.exemplar import NOTATION
from toolformer.tools.registry import available, load_tool, load_tools
from toolformer.tools.toolbox import Toolbox


def tools(
    tool: Annotated[
        str | None,
        typer.Argument(help="A tool: calculator, database:path=facts.db, my_tools.py:convert."),
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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the tools; with a tool, describe it; with its arguments too, try it."""
    if tool is None:
        _list(as_json=as_json)
    elif arguments is None:
        _describe_all(load_tools(tool), as_json=as_json)
    else:
        # The command line is where the clock is read.
        day = date.today() if today is None else read_date(today)
        _try(load_tool(tool), arguments, today=day, as_json=as_json)


def _list(*, as_json: bool) -> None:
    rows: list[dict[str, str]] = []
    for name in available():
        try:
            loaded = load_tools(name)
        except ToolformerError as error:  # another distribution's, broken: the others still work
            rows.append({"tool": name, "signature": "", "description": str(error)})
        else:
            rows += [
                {"tool": each.spec, "signature": each.signature, "description": each.description}
                for each in loaded
            ]
    if as_json:
        print_json(rows, indent=2)
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
    print("Your own:     toolformer tools my_tools.py:convert")


def _describe_all(tools: Sequence[Tool], *, as_json: bool) -> None:
    """Prints one tool; several as a list."""
    if as_json:
        described = [_as_json(tool) for tool in tools]
        shown = described[0] if len(described) == 1 else described
        print_json(shown, indent=2)
        return
    for number, tool in enumerate(tools):
        if number:
            print()
        _describe(tool)


def _as_json(tool: Tool) -> dict[str, object]:
    return {
        "tool": tool.spec,
        **tool.json_schema(),
        "min_prob": tool.min_prob,
        "gain_threshold": tool.gain_threshold,
        "max_positions": tool.max_positions,
        "samples": tool.samples,
        "pure": tool.pure,
        "context": list(tool.context),
        "exemplars": _exemplars(tool),
    }


def _exemplars(tool: Tool) -> list[str]:
    return [
        NOTATION.render(
            one.before + one.after,
            [PlacedCall(len(one.before), ToolCall(tool.name, one.arguments))],
        )
        for one in tool.exemplars
    ]


def _describe(tool: Tool) -> None:
    shown = _exemplars(tool)
    print(tool.signature)
    print(f"  {tool.description}\n")
    for parameter in tool.parameters:
        optional = "" if parameter.required else " (may be left out)"
        print(f"  {parameter.name}{optional}: {parameter.description or 'no description'}")
    print(
        f"\n  min-prob τs {tool.min_prob:g}   threshold τf {tool.gain_threshold:g}   "
        f"max-positions k {tool.max_positions}   samples m {tool.samples}"
    )
    if tool.context:
        print(f"  knows of a text: {', '.join(tool.context)}")
    print(f"  runs in {'a process of its own' if tool.isolated else 'this process'}")
    if shown:
        print("\nExemplars", *shown, sep="\n  ")


def _try(tool: Tool, arguments: str, *, today: date, as_json: bool) -> None:
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
    if result.error is not None:
        raise typer.Exit(1)
