"""Where answers are printed: a terminal, or a pipe in which no line is cut."""

import os

from rich.console import Console

_UNBOUNDED = 1000  # columns; no table has as many


def answer_console() -> Console:
    """Returns the console for an answer; lines and cells are wrapped for a terminal only."""
    console = Console(highlight=False)
    console.soft_wrap = not console.is_terminal
    if not console.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
        console.width = _UNBOUNDED
    return console
