"""The lines of a file, unpacked and of bounded length. Bytes: knows no format but text.

Whatever a file holds or claims to hold, no more than one line of it is in memory.
"""

import bz2
import gzip
import io
import lzma
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from toolformer.corpus.formats import compression_of
from toolformer.plain_files import open_plain
from toolformer.urls import AnyFile

MOST_BYTES = 64 << 20  # of one record: a small file may unpack to a line of any length
TOO_LONG = f"longer than {MOST_BYTES >> 20} MiB, the most that is read of one record"

_BLOCK = 1 << 16
_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_SIGNATURES = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bzip2": re.compile(rb"BZh[1-9]1AY&SY"),
    "xz": re.compile(rb"\xfd7zXZ\x00"),
    "Zstandard": re.compile(rb"\x28\xb5\x2f\xfd"),
    "ZIP": re.compile(rb"PK\x03\x04"),
    "PDF": re.compile(rb"%PDF-"),
    "Parquet": re.compile(rb"PAR1"),
    "Arrow": re.compile(rb"ARROW1\x00\x00"),
}
_MOST_NULLS = 0.1  # of a text's first block; in UTF-16 it is about a half


class WholeFileError(Exception):
    """The file as a whole is not what its name says."""


class EmptyFileError(WholeFileError):
    """There is nothing in the file."""


@contextmanager
def open_text(path: AnyFile) -> Iterator[io.BufferedReader]:
    """Opens a text file, unpacked, after its byte order mark.

    Raises:
        WholeFileError: it is empty, or is not UTF-8 text.
    """
    with _unpacked(path) as stream:
        start = stream.peek(1)
        if not start:
            raise EmptyFileError("the file is empty")
        if problem := _not_text(start):
            raise WholeFileError(problem)
        if start.startswith(_BOM):
            stream.read(len(_BOM))
        yield stream


def bounded_lines(stream: io.BufferedReader) -> Iterator[bytes | None]:
    """Yields each line with its end; None for one that is too long."""
    while line := stream.readline(MOST_BYTES + 1):
        if len(line) <= MOST_BYTES:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(_BLOCK)
        yield None


def decoded(line: bytes) -> str:
    """Returns a line as text.

    Raises:
        ValueError: it is not UTF-8.
    """
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 (byte {error.start + 1} of the line)") from None


def reason_of(error: BaseException) -> str:
    """Returns what an error of a library says, in a line."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(said).strip().splitlines()[0].rstrip(".")


@contextmanager
def _unpacked(path: AnyFile) -> Iterator[io.BufferedReader]:
    try:
        file = open_plain(path)
    except ValueError as error:
        raise WholeFileError(str(error)) from None
    with file, _unpacking(file, compression_of(path)) as unpacked:
        yield io.BufferedReader(_AsItComes(unpacked), _BLOCK)


class _AsItComes(io.RawIOBase):
    """Passes on what is unpacked piece by piece: what stands before a damage is not lost."""

    def __init__(self, unpacked: Any) -> None:
        self._unpacked = unpacked

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._unpacked.read1(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def _unpacking(file: IO[bytes], compression: str | None) -> Any:
    if compression == ".gz":
        return gzip.GzipFile(fileobj=file)
    if compression == ".bz2":
        return bz2.BZ2File(file)
    if compression == ".xz":
        return lzma.LZMAFile(file)
    if compression == ".zst":
        import pyarrow as pa

        return pa.input_stream(file, compression="zstd")
    return file


def _not_text(start: bytes) -> str | None:
    """Returns what a file is by its first bytes, None when it may be text."""
    for name, signature in _SIGNATURES.items():
        if signature.match(start):
            return f"the file holds {name} data, which its name does not say"
    if start.startswith(_UTF16_BOMS) and 0 in start:
        return "the file is UTF-16, not UTF-8: convert it with iconv -f utf-16 -t utf-8"
    if start.count(0) > _MOST_NULLS * len(start):
        return "the file is binary (or UTF-16), not UTF-8 text"
    return None
