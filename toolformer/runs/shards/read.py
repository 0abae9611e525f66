"""A shard's bytes as records, whoever wrote them: a field that it may not have is named.

What one row says is read here; whether rows fit the run they are in is for `check.py`.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from toolformer.errors import RunError, clipped
from toolformer.files import parse_json
from toolformer.plain_files import open_plain
from toolformer.records import AnnotatedDocument, Document, UntriedPlace, Verdict
from toolformer.runs.shards.columns import read_candidates, read_untried, read_values
from toolformer.runs.shards.write import OLD_TEXT, TEXT, offsets, shard_schemas
from toolformer.urls import AnyFile

_ROWS_AT_ONCE = 64
_MOST_BYTES = 1 << 30  # of a shard, packed or unpacked
_TEXTS = ("id", TEXT, OLD_TEXT, "meta", "skipped", "tried.list.element")
_CANDIDATE_TEXTS = ("tool", "arguments", "output", "error", "verdict", "placebo_output")


def shard_content(path: Path) -> bytes:
    """Returns the bytes of a shard.

    Raises:
        RunError: it cannot be read, or is not a plain file; its cause is the OSError.
    """
    try:
        with open_plain(path) as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise RunError(unreadable(path, str(error.strerror))) from error
    except ValueError as error:
        raise RunError(unreadable(path, str(error))) from None
    if len(content) > _MOST_BYTES:
        raise RunError(unreadable(path, f"it is longer than {_MOST_BYTES:,} bytes"))
    return content


def unreadable(path: AnyFile, reason: str) -> str:
    """Returns the sentence that refuses a shard, with the way out."""
    return (
        f"The shard '{path}' cannot be read ({reason.rstrip('.')}). Delete it and annotate again "
        "with the same settings: only what is missing is done."
    )


def count_rows(path: AnyFile) -> int:
    """Returns how many documents a shard says it has."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with open_plain(path) as stream:  # no more of it is read than says so
            return int(pq.read_metadata(stream).num_rows)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise RunError(unreadable(path, str(error).splitlines()[0])) from None


def read_shard(path: Path, content: bytes | None = None) -> list[AnnotatedDocument]:
    """Returns the documents of a shard, in order.

    Args:
        path: of the shard.
        content: its bytes, where they were read before.

    Raises:
        RunError: the file is not a whole shard, or a field has a value that none can have.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = shard_content(path) if content is None else content
    names = {
        *_TEXTS,
        "untried.list.element.tool",
        *(f"candidates.list.element.{name}" for name in _CANDIDATE_TEXTS),
    }
    documents: list[AnnotatedDocument] = []
    try:
        metadata = pq.read_metadata(pa.BufferReader(content))
        if fault := _column_fault(metadata.schema.to_arrow_schema()):
            raise RunError(f"'{path}' does not have the columns of a shard: {fault}.")
        _check_size(metadata, len(content))
        # A text that many rows share is held once: a small file cannot become a large memory.
        shared = [path for path in _column_paths(metadata) if path in names]
        with pq.ParquetFile(
            pa.BufferReader(content), metadata=metadata, read_dictionary=shared
        ) as file:
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                batch.validate(full=True)
                documents += _documents(batch, first=len(documents))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise RunError(unreadable(path, (str(error) or "Error").splitlines()[0])) from None
    return documents


def _column_fault(schema: Any) -> str:
    """Returns what is wrong with the columns of a file; an empty text when nothing is.

    They are those that are written now, or exactly those of an older version.
    """
    newest, *older = shard_schemas()
    is_older = OLD_TEXT in schema.names and TEXT not in schema.names
    faults = [_fault_beside(schema, each) for each in (older if is_older else [newest])]
    return faults[0] if all(faults) else ""


def _fault_beside(schema: Any, expected: Any) -> str:
    """Returns the first difference from some columns; an empty text when there is none."""
    for field in expected:
        if schema.get_field_index(field.name) < 0:
            return f"'{field.name}' is not there once"
        if (found := schema.field(field.name)) != field:
            return f"'{field.name}' is {clipped(str(found.type), 100)}"
    if schema.names != expected.names:
        others = [name for name in schema.names if name not in expected.names]
        return f"'{clipped(others[0])}' is none" if others else "they are in another order"
    return ""


def _column_paths(metadata: Any) -> list[str]:
    return [metadata.schema.column(number).path for number in range(metadata.num_columns)]


def _check_size(metadata: Any, size: int) -> None:
    """Refuses a file that says it holds more than it can; no row and no call is less than a byte.

    Raises:
        ValueError: says what it claims.
    """
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    chunks = [group.column(number) for group in groups for number in range(group.num_columns)]
    values = max((chunk.num_values for chunk in chunks), default=0)
    if max(values, metadata.num_rows) > size:
        raise ValueError(f"{size:,} bytes cannot hold {max(values, metadata.num_rows):,} rows")
    unpacked = sum(chunk.total_uncompressed_size for chunk in chunks)
    if unpacked > _MOST_BYTES:
        raise ValueError(f"it would take {unpacked:,} bytes")


def _documents(batch: Any, *, first: int) -> Iterator[AnnotatedDocument]:
    """Yields the documents of a record batch, whose rows are counted from `first`."""
    tried, lengths = batch.column("tried"), _lengths(batch.column("candidates"))
    candidates = read_candidates(
        batch.column("candidates").flatten(), rows=_rows(lengths, first=first)
    )
    places = [0] * len(lengths)
    untried: list[UntriedPlace] = []
    if "untried" in batch.schema.names:  # an older shard has none
        places = _lengths(batch.column("untried"))
        untried = read_untried(batch.column("untried").flatten(), rows=_rows(places, first=first))
    text_column = TEXT if TEXT in batch.schema.names else OLD_TEXT
    tools = read_values(tried.flatten())
    rows = zip(
        *(read_values(batch.column(name)) for name in ("id", text_column, "meta", "skipped")),
        *(pairwise(offsets(each)) for each in (_lengths(tried), lengths, places)),
        strict=True,
    )
    for row, (name, text, meta, skipped, *ranges) in enumerate(rows, first):
        of_tools, of_candidates, of_places = (slice(*each) for each in ranges)
        names = tuple(tools[of_tools])
        for field, value in (("id", name), (text_column, text), ("meta", meta), ("tried", names)):
            if value is None or (field == "tried" and None in names):
                raise ValueError(f"row {row}, {field}: it is null")
        document = Document(name, text, _meta(meta, row=row))
        yield AnnotatedDocument(
            document, names, skipped, tuple(candidates[of_candidates]), tuple(untried[of_places])
        )


def _lengths(lists: Any) -> list[int]:
    """Returns how many values each list of an array has."""
    return [length or 0 for length in lists.value_lengths().to_pylist()]


def _rows(lengths: Sequence[int], *, first: int) -> list[int]:
    """Returns the row of each value of lists, in order."""
    return [first + row for row, each in enumerate(lengths) for _ in range(each)]


def _meta(text: str, *, row: int) -> dict[str, object]:
    try:
        meta = parse_json(text, nan_is_null=True)
    except ValueError as error:
        raise ValueError(f"row {row}, meta: {error}") from None
    if not isinstance(meta, dict):
        raise ValueError(f"row {row}, meta: it is no JSON object: {clipped(text)}")
    return meta


def has_verdict(path: Path, verdict: Verdict) -> bool:
    """Returns whether a call of a shard has a verdict; of a file that is not a shard, none has."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        content = shard_content(path)
        with pq.ParquetFile(pa.BufferReader(content)) as file:
            _check_size(file.metadata, len(content))
            column = file.read(columns=["candidates.list.element.verdict"]).column("candidates")
            verdicts = pc.struct_field(pc.list_flatten(column), "verdict")
            return bool(pc.any(pc.equal(verdicts, verdict.value)).as_py())
    except (RunError, OSError, ValueError, KeyError, pa.ArrowException):
        return False  # whoever reads it will say so
