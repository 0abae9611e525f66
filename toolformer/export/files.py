"""Rows in files: Parquet that `datasets` reads with its types, or JSON lines. Flat in memory."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from toolformer.export.rows import Columns, Row

_AT_ONCE = 500  # rows that are held


def write_json_lines(path: Path, rows: Iterable[Row], columns: Columns) -> int:
    """Writes rows as JSON lines; returns how many."""
    beside = path.with_name(f"{path.name}.tmp")
    count = 0
    with beside.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps({name: row[name] for name in columns.names}, ensure_ascii=False))
            file.write("\n")
            count += 1
    beside.replace(path)
    return count


def write_parquet(path: Path, rows: Iterable[Row], columns: Columns) -> int:
    """Writes rows as Parquet; returns how many.

    What is an object of any shape is the `Json` of `datasets`: a text for all other readers.
    """
    from datasets import Features, Json, List, Value
    from datasets.arrow_writer import ParquetWriter

    kinds: dict[str, Any] = {
        "input_ids": List(Value("int32")),
        "labels": List(Value("int32")),
    }
    features = Features(
        {
            name: List(Json()) if name in columns.of_json else kinds.get(name, Value("string"))
            for name in columns.names
        }
    )
    beside = path.with_name(f"{path.name}.tmp")
    count = 0
    with ParquetWriter(path=str(beside), features=features, writer_batch_size=_AT_ONCE) as writer:
        for row in rows:
            writer.write({name: row[name] for name in columns.names})
            count += 1
        writer.finalize()
    beside.replace(path)
    return count
