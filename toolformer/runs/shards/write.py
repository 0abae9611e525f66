"""One shard as bytes: annotated documents as the columns of a Parquet file.

Equal documents give equal bytes. Columns are made of the records directly: a row of nested dicts
in between would cost more than all the rest. Knows no run directory.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate
from operator import attrgetter
from typing import Any

from toolformer.records import AnnotatedDocument, Candidate

# ASCII: holds any string, half a surrogate pair too, which UTF-8 cannot.
_META = json.JSONEncoder(sort_keys=True, allow_nan=False)
# Fields of a candidate that are columns, in its order.
CANDIDATE_FIELDS = ("position", "tool", "arguments", "start_prob", "count", "output", "error")

# The text without calls, under a name that no trainer takes for what it is to be trained on.
TEXT = "plain_text"
OLD_TEXT = "text"  # in shards from before that

# Fields that older shards do not have, at the end, with the types that pyarrow calls them by.
ADDED_FIELDS: Mapping[str, str] = {
    "start_gain": "float32",
    "placebo_output": "string",
    "placebo_loss": "float32",
}
UNTRIED_FIELDS = ("position", "tool", "start_prob", "start_gain")


def shard_bytes(documents: Sequence[AnnotatedDocument]) -> bytes:
    """Returns the Parquet file of some documents, in their order.

    Raises:
        ValueError: a candidate has no verdict.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = shard_schema()
    candidates = [each for every in documents for each in every.candidates]
    untried = [each for every in documents for each in every.untried]
    table = pa.Table.from_arrays(
        [
            pa.array([each.document.id for each in documents], pa.string()),
            pa.array([each.document.text for each in documents], pa.string()),
            pa.array([meta_json(each.document.meta) for each in documents], pa.string()),
            pa.array([each.tried for each in documents], schema.field("tried").type),
            pa.array([each.skipped for each in documents], pa.string()),
            _listed(
                _candidate_columns(candidates),
                lengths=[len(each.candidates) for each in documents],
                kind=schema.field("candidates").type,
            ),
            _listed(
                {name: list(map(attrgetter(name), untried)) for name in UNTRIED_FIELDS},
                lengths=[len(each.untried) for each in documents],
                kind=schema.field("untried").type,
            ),
        ],
        schema=schema,
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


@cache
def shard_schema() -> Any:
    """Returns the Arrow schema of a shard (`docs/data-format.md`)."""
    return shard_schemas()[0]


@cache
def shard_schemas() -> list[Any]:
    """Returns the Arrow schemas that shards have had, the one that is written now first.

    The second has no places that were not tried, and its texts under their old name; the third is
    from before calls were scored in context.
    """
    return [
        _schema(ADDED_FIELDS),
        _schema(ADDED_FIELDS, is_newest=False),
        _schema({}, is_newest=False),
    ]


def _schema(added: Mapping[str, str], *, is_newest: bool = True) -> Any:
    """Returns a schema whose candidates have some added fields."""
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
            *((name, getattr(pa, kind)()) for name, kind in added.items()),
        ]
    )
    place = pa.struct(
        [
            ("position", pa.int32()),
            ("tool", pa.string()),
            ("start_prob", pa.float32()),
            ("start_gain", pa.float32()),
        ]
    )
    return pa.schema(
        [
            ("id", pa.string()),
            (TEXT if is_newest else OLD_TEXT, pa.string()),
            ("meta", pa.string()),
            ("tried", pa.list_(pa.string())),
            ("skipped", pa.string()),
            ("candidates", pa.list_(candidate)),
            *([("untried", pa.list_(place))] if is_newest else []),
        ]
    )


def _listed(columns: Mapping[str, list[Any]], *, lengths: Sequence[int], kind: Any) -> Any:
    """Returns an Arrow array of lists of structs.

    Args:
        columns: the values of the structs of all rows, by field.
        lengths: how many structs each row has.
        kind: the type of the array.
    """
    import pyarrow as pa

    fields = list(kind.value_type)
    structs = pa.StructArray.from_arrays(
        [pa.array(columns[field.name], field.type) for field in fields], fields=fields
    )
    return pa.ListArray.from_arrays(pa.array(offsets(lengths), pa.int32()), structs, type=kind)


def meta_json(meta: Mapping[str, object]) -> str:
    """Returns what is known of a document as JSON.

    What JSON does not have is null (NaN, infinities) or text (a day of a Python caller's).

    >>> from datetime import date
    >>> meta_json({"score": float("nan"), "date": date(2023, 3, 3), "page": 7})
    '{"date": "2023-03-03", "page": 7, "score": null}'
    """
    try:
        return _META.encode(dict(meta))
    except (ValueError, TypeError):
        from pydantic_core import to_jsonable_python

        return _META.encode(
            to_jsonable_python(dict(meta), inf_nan_mode="null", fallback=str, bytes_mode="base64")
        )


def offsets(lengths: Sequence[int]) -> list[int]:
    """Returns where runs of these lengths begin, and where the last one ends.

    >>> offsets([2, 0, 1])
    [0, 2, 2, 3]
    """
    return list(accumulate(lengths, initial=0))


def _candidate_columns(candidates: Sequence[Candidate]) -> dict[str, list[Any]]:
    """Returns the values of candidates by the name of their field in a shard."""
    losses = [each.losses for each in candidates]
    placebos = [each.placebo for each in candidates]
    names = (*CANDIDATE_FIELDS, "gain", "token", "start_gain")
    plain = {name: list(map(attrgetter(name), candidates)) for name in names}
    return plain | {
        "loss_no_call": [None if each is None else each.no_call for each in losses],
        "loss_no_output": [None if each is None else each.no_output for each in losses],
        "loss_with_output": [None if each is None else each.with_output for each in losses],
        "verdict": [_verdict_value(each) for each in candidates],
        "placebo_output": [None if each is None else each.output for each in placebos],
        "placebo_loss": [None if each is None else each.with_output for each in placebos],
    }


def _verdict_value(candidate: Candidate) -> str:
    if candidate.verdict is None:
        raise ValueError(f"a candidate without a verdict cannot be written: {candidate}")
    return candidate.verdict.value
