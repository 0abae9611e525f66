"""The one gate between the program and whoever reads what it prints. Knows no rich.

While a command runs, `sys.stdout` and `sys.stderr` are gates. What is printed through them, by this
program or by a library, cannot steer a terminal and fails for no encoding. A console's colours
take the way around, `ungated`, and the console cleans the texts that it paints (`console.py`).

    stdout    is the answer: when it cannot be written the command fails
    stderr    is what is said beside it: when it cannot be written the work continues
"""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

# Control characters but tabs and line ends, those of C1, and Unicode's Bidi_Control.
_STEERING = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_STEERS = re.compile(rf"[{_STEERING}]|\r(?!\n)")
_NOT_IN_JSON = re.compile(rf"[{_STEERING}\ud800-\udfff]")


class OutputError(Exception):
    """Standard output cannot be written; the cause is the OSError."""


def clean(text: str) -> str:
    r"""Returns a text without what would steer the terminal.

    >>> clean("a\x1b[2J \x9b2J \u202e")
    'a�[2J �2J �'
    """
    return _STEERS.sub("�", text)


def json_line(value: object, *, indent: int | None = None, encoding: str = "utf-8") -> str:
    r"""Returns a value as JSON in which what would steer a terminal is escaped.

    >>> json_line({"é": "\x9b2J"}), json_line("é", encoding="ascii"), json_line(float("nan"))
    ('{"é": "\\u009b2J"}', '"\\u00e9"', 'null')
    """
    is_unicode = encoding.casefold().replace("-", "").startswith("utf")
    try:
        text = json.dumps(
            value, ensure_ascii=not is_unicode, indent=indent, default=str, allow_nan=False
        )
    except ValueError:  # JSON has no NaN and no infinity
        bare = json.loads(json.dumps(value, default=str), parse_constant=lambda _name: None)
        return json_line(bare, indent=indent, encoding=encoding)
    return _NOT_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def print_json(value: object, *, indent: int | None = None) -> None:
    """Prints a value as JSON, exactly, whatever the encoding of standard output."""
    text = json_line(value, indent=indent, encoding=sys.stdout.encoding or "utf-8")
    print(text, flush=True)


def ungated(stream: TextIO) -> TextIO:
    """Returns what a gate passes texts on to, for those who clean them themselves."""
    return getattr(stream, "rich_proxied_file", stream)


@contextmanager
def gated_output() -> Iterator[None]:
    """Puts the gates up, around a command or a whole process; within others it does nothing."""
    if isinstance(sys.stdout, _Gate):
        yield
        return
    before = sys.stdout, sys.stderr
    # Python has None for a stream that was closed before it began.
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
        sys.stdout = _gate(before[0] or nowhere, _fail)
        sys.stderr = _gate(before[1] or nowhere, lambda _error: None)
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before


def _gate(stream: TextIO, lost: Callable[[OSError], None]) -> TextIO:
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    return cast(TextIO, _Gate(_Outlet(stream, lost)))


def _fail(error: OSError) -> None:
    raise OutputError from error


class _Wrapper:
    """A text stream that is another in all it does not say itself."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def write(self, text: str) -> int:
        raise NotImplementedError


class _Outlet(_Wrapper):
    """A stream with a say in what becomes of the program when it takes no more."""

    def __init__(self, stream: TextIO, lost: Callable[[OSError], None]) -> None:
        super().__init__(stream)
        self._lost = lost
        self._error: OSError | None = None

    def write(self, text: str) -> int:
        try:
            self._stream.write(text)
        except OSError as error:
            self._lose(error)
        return len(text)

    def flush(self) -> None:
        if self._error is not None:  # a library may have passed over it
            self._lost(self._error)
        try:
            self._stream.flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        self._error = error
        # What is left in its buffer Python would try once more when it ends, and complain.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
        self._lost(error)


class _Gate(_Wrapper):
    """Passes on what is written to it, cleaned."""

    @property
    def rich_proxied_file(self) -> Any:
        """Where rich's consoles write: they have colours, and this package's clean their texts."""
        return self._stream

    def write(self, text: str) -> int:
        self._stream.write(clean(text))
        return len(text)


def fill_closed_streams() -> None:
    """Opens the standard streams that are closed, on nothing.

    The next file to be opened would get such a stream's number, and with it what libraries print.
    """
    for number, mode in enumerate("rww"):
        name = ("stdin", "stdout", "stderr")[number]
        if getattr(sys, name) is not None:
            continue
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
        os.set_inheritable(number, True)  # as the streams of a program are
        setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
