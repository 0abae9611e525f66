"""Ends a command quietly when nobody reads its output any longer."""

import os
import sys
from collections.abc import Callable

CLOSED_PIPE = 141  # 128 + SIGPIPE: how a shell shows it of any program


def until_closed(work: Callable[[], int]) -> int:
    """Does work that prints to stdout and returns its exit code, or 141 when the pipe is closed."""
    try:
        code = work()
        sys.stdout.flush()
    except BrokenPipeError:
        pass
    except SystemExit as left:
        if not isinstance(left.__context__, BrokenPipeError):  # which is what rich makes of it
            raise
    else:
        return code
    drop_output()
    return CLOSED_PIPE


def drop_output() -> None:
    """Drops what is left to print, which Python would try once more when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
