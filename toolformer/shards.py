"""One shard: annotated documents as the bytes of a Parquet file, and back.

Equal documents give equal bytes. Knows no run directory.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from toolformer.errors import RunError
from toolformer.records import AnnotatedDocument, from_row, to_row

_ROWS_AT_ONCE = 64


def shard_bytes(documents: Sequence[AnnotatedDocument]) -> bytes:
    """Returns the Parquet file of some documents, in their order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist([to_row(each) for each in documents], schema=shard_schema())
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
                yield from map(from_row, batch.to_pylist())
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise RunError(
            f"The shard '{path}' cannot be read ({reason}). Delete it and annotate again with the "
            "same settings: only what is missing is done."
        ) from None


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
