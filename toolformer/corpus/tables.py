"""Records of Parquet and Arrow files, cell by cell. Knows no Document.

A row's cells are taken one by one, so that a value which Python cannot hold costs itself alone.
"""

import mmap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import repeat
from typing import Any, BinaryIO

from toolformer.corpus.lines import MOST_BYTES, TOO_LONG, EmptyFileError, WholeFileError, reason_of
from toolformer.corpus.values import Unreadable, unique
from toolformer.plain_files import open_plain
from toolformer.urls import AnyFile

_ROWS_AT_ONCE = 64
_MOST_AT_ONCE = 512 << 20  # bytes of a column


def parquet_rows(path: AnyFile) -> Iterator[tuple[int, Mapping[str, object]]]:
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
            yield from _rows(file.iter_batches(batch_size=_rows_at_once(file.metadata)))


def _rows_at_once(metadata: Any) -> int:
    """Returns how many rows are read together.

    A small file can hold one long text and say a million times that it is this one: each row read
    may be as large as all that is stored of a column.
    """
    columns = (
        metadata.row_group(group).column(column)
        for group in range(metadata.num_row_groups)
        for column in range(metadata.num_columns)
    )
    largest = max((each.total_uncompressed_size for each in columns), default=0)
    return max(1, min(_ROWS_AT_ONCE, _MOST_AT_ONCE // max(1, largest)))


def arrow_rows(path: AnyFile) -> Iterator[tuple[int, Mapping[str, object]]]:
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
def _open(path: AnyFile) -> Iterator[BinaryIO]:
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
            names = [] if batch is None else unique(batch.schema.names)
        except Exception as error:  # noqa: BLE001
            raise WholeFileError(f"cannot be read ({reason_of(error)})") from None
        if batch is None:
            return
        for cells in zip(*map(_cells, batch.columns), strict=True):
            number += 1
            yield number, dict(zip(names, cells, strict=True))


def _cells(column: Any) -> Iterator[object]:
    """Yields what the cells of a column hold, an Unreadable for each that cannot be read."""
    import pyarrow as pa

    is_whole = True
    # What a dictionary's cells hold is not in the column.
    may_be_long = column.nbytes > MOST_BYTES or isinstance(column, pa.DictionaryArray)
    if not pa.types.is_primitive(column.type):
        try:
            column.validate(full=True)  # an Arrow file says itself where in it a cell lies
        except pa.ArrowInvalid as error:
            is_whole = False
            if column.type not in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary()):
                yield from repeat(Unreadable(f"damaged ({reason_of(error)})"), len(column))
                return
    values: list[object] = []
    if is_whole and not may_be_long:
        with suppress(Exception):  # one of them is nothing that Python holds
            values = column.to_pylist()
    yield from values or (_cell(column, row, may_be_long=may_be_long) for row in range(len(column)))


def _cell(column: Any, row: int, *, may_be_long: bool) -> object:
    import pyarrow as pa

    try:
        cell = column.slice(row, 1)
        cell.validate()
        if may_be_long and _size(cell) > MOST_BYTES:
            return Unreadable(TOO_LONG)
        return cell[0].as_py()
    except pa.ArrowInvalid as error:
        return Unreadable(f"damaged ({reason_of(error)})")
    except UnicodeDecodeError as error:
        return Unreadable(f"not UTF-8 at byte {error.start + 1}")
    except Exception:  # noqa: BLE001 (Python's, Arrow's, or the calendar's)
        return Unreadable(f"not a {column.type} that Python holds")


def _size(cell: Any) -> int:
    """Returns how many bytes a cell has."""
    import pyarrow as pa

    if isinstance(cell, pa.DictionaryArray):
        cell = cell.dictionary_decode()
    return int(cell.nbytes)
