"""What a command tells when Ctrl-C or a kill ends it: what it keeps, and how to continue."""

from collections.abc import Iterator
from contextlib import contextmanager

CONTINUED = "Run the same command again to continue."
AT_A_CHECKPOINT = "Run the same command again to continue at the last checkpoint."


class Stopped(BaseException):
    """A command was interrupted, and knows what to tell of it.

    It is not a KeyboardInterrupt, of which typer makes an exit code without a word.
    """


@contextmanager
def stopped_with(advice: str) -> Iterator[None]:
    """Adds to an interruption of what is done inside what the user should know or do next."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise Stopped(f"Stopped. {advice}") from error
