"""Where people read: a terminal, or a pipe or file, in which no line is cut."""

import os
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console as RichConsole
from rich.console import ConsoleOptions, RenderableType
from rich.measure import Measurement
from rich.segment import Segment
from rich.status import Status
from rich.table import Table
from rich.text import Text

from toolformer.cli.display.gate import clean, ungated

# How the parts of a text look, by their kind.
STYLES = {"text": "", "call": "bold cyan", "output": "bold green"}

_UNBOUNDED = 1000  # columns; no table has as many


class Console(RichConsole):
    """A console on which a text is what it says: no markup, and nothing that steers the terminal.

    Lines and cells are wrapped for a terminal only; a table that does not fit one is printed as
    lines. On stderr it is quiet under `--quiet`.
    """

    def __init__(self, *, stderr: bool = False, quiet: bool = False, **options: Any) -> None:
        """Takes what rich's takes."""
        stream = sys.stderr if stderr else sys.stdout
        is_quiet = quiet or (stderr and getattr(stream, "is_quiet", False))
        environment = {
            name: value
            for name, value in os.environ.items()
            # rich fails at "²", which are digits to it, and prints nothing in no columns.
            if name not in ("COLUMNS", "LINES") or (value.isdecimal() and value.strip("0"))
        }
        plain: dict[str, Any] = {
            "markup": False,
            "highlight": False,
            "emoji": False,
            "file": ungated(stream),
            "_environ": environment,
        }
        super().__init__(stderr=stderr, quiet=is_quiet, **(plain | options))
        self.soft_wrap = not self.is_terminal
        if not self.is_terminal and "COLUMNS" not in environment:
            self.width = _UNBOUNDED

    def render_str(self, text: str, **options: Any) -> Text:
        """Makes a text of characters; cleaned here, so that it is measured as it is shown."""
        return super().render_str(clean(text), **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yields what is painted, whatever it was made of."""
        if isinstance(renderable, Table):
            given = options or self.options
            needed = Measurement.get(self, given.update(max_width=_UNBOUNDED), renderable).minimum
            if needed > given.max_width:
                renderable = _as_lines(renderable)
        for each in super().render(renderable, options):
            yield each if each.control else Segment(clean(each.text), each.style)

    def status(self, status: RenderableType, **options: Any) -> Status:
        """Shows that something is being done; rich would read the markup of a string."""
        shown = Text(clean(status)) if isinstance(status, str) else status
        return super().status(shown, **options)


def _as_lines(table: Table) -> Text:
    """Returns a table as one line for each cell, for a terminal in which its cells would be cut."""
    names = [str(column.header) for column in table.columns]
    rows = zip(*(column.cells for column in table.columns), strict=True)
    said = [str(table.title or "")]
    for row in rows:
        said += [
            "",
            *(f"{name}: {cell}".removeprefix(": ") for name, cell in zip(names, row, strict=True)),
        ]
    return Text("\n".join([*said, "", str(table.caption or "")]).strip("\n"))


def answer_console() -> Console:
    """Returns the console for an answer."""
    return Console()
