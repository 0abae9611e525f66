"""Files of strangers, opened so that reading them ends. Knows no format."""

import os
import stat
from pathlib import Path
from typing import BinaryIO, Protocol


class OpensItself(Protocol):
    """A file that no path leads to, such as one that a URL names."""

    def open_binary(self) -> BinaryIO:
        """Opens it to read.

        Raises:
            OSError: it cannot be opened.
        """


def open_plain(path: str | Path | OpensItself) -> BinaryIO:
    """Opens a file to read, and nothing else: opening a named pipe would wait for a writer.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is not a plain file.
    """
    if not isinstance(path, str | Path):
        return path.open_binary()
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("it is not a plain file")
    return os.fdopen(descriptor, "rb")


def read_plain(path: str | Path, *, most_bytes: int) -> bytes:
    """Returns what a file holds.

    Raises:
        OSError: it cannot be read; a FileNotFoundError when it is not there.
        ValueError: it is not a plain file, or is longer than such files are.
    """
    with open_plain(path) as stream:
        content = stream.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ValueError(f"it is longer than {most_bytes:,} bytes")
    return content
