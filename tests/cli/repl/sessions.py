"""What the tests of the REPL start from: a model that follows a script, tools, a session."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import count

from rich.console import Console

from toolformer.cli.display.screen import Screen
from toolformer.cli.repl.lines import piped
from toolformer.cli.repl.loop import repl
from toolformer.cli.repl.session import Session
from toolformer.errors import ToolError
from toolformer.infer.config import InferConfig
from toolformer.infer.live_tools import LiveTools
from toolformer.lm.scripted.model import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation
from toolformer.tools.base import Tool
from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.builtin.calendar import calendar
from toolformer.tools.decorator import tool

FRIDAY = date(2023, 3, 3)
SCRIPT = (
    Continuation("3 and 4 is", " [Calculator(3 + 4)"),
    Continuation("-> 7]", " 7."),
    Continuation("3 and 4 is", " many.", weight=0.5),
    Continuation(" [Calculator", " is barred.", weight=0.5),
    Continuation("1 by 0 is", " [Calculator(1 / 0)"),
    Continuation("1 by 0 is", " nothing.", weight=0.5),
    Continuation("Today is", " [Calendar(weekday)"),
    Continuation("-> Friday]", " Friday."),
    Continuation("-> Sunday]", " Sunday."),
    Continuation("Wait for", " [Stop(it)"),
    Continuation("-> stopped]", " nobody."),
    Continuation("on and on", " and on"),
    Continuation("/etc", " is a folder."),
)


@tool(name="Stop")
def stop(text: str) -> str:
    """Fails."""
    raise ToolError("It is broken.")


@contextmanager
def session(
    tools: Sequence[Tool] = (calculator, calendar), *, model: object = None, **settings: object
) -> Iterator[Session]:
    """A session on a Friday whose clock goes on by a second each time it is looked at."""
    seconds = count()
    with LiveTools(tools, today=FRIDAY) as live:
        yield Session(
            model or ScriptedLanguageModel(continuations=SCRIPT),  # type: ignore[arg-type]
            live,
            InferConfig(**settings),
            clock=lambda: float(next(seconds)),
        )


def typed(*lines: str, **options: object) -> str:
    """Returns what a REPL prints when these lines come by a pipe."""
    printed = io.StringIO()
    with session(**options) as made:  # type: ignore[arg-type]
        repl(
            made,
            read=piped(io.StringIO("".join(f"{line}\n" for line in lines))),
            screen=Screen(Console(file=printed)),
        )
    return printed.getvalue()


def terminal() -> Console:
    """Returns a console that takes itself for a terminal with colours, on a `StringIO`."""
    return Console(
        file=io.StringIO(), force_terminal=True, color_system="standard", no_color=False, width=100
    )


def printed_on(console: Console) -> str:
    """Returns what a `terminal` was sent."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
