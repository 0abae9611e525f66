"""Records of Parquet and Arrow files, cell by cell. Knows no Document.

A row's cells are taken one by one, so that a value which Python cannot hold costs itself alone.
"""

import mmap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from toolformer.corpus.lines import MOST_BYTES, TOO_LONG, EmptyFileError, WholeFileError, reason_of
from toolformer.files import open_plain

_ROWS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for the value of a cell that cannot be read."""

    reason: str


def parquet_rows(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Yields the number of each row, from 1, with its cells.

    Raises:
        WholeFileError: the file is not Parquet, or is damaged from here on.
    """
    import pyarrow.parquet as pq

    with _open(path) as stream:
        try:
            file = pq.ParquetFile(stream)
        except Exception as error:  # noqa: BLE001 (whatever Arrow makes of a stranger's file)
            raise WholeFileError(f"the file is not Parquet ({reason_of(error)})") from None
        with file:
            yield from _rows(file.iter_batches(batch_size=_ROWS_AT_ONCE))


def arrow_rows(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Yields the number of each row of an Arrow file or stream, from 1, with its cells.

    Raises:
        WholeFileError: the file is not Arrow, or is damaged from here on.
    """
    import pyarrow as pa

    with _open(path) as stream:
        content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            yield from _rows(_arrow_batches(pa.py_buffer(content)))
        except pa.ArrowInvalid as error:
            raise WholeFileError(f"the file is not Arrow ({reason_of(error)})") from None


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    try:
        stream = open_plain(path)
    except ValueError as error:
        raise WholeFileError(str(error)) from None
    with stream:
        if not stream.read(1):
            raise EmptyFileError("the file is empty")
        stream.seek(0)
        yield stream


def _arrow_batches(content: Any) -> Iterator[Any]:
    """Yields the batches of an Arrow file, or of the stream that `datasets` calls one."""
    import pyarrow as pa

    if bytes(content[:6]) == b"ARROW1":
        file = pa.ipc.open_file(content)
        yield from map(file.get_batch, range(file.num_record_batches))
    else:
        yield from pa.ipc.open_stream(content)


def _rows(batches: Iterator[Any]) -> Iterator[tuple[int, Mapping[str, object]]]:
    number = 0
    while True:
        try:
            batch = next(batches, None)
        except Exception as error:  # noqa: BLE001
            raise WholeFileError(f"cannot be read ({reason_of(error)})") from None
        if batch is None:
            return
        columns = [_Column.of(each) for each in batch.columns]
        for row in range(batch.num_rows):
            number += 1
            cells = (column.cell(row) for column in columns)
            yield number, dict(zip(batch.schema.names, cells, strict=True))


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of some rows, from which cells can be taken without harm."""

    values: Any  # an Arrow array, or an Unreadable for all cells
    is_text: bool  # whether its bytes are a text's
    is_large: bool  # whether a cell may be longer than is read

    @classmethod
    def of(cls, values: Any) -> "_Column":
        """Checks a column: an Arrow file says itself where in it a cell lies."""
        import pyarrow as pa

        try:
            values.validate(full=True)
            return cls(values, is_text=False, is_large=values.nbytes > MOST_BYTES)
        except Exception as error:  # noqa: BLE001
            is_text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
            if not is_text:
                damage = Unreadable(f"damaged ({reason_of(error)})")
                return cls(damage, is_text=False, is_large=False)
        # What is wrong may be that a text is not UTF-8, which costs this text alone.
        large = pa.types.is_large_string(values.type)
        values = values.view(pa.large_binary() if large else pa.binary())
        return cls(cls.of(values).values, is_text=True, is_large=values.nbytes > MOST_BYTES)

    def cell(self, row: int) -> object:
        """Returns what a cell holds, or an Unreadable."""
        if isinstance(self.values, Unreadable):
            return self.values
        try:
            if self.is_large and _size(self.values, row) > MOST_BYTES:
                return Unreadable(TOO_LONG)
            value = self.values[row].as_py()
            return value.decode() if self.is_text and value is not None else value
        except UnicodeDecodeError as error:
            return Unreadable(f"not UTF-8 at byte {error.start + 1}")
        except Exception:  # noqa: BLE001
            return Unreadable(f"not a {self.values.type} that Python holds")


def _size(values: Any, row: int) -> int:
    """Returns how many bytes a cell has."""
    import pyarrow as pa

    cell = values.slice(row, 1)
    if isinstance(cell, pa.DictionaryArray):
        cell = cell.dictionary_decode()
    return int(cell.nbytes)
