"""What tells the files that specs name from earlier versions of them."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from itertools import combinations, islice
from pathlib import Path
from stat import S_ISDIR, S_ISREG

_SEPARATOR = re.compile("[:,=]")
_MAX_FILES = 10_000  # of a directory are looked at


def stamp_files(specs: Iterable[str]) -> dict[str, list[int]]:
    """Returns what tells the files and directories that specs name from earlier versions of them.

    Whatever is between two of a spec's separators and is a file counts, for only the thing itself
    knows which of its options are paths; so does a directory that is the value of an option.

    Returns:
        By path: bytes, and nanoseconds at the last change; for a directory with files in it their
        number, their bytes, and a hash of their names, sizes and times. Nothing where no file is
        named.
    """
    stamps = {}
    for spec in specs:
        borders = [-1, *(mark.start() for mark in _SEPARATOR.finditer(spec)), len(spec)]
        for start, end in combinations(borders, 2):
            piece = spec[start + 1 : end].strip()
            try:
                found = Path(piece).stat()
            except (OSError, ValueError):  # no file, or no name for one
                continue
            if S_ISREG(found.st_mode):
                stamps[piece] = [found.st_size, found.st_mtime_ns]
            elif (
                S_ISDIR(found.st_mode)
                and piece
                and spec[max(start, 0)] == "="
                and (stamp := _stamp_folder(Path(piece)))
            ):
                stamps[piece] = stamp
    return dict(sorted(stamps.items()))


def _stamp_folder(folder: Path) -> list[int]:
    """Returns number, bytes and a hash of a directory's first files; nothing where it has none."""
    digest = hashlib.sha256()
    number = size = 0
    for path in islice(_files_below(folder), _MAX_FILES):
        try:
            found = path.stat()
        except OSError:  # gone meanwhile, or a link to nothing
            continue
        number += 1
        size += found.st_size
        line = f"{path.relative_to(folder)}\0{found.st_size}\0{found.st_mtime_ns}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return [number, size, int.from_bytes(digest.digest()[:6])] if number else []


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders.sort()  # the order in which they are walked
        yield from (Path(parent, name) for name in sorted(files))
