"""Records out of the files a corpus may consist of, streamed, with what is wrong in them.

A record is what a line or a row holds; knows no Document.
"""

import gzip
import io
import json
import lzma
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

FORMATS = (".txt", ".jsonl", ".parquet")
COMPRESSIONS = (".gz", ".zst", ".xz")
_ROWS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class CorpusProblem:
    """Something in a corpus that could not be read, and where."""

    source: str  # a file's name
    line: int | None  # counted from 1; None: the file as a whole
    message: str

    def __str__(self) -> str:
        """Returns `name, line 3: what is wrong`."""
        where = self.source if self.line is None else f"{self.source}, line {self.line}"
        return f"{where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Record:
    """One line or row; a line of a .txt file has the one field `text`."""

    number: int  # counted from 1
    fields: Mapping[str, object]


def format_of(path: Path) -> str | None:
    """Returns which of the formats a file's name stands for.

    >>> format_of(Path("news.jsonl.zst"))
    '.jsonl'
    >>> format_of(Path("news.csv")) is None
    True
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS and suffixes[-2:-1] != [".parquet"]:
        suffixes.pop()
    return suffixes[-1] if suffixes and suffixes[-1] in FORMATS else None


def read_records(path: Path, *, name: str) -> Iterator[Record | CorpusProblem]:
    """Yields what a file holds, in order; a bad line is a problem, and reading continues after it.

    Args:
        path: a file in one of the formats.
        name: what problems call the file.
    """
    kind = format_of(path)
    number = 0
    try:
        if kind == ".parquet":
            for record in _rows(path):
                number = record.number
                yield record
            return
        with ExitStack() as stack:
            for number, line in _lines(path, stack):
                found = _record(line, number, is_json=kind == ".jsonl")
                if isinstance(found, str):
                    yield CorpusProblem(name, number, found)
                elif found is not None:
                    yield found
    except _WholeFileError as error:
        yield CorpusProblem(name, None, str(error))
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        # gzip, xz and Arrow say in these ways that what they unpack is damaged or cut off.
        where = "" if number == 0 else f" after line {number}"
        yield CorpusProblem(name, None, f"cannot be read{where} ({_reason(error)})")


class _WholeFileError(Exception):
    """The file as a whole is not what its name says."""


def _lines(path: Path, stack: ExitStack) -> Iterator[tuple[int, bytes]]:
    stream = _unpacked(path, stack)
    start = stream.peek(1)
    if not start:
        raise _WholeFileError("the file is empty")
    if b"\0" in start:
        raise _WholeFileError("the file is binary (or UTF-16), not UTF-8 text")
    if start.startswith(b"\xef\xbb\xbf"):
        stream.read(3)
    yield from enumerate(stream, start=1)


def _unpacked(path: Path, stack: ExitStack) -> io.BufferedReader:
    suffix = path.suffix.lower()
    raw: IO[bytes]
    if suffix == ".gz":
        raw = cast(IO[bytes], gzip.open(path))  # noqa: SIM115 (the stack closes it)
    elif suffix == ".xz":
        raw = lzma.open(path)  # noqa: SIM115
    elif suffix == ".zst":
        import pyarrow as pa

        raw = pa.input_stream(str(path), compression="zstd")
    else:
        raw = path.open("rb", buffering=0)
    stack.enter_context(raw)
    return stack.enter_context(io.BufferedReader(cast(io.RawIOBase, raw), 1 << 16))


def _record(line: bytes, number: int, *, is_json: bool) -> Record | str | None:
    """Returns a line's record, None for a blank line, or what is wrong with it."""
    try:
        text = line.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        return f"not UTF-8 (byte {error.start + 1} of the line)"
    if not text.strip():
        return None
    if not is_json:
        return Record(number, {"text": text})
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        return f"not JSON ({error.msg} at character {error.pos + 1})"
    except (ValueError, RecursionError) as error:
        return f"not readable as JSON ({_reason(error)})"
    if not isinstance(value, dict):
        return "not a JSON object"
    return Record(number, value)


def _rows(path: Path) -> Iterator[Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.stat().st_size == 0:
        raise _WholeFileError("the file is empty")
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowException as error:
        raise _WholeFileError(f"the file is not Parquet ({_reason(error)})") from None
    number = 0
    with file:
        for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
            rows: list[dict[str, Any]] = batch.to_pylist()
            for row in rows:
                number += 1
                yield Record(number, row)


def _reason(error: BaseException) -> str:
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(said).splitlines()[0].rstrip(".")
