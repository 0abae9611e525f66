"""A shard's bytes as records, whoever wrote them: a field that it may not have is named.

What one row says is read here; whether rows fit the run they are in is for `check.py`.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from toolformer.errors import RunError, clipped
from toolformer.files import parse_json
from toolformer.plain_files import open_plain
from toolformer.records import (
    AnnotatedDocument,
    Candidate,
    Document,
    Losses,
    Placebo,
    Verdict,
)
from toolformer.runs.shards import ADDED_FIELDS, CANDIDATE_FIELDS, offsets, shard_schema

_ROWS_AT_ONCE = 64
_MOST_BYTES = 1 << 30  # of a shard, packed or unpacked
_VERDICTS = {each.value: each for each in Verdict}
_TEXTS = ("id", "text", "meta", "skipped", "tried.list.element")
_CANDIDATE_TEXTS = ("tool", "arguments", "output", "error", "verdict", "placebo_output")
_LOSSES = ("loss_no_call", "loss_with_output", "loss_no_output")
_LARGEST = sys.float_info.max  # below infinity
_RANGES: Mapping[str, tuple[float, float]] = {
    "position": (0, _LARGEST),
    "start_prob": (0, 1),
    "count": (0, _LARGEST),
    "token": (0, _LARGEST),
    **dict.fromkeys((*_LOSSES, "start_gain", "placebo_loss"), (-_LARGEST, _LARGEST)),
}
_NEVER_NULL = ("position", "tool", "start_prob", "count", "verdict")  # of a candidate's fields


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


def unreadable(path: Path, reason: str) -> str:
    """Returns the sentence that refuses a shard, with the way out."""
    return (
        f"The shard '{path}' cannot be read ({reason.rstrip('.')}). Delete it and annotate again "
        "with the same settings: only what is missing is done."
    )


def count_rows(path: Path) -> int:
    """Returns how many documents a shard says it has."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return int(pq.read_metadata(pa.BufferReader(shard_content(path))).num_rows)
    except (OSError, pa.ArrowException) as error:
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
    names = {*_TEXTS, *(f"candidates.list.element.{name}" for name in _CANDIDATE_TEXTS)}
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

    They are those that are written now, or exactly the older ones.
    """
    fault = _fault_beside(schema, shard_schema())
    return fault and _fault_beside(schema, shard_schema(is_older=True)) and fault


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
    listed, tried = batch.column("candidates"), batch.column("tried")
    lengths = [length or 0 for length in listed.value_lengths().to_pylist()]
    candidates = _candidates(
        listed.flatten(),
        rows=[first + row for row, each in enumerate(lengths) for _ in range(each)],
    )
    tools = _values(tried.flatten())
    tried_lengths = [length or 0 for length in tried.value_lengths().to_pylist()]
    rows = zip(
        *(_values(batch.column(name)) for name in ("id", "text", "meta", "skipped")),
        pairwise(offsets(tried_lengths)),
        pairwise(offsets(lengths)),
        strict=True,
    )
    for row, (name, text, meta, skipped, (tried_from, tried_to), (start, end)) in enumerate(
        rows, first
    ):
        names = tuple(tools[tried_from:tried_to])
        for field, value in (("id", name), ("text", text), ("meta", meta), ("tried", names)):
            if value is None or (field == "tried" and None in names):
                raise ValueError(f"row {row}, {field}: it is null")
        document = Document(name, text, _meta(meta, row=row))
        yield AnnotatedDocument(document, names, skipped, tuple(candidates[start:end]))


def _meta(text: str, *, row: int) -> dict[str, object]:
    try:
        meta = parse_json(text, nan_is_null=True)
    except ValueError as error:
        raise ValueError(f"row {row}, meta: {error}") from None
    if not isinstance(meta, dict):
        raise ValueError(f"row {row}, meta: it is no JSON object: {clipped(text)}")
    return meta


def _candidates(structs: Any, *, rows: Sequence[int]) -> list[Candidate]:
    """Returns the candidates of an array of structs.

    Args:
        structs: of all rows.
        rows: the row of each, for messages.
    """
    # An older shard has none of the added ones.
    columns: dict[str, list[Any]] = {name: [None] * len(structs) for name in ADDED_FIELDS}
    columns |= {field.name: _values(structs.field(field.name)) for field in structs.type}

    def refuse(index: int, field: str, reason: str) -> ValueError:
        number = index - rows.index(rows[index])
        return ValueError(f"row {rows[index]}, candidates.{number}.{field}: {reason}")

    for name in _NEVER_NULL:
        if None in columns[name]:
            raise refuse(columns[name].index(None), name, "it is null")
    for name, (least, most) in _RANGES.items():
        for index, value in enumerate(columns[name]):
            if value is not None and not least <= value <= most:
                raise refuse(index, name, f"it is {value:g}")
    for index, value in enumerate(columns["verdict"]):
        if value not in _VERDICTS:
            raise refuse(index, "verdict", f"there is no {clipped(value)!r}")
    losses: list[Losses | None] = []
    for index, (no_call, with_output, no_output, gain) in enumerate(
        zip(*(columns[name] for name in (*_LOSSES, "gain")), strict=True)
    ):
        own = None if no_call is None else Losses(no_call, with_output, no_output)
        if own is None and not with_output is no_output is None:
            raise refuse(index, _LOSSES[0], "it is null, and others are not")
        taken = None if own is None else own.gain
        if gain != taken:
            raise refuse(index, "gain", f"it is {gain}, and {taken} by the losses")
        losses.append(own)
    placebos: list[Placebo | None] = []
    for index, (output, loss) in enumerate(
        zip(columns["placebo_output"], columns["placebo_loss"], strict=True)
    ):
        is_scored = columns["gain"][index] is not None
        if (loss is not None) is not (output is not None and is_scored):
            raise refuse(index, "placebo_loss", "it does not go with placebo_output and gain")
        if output is not None and columns[_LOSSES[1]][index] is None:
            raise refuse(index, "placebo_output", "the call itself was not scored")
        placebos.append(None if output is None else Placebo(output, loss))
    plain = (columns[name] for name in CANDIDATE_FIELDS)
    verdicts = (_VERDICTS[value] for value in columns["verdict"])
    return list(
        map(
            Candidate,
            *plain,
            losses,
            verdicts,
            columns["token"],
            columns["start_gain"],
            placebos,
        )
    )


def _values(array: Any) -> list[Any]:
    """Returns the values of an array; equal texts of a dictionary are one object."""
    import pyarrow as pa

    if not isinstance(array, pa.DictionaryArray):
        values: list[Any] = array.to_pylist()
        return values
    words = array.dictionary.to_pylist()
    return [None if index is None else words[index] for index in array.indices.to_pylist()]


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
