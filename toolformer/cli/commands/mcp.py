"""`toolformer mcp`: the tools as a server of the Model Context Protocol."""

from datetime import date
from typing import Annotated

from typer import Option

from toolformer.cli.display.console import Console
from toolformer.cli.settings import TOOL_CACHE
from toolformer.cli.tool_limits import TOOL_TIMEOUT, TOOL_WORKERS, with_limits
from toolformer.dates import read_date
from toolformer.errors import check_installed
from toolformer.tools.registry import default_tools, load_tools
from toolformer.tools.toolbox import Toolbox


def mcp(
    tool: Annotated[
        list[str] | None,
        Option(
            help="calculator, database:path=facts.db, my_tools.py:convert, ... Repeatable. "
            "Default: calculator, calendar, database.",
            show_default=False,
        ),
    ] = None,
    http: Annotated[
        int | None,
        Option(
            min=0,
            max=65535,
            metavar="PORT",
            help="Answer at http://HOST:PORT/mcp instead of on standard input and output.",
        ),
    ] = None,
    host: Annotated[str, Option(help="With --http: the address to listen at.")] = "127.0.0.1",
    today: Annotated[
        str | None, Option(help="The date that counts as today, such as 2023-03-03.")
    ] = None,
    tool_workers: TOOL_WORKERS = None,
    tool_timeout: TOOL_TIMEOUT = None,
    tool_cache: TOOL_CACHE = None,
) -> int:
    """Serve the tools to any client of the Model Context Protocol, until its input ends."""
    check_installed("mcp", extra="mcp", what="Serving tools")
    from toolformer.tools.mcp.serving import make_server, serve_http, serve_pipes

    day = None if today is None else read_date(today)
    loaded = load_tools(*tool) if tool else default_tools()
    limited = with_limits(loaded, workers=tool_workers, timeouts=tool_timeout)
    with Toolbox(limited, results=tool_cache) as toolbox:
        server = make_server(toolbox, today=lambda: day or date.today())
        names = ", ".join(toolbox)
        notes = Console(stderr=True)
        if http is None:
            notes.print(f"Serving {names} on standard input and output.", markup=False)
            serve_pipes(server)
        else:
            notes.print(f"Serving {names} at http://{host}:{http}/mcp", markup=False)
            serve_http(server, host=host, port=http)
    return 0
