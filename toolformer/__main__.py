"""The command `toolformer`, also as `python -m toolformer`."""

import os
import signal
from types import FrameType


def main() -> None:
    """Runs the command line and exits; a signal that comes while it is loaded ends it at once."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _leave)

    from toolformer.cli.main import main as run

    run()


def _leave(number: int, _frame: FrameType | None) -> None:
    """Ends the process: nothing was begun yet."""
    os._exit(128 + number)


if __name__ == "__main__":
    main()
