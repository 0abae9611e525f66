"""Files that are whole or absent, directories that belong to one set of settings, encodable text.

Also which process writes to a file or a directory. Knows no format but JSON.
"""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from toolformer.config import differences
from toolformer.errors import RunError
from toolformer.plain_files import read_plain
from toolformer.typed import type_adapter

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None  # type: ignore[assignment]

_log = logging.getLogger(__name__)

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


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_STRICT = json.JSONDecoder(parse_constant=_refuse)
_LENIENT = json.JSONDecoder(parse_constant=lambda _name: None)


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
    decoder = _LENIENT if nan_is_null else _STRICT
    try:
        return decoder.decode(
            text.decode("utf-8-sig", "surrogatepass") if isinstance(text, bytes) else text
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_json(path: Path, *, most_bytes: int = MOST_JSON) -> Any:
    """Returns what a JSON file holds, whoever wrote it.

    Raises:
        OSError: it cannot be read; a FileNotFoundError when it is not there.
        ValueError: it is not JSON, not a plain file, or longer than such files are.
    """
    return parse_json(read_plain(path, most_bytes=most_bytes))


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
        value: _T = type_adapter(kind).validate_python(values)  # type: ignore[assignment]
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
    try:
        # A name of its own keeps two writers of one file apart: threads, processes, machines.
        # A long one leaves no room for more.
        name = path.name if len(os.fsencode(path.name)) < 200 else path.name[:40]
        temporary = path.with_name(f"{name}.{uuid4().hex[:12]}.tmp")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as stream:
                stream.write(content.encode() if isinstance(content, str) else content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, ValueError) as error:  # a name may have a NUL
        reason = getattr(error, "strerror", None) or error
        raise RunError(f"Cannot write '{path}': {reason}.{advice}") from error


def lock(descriptor: int, path: Path, *, is_shared: bool = False) -> None:
    """Locks an open file or directory against other processes, until it is closed.

    However the process ends, the lock ends with it. Where there are no locks, as on some network
    file systems, a warning says so, and nothing is locked.

    Args:
        descriptor: of the open file.
        path: its name, for messages.
        is_shared: whether others may share the lock.

    Raises:
        RunError: another process has locked it.
    """
    reason = "this system has no file locks"
    if fcntl is not None:
        kind = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(
                f"Another process is writing to '{path}': wait until it has ended, or name another "
                "output."
            ) from None
        except OSError as error:
            reason = str(error.strerror)
        else:
            return
    _log.warning(
        "'%s' cannot be locked (%s): start no second process that writes there.", path, reason
    )


@contextmanager
def locked(folder: Path, *, is_shared: bool = False) -> Iterator[None]:
    """Makes a directory, and locks it while something is written there.

    Args:
        folder: may exist.
        is_shared: whether others may share the lock.

    Raises:
        RunError: it cannot be made; another process has locked it; or it is gone at the end, and
            with it what was written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except FileExistsError as error:
        raise RunError(f"Cannot write to '{folder}': it is a file.") from error
    except OSError as error:
        raise RunError(f"Cannot write to '{folder}': {error.strerror}.") from error
    try:
        lock(descriptor, folder, is_shared=is_shared)
        yield
        refuse_removed(descriptor, folder)
    finally:
        os.close(descriptor)


def refuse_removed(descriptor: int, path: Path) -> None:
    """Refuses to continue when what is open no longer has its name.

    Raises:
        RunError: it was removed or replaced.
    """
    try:
        is_there = os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        is_there = False
    if not is_there:
        raise RunError(
            f"'{path}' was removed or replaced while it was being written: what was written is "
            "lost. Run the same command again."
        )


def leftovers(folder: Path) -> dict[str, list[Path]]:
    """Returns what killed writers left in a directory, by the name it was to have."""
    found: dict[str, list[Path]] = {}
    for each in folder.glob("*.tmp"):
        found.setdefault(each.name.rsplit(".", 2)[0], []).append(each)
    return found


def claim(
    path: Path, settings: Mapping[str, Any], *, what: str, folder: Path | None = None
) -> None:
    """Claims a directory for one set of settings: writes them, or checks that they are the same.

    Args:
        path: the file in the directory that holds the settings.
        settings: JSON values.
        what: what the directory holds, as in "a fine-tuning".
        folder: the directory, where the file lies deeper in it.

    Raises:
        RunError: the directory holds something else, or was begun with other settings; the
            differing ones are named.
    """
    wanted = json.loads(json.dumps(settings))
    folder = folder or path.parent
    try:
        known = read_json(path)
    except (FileNotFoundError, NotADirectoryError):
        refuse_others(folder, what=what)
        write_whole(path, json_text(wanted))
        return
    except (OSError, ValueError) as error:
        raise RunError(
            f"'{path}' cannot be read ({getattr(error, 'strerror', None) or error}): name another "
            f"directory, or delete '{folder}' to start anew."
        ) from None
    refuse_differences(known, wanted, folder=folder, what=what)


def refuse_others(folder: Path, *, what: str) -> None:
    """Refuses a directory that holds anything, for whatever is in it is somebody else's.

    What writers left who were killed before they had claimed it does not count.

    Raises:
        RunError: it is not empty, or not a directory.
    """
    try:
        others = [each.name for each in folder.iterdir() if each.suffix != ".tmp"]
    except FileNotFoundError:
        return
    except OSError as error:
        raise RunError(f"Cannot write {what} to '{folder}': {error.strerror}.") from error
    if others:
        raise RunError(
            f"'{folder}' is neither empty nor {what}: it holds '{min(others)}'. Name a directory "
            "that is empty or does not exist."
        )


def refuse_differences(known: object, wanted: object, *, folder: str | Path, what: str) -> None:
    """Refuses to continue what a directory holds with other settings.

    Raises:
        RunError: names the settings that differ.
    """
    if changed := differences(known, wanted):
        raise RunError(
            f"'{folder}' holds {what} that was made with other settings: {'; '.join(changed)}. "
            "Name another directory, or the settings of that one to continue it."
        )
