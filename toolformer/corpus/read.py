"""Where documents come from: files, directories of files, Hugging Face datasets.

Documents are streamed; whatever cannot be read is reported, and reading continues. Knows nothing of
tokens: a document of any length passes through whole.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import chain, islice
from pathlib import Path

from toolformer.corpus.files import CorpusProblem, Record
from toolformer.corpus.formats import format_of
from toolformer.corpus.hub import HubDataset
from toolformer.corpus.sources import Corpora, SourceFile, Sources, find_sources
from toolformer.corpus.values import Unreadable, as_id, as_json, as_text
from toolformer.dates import find_date
from toolformer.errors import CorpusError, clipped
from toolformer.files import is_encodable
from toolformer.records import Document

_log = logging.getLogger(__name__)

# So many documents are held back while none has the column of the date: were none to have it, the
# name would be wrong.
_MOST_UNDATED = 1000
_NO_ROW = "not a text, a row such as {'text': ...}, or a Document"
_SAME_COLUMNS = (".csv", ".tsv", ".parquet", ".arrow")  # formats whose records all have the same


def read_corpus(
    source: str | Path | Corpora | Sequence[str | Path],
    *,
    text_column: str = "text",
    date_column: str | None = None,
    max_documents: int | None = None,
    strict: bool = False,
    on_problem: Callable[[CorpusProblem], None] | None = None,
) -> Iterator[Document]:
    r"""Yields the documents of a corpus.

    Args:
        source: a file in one of the formats (`docs/data-format.md`), a directory of these, a
            pattern such as `data/*.jsonl`, `-` for standard input, a Hugging Face dataset id,
            `owner/name[:configuration[:split]]`, or a list of these.
        text_column: the field that holds the text; the others become the document's meta.
        date_column: the field that holds the document's date; a field `date` is used when none is
            named. `meta["date"]` is an ISO date or is not there.
        max_documents: how many documents to stop after.
        strict: a record of which something cannot be read is an error.
        on_problem: called with each problem; logged when None.

    Raises:
        CorpusError: there is no such corpus, no document in it, or no record with such a column.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "my.txt").write_text("He has 5.\nSo 7.\n")
    ...     for document in read_corpus(folder):
    ...         print(document)
    Document(id='my.txt:1', text='He has 5.', meta={})
    Document(id='my.txt:2', text='So 7.', meta={})
    """
    if max_documents is not None and max_documents < 0:
        raise CorpusError(f"max_documents={max_documents}: it is at least 0, or None for all.")
    sources = find_sources(source)
    reading = _Reading(
        source=str(source)
        if isinstance(source, str | Path | Corpora)
        else ", ".join(map(str, source)),
        text_column=text_column,
        date_column=date_column,
        strict=strict,
        on_problem=_log_problem if on_problem is None else on_problem,
    )
    documents = reading.documents(sources)
    return (
        documents if max_documents is None else islice(documents, min(max_documents, sys.maxsize))
    )


def read_rows(
    rows: Iterable[object],
    *,
    text_column: str = "text",
    date_column: str | None = None,
    strict: bool = False,
    on_problem: Callable[[CorpusProblem], None] | None = None,
) -> Iterator[Document]:
    """Yields the documents of what a program has already: texts, rows of fields, documents.

    They are read as `read_corpus` reads the records of a file, and its other arguments are those
    of `read_corpus`. Only the values of a document's own are made what a shard can hold.

    Raises:
        CorpusError: there is no document among them.

    >>> rows = ["He has 5.", {"text": "So 7.", "id": 2}, Document("c", "And 9."), None]
    >>> [document.id for document in read_rows(rows, on_problem=print)]
    documents, line 4: it is None, not a text, a row such as {'text': ...}, or a Document
    ['documents:1', '2', 'c']
    """
    reading = _Reading(
        source="documents",
        text_column=text_column,
        date_column=date_column,
        strict=strict,
        on_problem=_log_problem if on_problem is None else on_problem,
    )
    return reading.rows(rows)


class _Reading:
    """One reading of a corpus, and what was seen on the way."""

    def __init__(
        self,
        *,
        source: str,
        text_column: str,
        date_column: str | None,
        strict: bool,
        on_problem: Callable[[CorpusProblem], None],
    ) -> None:
        self._source = source
        self._text_column = text_column
        self._date_column = date_column
        self._strict = strict
        self._on_problem = on_problem
        self._has_text = self._has_dates = False  # whether a record had the column
        self._first: Record | None = None
        self._first_name = ""  # of its file

    def documents(self, sources: Sources) -> Iterator[Document]:
        """Yields the documents of some sources, in order.

        Raises:
            CorpusError: there is none, or the column of the date is nowhere.
        """
        if sources.passed_over:
            self._on_problem(CorpusProblem(sources.name, None, sources.passed_over, is_loss=False))
        found = chain.from_iterable(map(self._read, sources.parts))
        return self._told(found, is_one=len(sources.parts) == 1)

    def rows(self, rows: Iterable[object]) -> Iterator[Document]:
        """Yields the documents of rows, as `documents` does."""
        return self._told(self._of_rows(rows), is_one=False)

    def _told(
        self, found: Iterator[Document | CorpusProblem], *, is_one: bool
    ) -> Iterator[Document]:
        """Yields the documents of what is found, and passes on or raises what is wrong in it."""
        if self._date_column is not None:
            found = self._dated(found)
        first_problem: CorpusProblem | None = None
        is_empty = True
        for each in found:
            if isinstance(each, Document):
                is_empty = False
                yield each
            elif self._strict:
                raise self._error(f"{each}.")
            else:
                first_problem = first_problem or each
                self._on_problem(each)
        if is_empty:
            is_whole = first_problem and first_problem.line is None and is_one
            reason = f" The first problem: {first_problem}." if first_problem else ""
            raise self._error(
                f"{first_problem}."
                if is_whole
                else f"There is no document in '{self._source}'.{reason}"
            )

    def _read(self, part: SourceFile | HubDataset) -> Iterator[Document | CorpusProblem]:
        """Yields the documents of a file or dataset, and what is wrong in it."""
        kind = format_of(part.path) if isinstance(part, SourceFile) else None
        yield from self._documents(
            part.records(),
            part.name,
            # A line of a .txt file has no columns to choose from.
            "text" if kind == ".txt" else self._text_column,
            is_table=kind is None or kind in _SAME_COLUMNS,
        )

    def _of_rows(self, rows: Iterable[object]) -> Iterator[Document | CorpusProblem]:
        """Yields the documents of rows that are documents, texts or fields."""
        for number, row in enumerate(rows, start=1):
            if isinstance(row, Document):
                yield _storable(row, number, self._source)
                continue
            fields = {self._text_column: row} if isinstance(row, str) else row
            records: list[Record | CorpusProblem] = [
                Record(number, fields)
                if isinstance(fields, Mapping)
                else CorpusProblem(self._source, number, f"it is {clipped(repr(row))}, {_NO_ROW}")
            ]
            yield from self._documents(records, self._source, self._text_column, is_table=False)

    def _documents(
        self,
        records: Iterable[Record | CorpusProblem],
        name: str,
        text_column: str,
        *,
        is_table: bool,
    ) -> Iterator[Document | CorpusProblem]:
        for record in records:
            if isinstance(record, CorpusProblem):
                yield record
                continue
            if self._first is None:
                self._first, self._first_name = record, name
            self._has_text = self._has_text or text_column in record.fields
            problem = _text_problem(record, text_column)
            if problem is None:
                yield from self._document(record, name, text_column)
            elif is_table and text_column not in record.fields:
                yield CorpusProblem(name, None, problem)  # and so it is in all its rows
                return
            else:
                yield CorpusProblem(name, record.number, problem)

    def _document(
        self, record: Record, name: str, text_column: str
    ) -> Iterator[Document | CorpusProblem]:
        """Yields a record's document, after what is wrong with its date."""
        meta = {
            field: as_json(value)
            for field, value in record.fields.items()
            if field not in (text_column, "id", "date")
        }
        column = self._date_column or "date"
        self._has_dates = self._has_dates or column in record.fields
        day = find_date(as_text(record.fields.get(column)))
        if day is not None:
            meta["date"] = day.isoformat()
        elif problem := self._date_problem(record, column):
            yield CorpusProblem(
                name, record.number, f"{problem}; the text is read without one", is_loss=False
            )
        text = str(as_text(record.fields[text_column]))
        yield Document(as_id(record.fields.get("id")) or f"{name}:{record.number}", text, meta)

    def _date_problem(self, record: Record, column: str) -> str | None:
        """Returns why a record has no date; None where none was to be expected."""
        value = record.fields.get(column)
        if value is None or value == "":
            return None if self._date_column is None else f"no date in '{column}'"
        return f"{clipped(repr(as_json(as_text(value))))} is not a date"

    def _dated(
        self, found: Iterator[Document | CorpusProblem]
    ) -> Iterator[Document | CorpusProblem]:
        """Passes on what is found, once a record has the column of the date.

        Raises:
            CorpusError: no record has it.
        """
        held = []
        for each in found:
            held.append(each)
            if self._has_dates or len(held) == _MOST_UNDATED:
                break
        else:
            if any(isinstance(each, Document) for each in held) and not self._has_dates:
                raise self._no_column(self._date_column or "date")
        yield from held
        yield from found

    def _error(self, said: str) -> CorpusError:
        """Returns an error that says so, or that no record so far had the column of the text."""
        if self._first is not None and not self._has_text:
            return self._no_column(self._text_column)
        return CorpusError(said)

    def _no_column(self, column: str) -> CorpusError:
        known = [] if self._first is None else sorted(map(str, self._first.fields))
        folded = {name.casefold(): name for name in known}
        near = get_close_matches(column.casefold(), folded, n=1)
        guess = f" Did you mean '{folded[near[0]]}'?" if near else ""
        available = clipped(", ".join(known), 500) or "none"
        return CorpusError(
            f"'{self._first_name}' has no column '{column}'.{guess} Available: {available}."
        )


def _text_problem(record: Record, text_column: str) -> str | None:
    """Returns what is wrong with a record's text, None when nothing is."""
    if text_column not in record.fields:
        return f"no column '{text_column}'"
    text = as_text(record.fields[text_column])
    if isinstance(text, Unreadable):
        return f"'{text_column}' is {text.reason}"
    if not isinstance(text, str):
        return f"'{text_column}' is {json.dumps(as_json(text))[:40]}, not text"
    if not text.strip():
        return f"'{text_column}' is empty"
    return None if is_encodable(text) else f"'{text_column}' contains an unpaired surrogate"


def _storable(document: Document, number: int, source: str) -> Document | CorpusProblem:
    """Returns a program's own document with values that a shard can hold."""
    text: object = document.text
    if not isinstance(text, str):
        return CorpusProblem(source, number, f"its text is {clipped(repr(text))}")
    if not is_encodable(document.text):
        return CorpusProblem(source, number, "its text contains an unpaired surrogate")
    name = as_id(document.id) or f"{source}:{number}"
    return Document(name, document.text, {str(k): as_json(v) for k, v in document.meta.items()})


def _log_problem(problem: CorpusProblem) -> None:
    _log.warning("%s", problem)
