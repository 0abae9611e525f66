"""One shard: annotated documents as the bytes of a Parquet file, and back.

Equal documents give equal bytes. Columns are made of the records directly, and records of the
columns: a row of nested dicts in between would cost more than all the rest. Knows no run directory.
"""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate, pairwise
from operator import attrgetter
from pathlib import Path
from typing import Any

from toolformer.errors import RunError
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Verdict

_ROWS_AT_ONCE = 64
# ASCII: holds any string, half a surrogate pair too, which UTF-8 cannot.
_META = json.JSONEncoder(sort_keys=True)
_Columns = dict[str, list[Any]]
# Fields of a candidate that are columns, in its order.
_FIELDS = ("position", "tool", "arguments", "start_prob", "count", "output", "error")


def shard_bytes(documents: Sequence[AnnotatedDocument]) -> bytes:
    """Returns the Parquet file of some documents, in their order.

    Raises:
        ValueError: a candidate has no verdict.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = shard_schema()
    listed = schema.field("candidates").type
    columns = _candidate_columns([each for every in documents for each in every.candidates])
    candidates = pa.StructArray.from_arrays(
        [pa.array(columns[field.name], field.type) for field in listed.value_type],
        fields=list(listed.value_type),
    )
    table = pa.Table.from_arrays(
        [
            pa.array([each.document.id for each in documents], pa.string()),
            pa.array([each.document.text for each in documents], pa.string()),
            pa.array([_META.encode(dict(each.document.meta)) for each in documents], pa.string()),
            pa.array([each.tried for each in documents], schema.field("tried").type),
            pa.array([each.skipped for each in documents], pa.string()),
            pa.ListArray.from_arrays(
                pa.array(_offsets([len(each.candidates) for each in documents]), pa.int32()),
                candidates,
                type=listed,
            ),
        ],
        schema=schema,
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def read_shard(path: Path) -> Iterator[AnnotatedDocument]:
    """Yields the documents of a shard, in order.

    Raises:
        RunError: the file is not a whole shard.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            if not file.schema_arrow.equals(shard_schema()):
                raise RunError(f"'{path}' does not have the columns of a shard.")
            for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):
                yield from _documents(batch)
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise RunError(
            f"The shard '{path}' cannot be read ({reason}). Delete it and annotate again with the "
            "same settings: only what is missing is done."
        ) from None


def has_verdict(path: Path, verdict: Verdict) -> bool:
    """Returns whether a call of a shard has a verdict; of a file that is no shard, none has."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            column = file.read(columns=["candidates.list.element.verdict"]).column("candidates")
            verdicts = pc.struct_field(pc.list_flatten(column), "verdict")
            return bool(pc.any(pc.equal(verdicts, verdict.value)).as_py())
    except (OSError, KeyError, pa.ArrowException):
        return False


@cache
def shard_schema() -> Any:
    """Returns the Arrow schema of a shard (`docs/data-format.md`)."""
    import pyarrow as pa

    candidate = pa.struct(
        [
            ("position", pa.int32()),
            ("tool", pa.string()),
            ("arguments", pa.string()),
            ("start_prob", pa.float32()),
            ("count", pa.int32()),
            ("output", pa.string()),
            ("error", pa.string()),
            ("loss_no_call", pa.float32()),
            ("loss_no_output", pa.float32()),
            ("loss_with_output", pa.float32()),
            ("gain", pa.float32()),
            ("verdict", pa.string()),
            ("token", pa.int32()),  # tokens before the position: selecting anew needs no model
        ]
    )
    return pa.schema(
        [
            ("id", pa.string()),
            ("text", pa.string()),
            ("meta", pa.string()),
            ("tried", pa.list_(pa.string())),
            ("skipped", pa.string()),
            ("candidates", pa.list_(candidate)),
        ]
    )


def _candidate_columns(candidates: Sequence[Candidate]) -> _Columns:
    """Returns the values of candidates by the name of their field in a shard."""
    losses = [each.losses for each in candidates]
    plain = {name: list(map(attrgetter(name), candidates)) for name in (*_FIELDS, "gain", "token")}
    return plain | {
        "loss_no_call": [None if each is None else each.no_call for each in losses],
        "loss_no_output": [None if each is None else each.no_output for each in losses],
        "loss_with_output": [None if each is None else each.with_output for each in losses],
        "verdict": [_verdict_value(each) for each in candidates],
    }


def _verdict_value(candidate: Candidate) -> str:
    if candidate.verdict is None:
        raise ValueError(f"a candidate without a verdict cannot be written: {candidate}")
    return candidate.verdict.value


def _documents(batch: Any) -> Iterator[AnnotatedDocument]:
    """Yields the documents of a record batch."""
    listed = batch.column("candidates")
    candidates = _candidates(listed.flatten())
    lengths = [length or 0 for length in listed.value_lengths().to_pylist()]
    rows = zip(
        *(batch.column(name).to_pylist() for name in ("id", "text", "meta", "tried", "skipped")),
        pairwise(_offsets(lengths)),
        strict=True,
    )
    for name, text, meta, tried, skipped, (start, end) in rows:
        document = Document(name, text, json.loads(meta))
        yield AnnotatedDocument(document, tuple(tried), skipped, tuple(candidates[start:end]))


def _candidates(structs: Any) -> list[Candidate]:
    """Returns the candidates of an array of structs."""
    columns: _Columns = {
        field.name: structs.field(field.name).to_pylist() for field in structs.type
    }
    losses = [
        None if no_call is None else Losses(no_call, with_output, no_output)
        for no_call, with_output, no_output in zip(
            *(columns[f"loss_{name}"] for name in ("no_call", "with_output", "no_output")),
            strict=True,
        )
    ]
    plain = (columns[name] for name in _FIELDS)
    verdicts = map(Verdict, columns["verdict"])
    return list(map(Candidate, *plain, losses, verdicts, columns["token"]))


def _offsets(lengths: Sequence[int]) -> list[int]:
    """Returns where runs of these lengths begin, and where the last one ends.

    >>> _offsets([2, 0, 1])
    [0, 2, 2, 3]
    """
    return list(accumulate(lengths, initial=0))
