"""How Ctrl-C, a kill and a closed terminal end a command: in order, and soon, whatever hangs.

The first signal raises KeyboardInterrupt in the main thread, as Python does by itself, and further
ones change nothing. A thread of its own ends the process should the way out take too long: Python
raises nothing while it is inside a long step of a model or waits for a library.
"""

import atexit
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from toolformer.child import kill_children

_AGAIN_S = 0.1
SOON_S = 4.0  # after the signal, the process is ended as it is
_SIGNALS = tuple(
    each
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if (each := getattr(signal, name, None)) is not None
)
_SHOW_CURSOR = "\x1b[?25h"  # a bar hides it


class Interruption:
    """The signal that ends a command, once it came."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self._is_lost = False  # what it raised ended up where exceptions are ignored

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Interrupts the main thread, once; in the middle of an import it ends the process."""
        if _is_import(frame):  # a library in C++ that is being loaded would abort
            _leave(128 + number)
        if self.signal is None:
            logging.disable()  # what fails from now on does so because of this
        elif not self._is_lost:
            return
        self.signal, self._is_lost = self.signal or number, False
        raise KeyboardInterrupt

    def on_ignored(self, ignored: "sys.UnraisableHookArgs") -> None:
        """Takes note of an interrupt that came in a destructor or a callback; others are told."""
        if self.signal is not None and issubclass(ignored.exc_type, KeyboardInterrupt):
            self._is_lost = True
        else:
            sys.__unraisablehook__(ignored)

    def watch(self, receiving: int) -> None:
        """Waits for a signal, and then for the process to end; ends it if it does not."""
        came = b"\0"
        while came and came[0] not in _SIGNALS:
            try:
                came = os.read(receiving, 1)
            except OSError:
                return
        deadline = time.monotonic() + SOON_S
        while time.monotonic() < deadline:
            time.sleep(_AGAIN_S)
            if self._is_lost and self.signal is not None:
                signal.pthread_kill(threading.main_thread().ident or 0, self.signal)
        _leave(128 + came[0])

    def end(self) -> None:
        """Ends the process if a signal came, 128 and its number being the exit code.

        What is registered for the end is done, and the interpreter is not taken apart: that may
        take seconds, and nothing watches it.
        """
        if self.signal is not None:
            atexit._run_exitfuncs()
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError, AttributeError):
                    stream.flush()
            os._exit(128 + self.signal)


@contextmanager
def interruptible(interruption: Interruption) -> Iterator[None]:
    """Lets signals end what is done inside; those that the process was told to ignore still do not.

    Once one has come, all others are ignored to the end of the process, which is near. Where none
    came, one that comes later ends the process without a word: there is nothing left to stop.
    """
    heeded = [each for each in _SIGNALS if signal.getsignal(each) != signal.SIG_IGN]
    receiving, sending = os.pipe()
    os.set_blocking(sending, False)
    signal.set_wakeup_fd(sending, warn_on_full_buffer=False)
    threading.Thread(target=interruption.watch, args=(receiving,), daemon=True).start()
    sys.unraisablehook = interruption.on_ignored
    for each in heeded:
        signal.signal(each, interruption.on_signal)
    try:
        yield
    finally:
        came = interruption.signal is not None
        for each in heeded:
            signal.signal(each, signal.SIG_IGN if came else signal.SIG_DFL)


def hand_over() -> None:
    """Leaves Ctrl-C to what is an answer to it, as a REPL has one: it raises KeyboardInterrupt."""
    if isinstance(getattr(signal.getsignal(signal.SIGINT), "__self__", None), Interruption):
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for each in _SIGNALS[1:]:
            if signal.getsignal(each) != signal.SIG_IGN:
                signal.signal(each, _exit)


def _is_import(frame: FrameType | None) -> bool:
    """Returns whether a module is being imported in a frame or around it."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _exit(number: int, _frame: FrameType | None) -> None:
    """Ends a REPL, which gives the terminal back on its way out."""
    raise SystemExit(128 + number)


def _leave(code: int) -> None:
    """Ends the process without asking anything of it, and the workers of its tools."""
    kill_children()
    with contextlib.suppress(OSError, ValueError, AttributeError):
        shown = _SHOW_CURSOR if sys.stderr.isatty() else ""
        os.write(
            2, f"{shown}\nStopped in the middle of a step. What is written is whole.\n".encode()
        )
    os._exit(code)
