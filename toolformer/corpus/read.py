"""Where documents come from: files, directories of files, Hugging Face datasets.

Documents are streamed; whatever cannot be read is reported, and reading continues. Knows nothing of
tokens: a document of any length passes through whole.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

from toolformer.corpus.files import CorpusProblem, Record, format_of, read_records
from toolformer.corpus.sources import HubDataset, find_files, parse_dataset
from toolformer.dates import find_date
from toolformer.errors import CorpusError
from toolformer.files import is_encodable
from toolformer.records import Document

_log = logging.getLogger(__name__)


def read_corpus(
    source: str | Path,
    *,
    text_column: str = "text",
    date_column: str | None = None,
    max_documents: int | None = None,
    strict: bool = False,
    on_problem: Callable[[CorpusProblem], None] | None = None,
) -> Iterator[Document]:
    """Yields the documents of a corpus.

    Args:
        source: a .txt (one document a line), .jsonl or .parquet file, a directory of these, or a
            Hugging Face dataset id, `owner/name[:configuration[:split]]`.
        text_column: the field that holds the text; the others become the document's meta.
        date_column: the field that holds the document's date; a field `date` is used when none is
            named. `meta["date"]` is an ISO date or is not there.
        max_documents: how many documents to stop after.
        strict: a problem is an error.
        on_problem: called with each problem; logged when None.

    Raises:
        CorpusError: there is no such corpus, no such column, or no document in it.
    """
    reader = _Reader(
        source=str(source),
        text_column=text_column,
        date_column=date_column,
        strict=strict,
        on_problem=_log_problem if on_problem is None else on_problem,
    )
    path = Path(source)
    if path.exists():
        documents = reader.read_files(find_files(path))
    else:
        documents = reader.read_dataset(parse_dataset(str(source)))
    return documents if max_documents is None else islice(documents, max_documents)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """The settings of one reading."""

    source: str
    text_column: str
    date_column: str | None
    strict: bool
    on_problem: Callable[[CorpusProblem], None]

    def read_files(self, files: Mapping[str, Path]) -> Iterator[Document]:
        """Yields the documents of some files, in order."""
        first_problem: CorpusProblem | None = None
        count = 0
        for name, path in files.items():
            # A line of a .txt file has no columns to choose from.
            text_column = "text" if format_of(path) == ".txt" else self.text_column
            for each in self._documents(read_records(path, name=name), name, text_column):
                if isinstance(each, Document):
                    count += 1
                    yield each
                    continue
                if self.strict or (each.line is None and len(files) == 1 and count == 0):
                    raise CorpusError(f"{each}.")
                first_problem = first_problem or each
                self.on_problem(each)
        if count == 0:
            reason = "" if first_problem is None else f" The first problem: {first_problem}."
            raise CorpusError(f"There is no document in '{self.source}'.{reason}")

    def read_dataset(self, dataset: HubDataset) -> Iterator[Document]:
        """Yields the documents of a Hugging Face dataset, streamed."""
        rows = (Record(number, row) for number, row in enumerate(dataset.rows(), start=1))
        for each in self._documents(rows, dataset.id, self.text_column):
            if isinstance(each, Document):
                yield each
            elif self.strict:
                raise CorpusError(f"{each}.")
            else:
                self.on_problem(each)

    def _documents(
        self, records: Iterable[Record | CorpusProblem], name: str, text_column: str
    ) -> Iterator[Document | CorpusProblem]:
        is_first = True
        for record in records:
            if isinstance(record, CorpusProblem):
                yield record
                continue
            if is_first:
                _require_column(text_column, record, name)
                if self.date_column:
                    _require_column(self.date_column, record, name)
                is_first = False
            problem = _text_problem(record, text_column)
            if problem is not None:
                yield CorpusProblem(name, record.number, problem)
                continue
            meta = {
                field: _json_value(value)
                for field, value in record.fields.items()
                if field not in (text_column, "id", "date")
            }
            dated = record.fields.get(self.date_column or "date")
            day = find_date(dated)
            if day is not None:
                meta["date"] = day.isoformat()
            elif dated is not None or self.date_column is not None:
                yield CorpusProblem(
                    name, record.number, f"{dated!r} is not a date; the text is read without one"
                )
            yield Document(_id(record, name), str(record.fields[text_column]), meta)


def _require_column(column: str, record: Record, name: str) -> None:
    if column not in record.fields:
        available = ", ".join(sorted(record.fields)) or "none"
        raise CorpusError(f"'{name}' has no column '{column}'. Available: {available}.")


def _text_problem(record: Record, text_column: str) -> str | None:
    """Returns what is wrong with a record's text, None when nothing is."""
    if text_column not in record.fields:
        return f"no column '{text_column}'"
    text = record.fields[text_column]
    if not isinstance(text, str):
        return f"'{text_column}' is {json.dumps(_json_value(text))[:40]}, not text"
    if not text.strip():
        return f"'{text_column}' is empty"
    return None if is_encodable(text) else f"'{text_column}' contains an unpaired surrogate"


def _id(record: Record, name: str) -> str:
    """Returns a record's own id, or where it stands."""
    own = record.fields.get("id")
    if isinstance(own, int | str) and is_encodable(str(own)) and str(own) != "":
        return str(own)
    return f"{name}:{record.number}"


def _json_value(value: object) -> object:
    """Returns a value as JSON holds it; what has no JSON form is described."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _json_value(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(each) for each in value]
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return value.isoformat() if isinstance(value, date) else str(value)


def _log_problem(problem: CorpusProblem) -> None:
    _log.warning("%s", problem)
