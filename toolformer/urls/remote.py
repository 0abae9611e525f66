"""Files that a URL names, through fsspec: s3://, gs://, hf://, https:// and whatever it knows.

Knows no format.
"""

import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from toolformer.errors import ConfigError
from toolformer.urls.names import RemoteError, shown_url, told_as_errors

_BLOCK = 1 << 18  # bytes that are handed on at a time
_AHEAD = 4 << 20  # bytes that are asked for at a time: the end of a table is as much


class Remote:
    """A file or folder that a URL names."""

    def __init__(self, url: str) -> None:
        """Asks nobody yet.

        Raises:
            ConfigError: nothing here knows the protocol.
        """
        self.url = url.rstrip("/")
        self._fs, self.path = _file_system(url)

    def file(self, path: str) -> "UrlFile":
        """Returns a file of the same file system, by its whole path there."""
        return UrlFile(f"{self.url.partition('://')[0]}://{path.lstrip('/')}", path, self._fs)

    def is_file(self) -> bool:
        """Returns whether the URL names a file."""
        with told_as_errors(self.url):
            return bool(self._fs.isfile(self.path))

    def files(self) -> dict[str, int]:
        """Returns the sizes of all files below, by their path below it, as they are now."""
        with told_as_errors(self.url):
            self._fs.invalidate_cache()
            with suppress(FileNotFoundError):
                found = self._fs.find(self.path, detail=True)
                below = len(self.path.rstrip("/")) + 1
                return {
                    name[below:]: int(info.get("size") or 0)
                    for name, info in sorted(found.items())
                    if len(name) > below
                }
            return {}

    def glob(self) -> list[str]:
        """Returns the whole paths of what a pattern fits, files and folders."""
        with told_as_errors(self.url):
            return sorted(map(str, self._fs.glob(self.path)))

    def fetch(self, name: str, to: Path) -> None:
        """Copies a file from below to this machine; whole under its name, or absent.

        Raises:
            FileNotFoundError: it is not there.
            RemoteError: it cannot be had.
        """
        to.parent.mkdir(parents=True, exist_ok=True)
        aside = to.with_name(f"{to.name}.tmp")
        try:
            with told_as_errors(self.url):
                self._fs.get_file(self._below(name), str(aside))
            aside.replace(to)
        finally:
            aside.unlink(missing_ok=True)

    def write(self, name: str, content: bytes, *, is_new: bool = False) -> None:
        """Writes a file below; who reads it meanwhile sees all of it or none.

        Args:
            name: below the folder.
            content: of the file.
            is_new: whether it must not be there yet; the store itself sees to that, where it can.

        Raises:
            FileExistsError: it is there already.
            RemoteError: it cannot be written.
        """
        path = self._below(name)
        with told_as_errors(self.url):
            if is_new:
                if self._fs.exists(path):
                    raise FileExistsError(path)
                with suppress(NotImplementedError, TypeError):
                    self._fs.pipe_file(path, content, mode="create")
                    return
            self._make_parent(path)
            self._fs.pipe_file(path, content)

    def remove(self, name: str) -> None:
        """Removes a file below, if it is there."""
        with told_as_errors(self.url), suppress(FileNotFoundError):
            self._fs.rm_file(self._below(name))

    def _below(self, name: str) -> str:
        return f"{self.path.rstrip('/')}/{name}"

    def _make_parent(self, path: str) -> None:
        """Makes a folder where there are such: in a store of objects there are none."""
        if "file" in self._fs.protocol or "memory" in self._fs.protocol:
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)


class UrlFile:
    """A file that a URL names, to read from; it has the name and the endings of a path."""

    def __init__(self, url: str, path: str, file_system: Any) -> None:
        self.url = url
        self.fault = ""  # why it could not be read to its end, once it could not
        self._path = path
        self._fs = file_system

    def __str__(self) -> str:
        return shown_url(self.url)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UrlFile) and self.url == other.url

    def __hash__(self) -> int:
        return hash(self.url)

    @property
    def name(self) -> str:
        """The last part of its path."""
        return PurePosixPath(self._path).name

    @property
    def suffix(self) -> str:
        """The ending of its name."""
        return PurePosixPath(self._path).suffix

    @property
    def suffixes(self) -> list[str]:
        """All endings of its name."""
        return PurePosixPath(self._path).suffixes

    def open_binary(self) -> BinaryIO:
        """Opens it to read; it is read block by block, as far as it is read.

        Raises:
            OSError: it is not there, or cannot be read.
        """
        try:
            with told_as_errors(self.url):
                stream = self._fs.open(self._path, "rb", block_size=_AHEAD)
        except RemoteError as error:
            self.fault = str(error.strerror)
            raise
        return cast(BinaryIO, io.BufferedReader(_Stream(stream, self), _BLOCK))

    @contextmanager
    def copied(self) -> Iterator[Path]:
        """Yields a copy on this machine, for as long as it is used."""
        with tempfile.TemporaryDirectory(prefix="toolformer-") as folder:
            path = Path(folder) / self.name
            with self.open_binary() as stream, path.open("wb") as copy:
                shutil.copyfileobj(stream, copy, _BLOCK)
            yield path


AnyFile = Path | UrlFile


class _Stream(io.RawIOBase):
    """Passes on what fsspec reads, and remembers in the file why it could not."""

    def __init__(self, stream: Any, file: UrlFile) -> None:
        self._stream = stream
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._stream.seekable())

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def readinto(self, buffer: Any) -> int:
        try:
            with told_as_errors(self._file.url):
                piece = self._stream.read(len(buffer))
        except OSError as error:
            self._file.fault = str(error.strerror or error)
            raise
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def _file_system(url: str) -> tuple[Any, str]:
    import fsspec

    try:
        with told_as_errors(url):
            file_system, path = fsspec.core.url_to_fs(url)
    except RemoteError as error:
        raise ConfigError(f"'{shown_url(url)}' cannot be opened ({error.strerror}).") from None
    return file_system, str(path)
