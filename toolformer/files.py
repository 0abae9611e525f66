"""Files that are whole or absent, directories that belong to one set of settings, encodable text.

Knows no format but JSON.
"""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from uuid import uuid4

from toolformer.config import differences
from toolformer.errors import RunError
from toolformer.specs import type_adapter

MOST_JSON = 16 << 20  # bytes of a file that people or this program write: a bound for strangers'

_T = TypeVar("_T")


def is_encodable(text: str) -> bool:
    r"""Returns whether a text has a form in UTF-8, which an unpaired surrogate does not.

    >>> is_encodable("naïve"), is_encodable("\ud83d")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def parse_json(text: str | bytes, *, nan_is_null: bool = False) -> Any:
    """Returns what a JSON text holds, whoever wrote it.

    Args:
        text: bytes are UTF-8.
        nan_is_null: reads the NaN and Infinity of JavaScript and Python, which JSON does not have,
            as null.

    Raises:
        ValueError: it is not JSON, or is nested more deeply than this program follows.

    >>> parse_json("[" * 100_000)
    Traceback (most recent call last):
    ValueError: it is nested too deeply
    """

    def constant(name: str) -> None:
        if not nan_is_null:
            raise ValueError(f"{name} is not JSON")

    try:
        return json.loads(text, parse_constant=constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_json(path: Path, *, most_bytes: int = MOST_JSON) -> Any:
    """Returns what a JSON file holds, whoever wrote it.

    Raises:
        OSError: it cannot be read; a FileNotFoundError when it is not there.
        ValueError: it is not JSON, not a plain file, or longer than such files are.
    """
    with open_plain(path) as stream:
        content = stream.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ValueError(f"it is longer than {most_bytes:,} bytes")
    return parse_json(content)


def open_plain(path: Path) -> BinaryIO:
    """Opens a file to read, and nothing else: opening a named pipe would wait for a writer.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is not a plain file.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("it is not a plain file")
    return os.fdopen(descriptor, "rb")


def json_text(values: object) -> str:
    """Returns a value as a JSON file holds it."""
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def from_json(kind: type[_T], values: object) -> _T:
    """Returns JSON values as a dataclass.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Pair:
    ...     name: str
    ...     counts: tuple[int, ...] = ()
    >>> from_json(Pair, {"name": "a", "counts": [1, 2]})
    Pair(name='a', counts=(1, 2))
    >>> from_json(Pair, {"name": "a", "counts": [1, "x"]})
    Traceback (most recent call last):
    ValueError: counts.1: Input should be a valid integer, unable to parse string as an integer

    Raises:
        ValueError: its sentence names the field.
    """
    from pydantic import ValidationError

    try:
        value: _T = type_adapter(kind).validate_python(values)  # type: ignore[arg-type, assignment]
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{place}: {first['msg']}" if place else first["msg"]) from None
    return value


def write_whole(path: Path, content: str | bytes, *, advice: str = "") -> None:
    """Writes a file, and the directories above it, so that it is whole or absent under its name.

    Args:
        path: the file; an older one is replaced.
        content: text is written as UTF-8.
        advice: what the user can do when the disk is full, as further sentences of the error.

    Raises:
        RunError: it cannot be written; its cause is the OSError.
    """
    # A name of its own keeps two writers of one file apart: threads, processes, machines.
    temporary = path.with_name(f"{path.name}.{uuid4().hex[:12]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as stream:
                stream.write(content.encode() if isinstance(content, str) else content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f"Cannot write '{path}': {error.strerror}.{advice}") from error


def leftovers(folder: Path) -> dict[str, list[Path]]:
    """Returns what killed writers left in a directory, by the name it was to have."""
    found: dict[str, list[Path]] = {}
    for each in folder.glob("*.tmp"):
        found.setdefault(each.name.rsplit(".", 2)[0], []).append(each)
    return found


def claim(path: Path, settings: Mapping[str, Any], *, what: str) -> None:
    """Claims a directory for one set of settings: writes them, or checks that they are the same.

    Args:
        path: the file in the directory that holds the settings.
        settings: JSON values.
        what: what the directory holds, as in "a fine-tuning".

    Raises:
        RunError: the directory was begun with other settings; the differing ones are named.
    """
    wanted = json.loads(json.dumps(settings))
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        write_whole(path, json_text(wanted))
        return
    except ValueError:
        raise RunError(f"'{path}' cannot be read: delete '{path.parent}' to start anew.") from None
    refuse_differences(known, wanted, folder=path.parent, what=what)


def refuse_differences(known: object, wanted: object, *, folder: Path, what: str) -> None:
    """Refuses to continue what a directory holds with other settings.

    Raises:
        RunError: names the settings that differ.
    """
    if changed := differences(known, wanted):
        raise RunError(
            f"'{folder}' holds {what} that was made with other settings: {'; '.join(changed)}. "
            "Name another directory, or the settings of that one to continue it."
        )
