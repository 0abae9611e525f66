"""Records out of the files a corpus may consist of, streamed, with what is wrong in them.

A record is what a line or a row holds; knows no Document.
"""

import lzma
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from toolformer.corpus.delimited import delimited_rows
from toolformer.corpus.formats import format_of
from toolformer.corpus.json_files import json_objects, object_lines
from toolformer.corpus.lines import (
    TOO_LONG,
    EmptyFileError,
    WholeFileError,
    bounded_lines,
    decoded,
    open_text,
    reason_of,
)
from toolformer.corpus.tables import arrow_rows, parquet_rows
from toolformer.corpus.zim import zim_rows
from toolformer.urls import AnyFile, UrlFile

_MAPPED = (".arrow", ".zim")  # read by what needs a file on this machine


@dataclass(frozen=True, slots=True)
class CorpusProblem:
    """Something in a corpus that could not be read, and where."""

    source: str  # a file's name
    line: int | None  # counted from 1; None: the file as a whole
    message: str
    is_loss: bool = True  # False: no record was lost by it, a text may lack its date

    def __str__(self) -> str:
        """Returns `name, line 3: what is wrong`, in characters that can be printed."""
        where = self.source if self.line is None else f"{self.source}, line {self.line}"
        said = f"{where}: {self.message}"
        return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in said)


@dataclass(frozen=True, slots=True)
class Record:
    """One line or row; a line of a .txt file has the one field `text`."""

    number: int  # counted from 1
    fields: Mapping[str, object]


def read_records(path: AnyFile, *, name: str) -> Iterator[Record | CorpusProblem]:
    """Yields what a file holds, in order; a bad record is a problem, and reading continues.

    Args:
        path: a file in one of the formats.
        name: what problems call the file.
    """
    number = 0
    try:
        for number, found in _numbered(path):
            if isinstance(found, str):
                yield CorpusProblem(name, number, found)
            else:
                yield Record(number, found)
    except EmptyFileError as error:
        yield CorpusProblem(name, None, str(error), is_loss=False)
    except WholeFileError as error:
        where = "" if number == 0 else f" (after record {number})"
        yield CorpusProblem(name, None, f"{error}{where}")
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        # What unpacks a file says in these ways that it is damaged or cut off.
        where = "" if number == 0 else f" after line {number}"
        yield CorpusProblem(name, None, f"cannot be read{where} ({reason_of(error)})")


def _numbered(path: AnyFile) -> Iterator[tuple[int, Mapping[str, object] | str]]:
    """Yields the number of each record with its fields, or with what is wrong with it."""
    kind = format_of(path)
    if isinstance(path, UrlFile) and kind in _MAPPED:
        with path.copied() as copy:
            yield from _of_kind(kind, copy)
    else:
        yield from _of_kind(kind, path)


def _of_kind(kind: str | None, path: AnyFile) -> Iterator[tuple[int, Mapping[str, object] | str]]:
    match kind:
        case ".parquet":
            return parquet_rows(path)
        case ".arrow":
            return arrow_rows(path)
        case ".zim":
            return zim_rows(Path(str(path)))
        case ".csv":
            return delimited_rows(path, delimiter=",")
        case ".tsv":
            return delimited_rows(path, delimiter="\t")
        case ".json":
            return json_objects(path)
        case ".jsonl":
            return object_lines(path)
        case _:
            return _text_lines(path)


def _text_lines(path: AnyFile) -> Iterator[tuple[int, Mapping[str, object] | str]]:
    with open_text(path) as stream:
        for number, line in enumerate(bounded_lines(stream), start=1):
            if line is None:
                yield number, TOO_LONG
                continue
            try:
                text = decoded(line).rstrip("\r\n")
            except ValueError as error:
                yield number, str(error)
                continue
            if text.strip():
                yield number, {"text": text}
