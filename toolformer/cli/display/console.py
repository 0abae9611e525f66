"""Where answers are printed: a terminal, or a pipe in which no line is cut."""

import os
import re

from rich.console import Console

# How the parts of a text look, by their kind.
STYLES = {"text": "", "call": "bold cyan", "output": "bold green"}
# What a model or a tool says must not steer the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_UNBOUNDED = 1000  # columns; no table has as many


def answer_console() -> Console:
    """Returns the console for an answer; lines and cells are wrapped for a terminal only."""
    console = Console(highlight=False)
    console.soft_wrap = not console.is_terminal
    if not console.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
        console.width = _UNBOUNDED
    return console


def clean(text: str) -> str:
    r"""Returns a text without what would steer the terminal.

    >>> clean("a\x1b[2J")
    'a�[2J'
    """
    return _CONTROL.sub("�", text)
