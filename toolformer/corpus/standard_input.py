"""Standard input as a file, so that it can be counted, hashed and read like any other."""

import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from toolformer.errors import CorpusError


def standard_input(ending: str) -> Path:
    """Returns a file with everything on standard input; it is deleted when the program ends.

    Raises:
        CorpusError: there is no standard input, or no room for it on the disk.
    """
    return Path(_copied(ending).name)


@cache  # it can be read once
def _copied(ending: str) -> Any:
    if sys.stdin is None:
        raise CorpusError("There is no standard input to read a corpus from: it is closed.")
    try:
        copy = tempfile.NamedTemporaryFile(prefix="toolformer-", suffix=ending)  # noqa: SIM115
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.flush()
    except OSError as error:
        raise CorpusError(f"Standard input cannot be kept in a file: {error.strerror}.") from None
    return copy
