"""The columns of a shard as candidates and places; a value that none can have is named."""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from toolformer.errors import clipped
from toolformer.records import Candidate, Losses, Placebo, UntriedPlace, Verdict
from toolformer.runs.shards.write import ADDED_FIELDS, CANDIDATE_FIELDS, UNTRIED_FIELDS

_Refuse = Callable[[int, str, str], ValueError]

_VERDICTS = {each.value: each for each in Verdict}
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


def read_candidates(structs: Any, *, rows: Sequence[int]) -> list[Candidate]:
    """Returns the candidates of an array of structs.

    Args:
        structs: of all rows.
        rows: the row of each, for messages.

    Raises:
        ValueError: names the row, the field and the value that it may not have.
    """
    # An older shard has none of the added ones.
    columns: dict[str, list[Any]] = {name: [None] * len(structs) for name in ADDED_FIELDS}
    columns |= {field.name: read_values(structs.field(field.name)) for field in structs.type}

    refuse = partial(_refuse, rows, "candidates")
    _check_values(columns, refuse, never_null=_NEVER_NULL)
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


def read_untried(structs: Any, *, rows: Sequence[int]) -> list[UntriedPlace]:
    """Returns the places of an array of structs that were not tried.

    Args:
        structs: of all rows.
        rows: the row of each, for messages.

    Raises:
        ValueError: names the row, the field and the value that it may not have.
    """
    columns = {name: read_values(structs.field(name)) for name in UNTRIED_FIELDS}
    refuse = partial(_refuse, rows, "untried")
    _check_values(columns, refuse, never_null=("position", "tool", "start_prob"))
    return list(map(UntriedPlace, *columns.values()))


def _refuse(rows: Sequence[int], column: str, index: int, field: str, reason: str) -> ValueError:
    """Returns what refuses a field of one of a column's structs."""
    number = index - rows.index(rows[index])
    return ValueError(f"row {rows[index]}, {column}.{number}.{field}: {reason}")


def _check_values(
    columns: Mapping[str, Sequence[Any]], refuse: _Refuse, *, never_null: Sequence[str]
) -> None:
    """Refuses a null where there can be none, and a number out of its range."""
    for name in never_null:
        if None in columns[name]:
            raise refuse(columns[name].index(None), name, "it is null")
    for name, (least, most) in _RANGES.items():
        for index, value in enumerate(columns.get(name, ())):
            if value is not None and not least <= value <= most:
                raise refuse(index, name, f"it is {value:g}")


def read_values(array: Any) -> list[Any]:
    """Returns the values of an array; equal texts of a dictionary are one object."""
    import pyarrow as pa

    if not isinstance(array, pa.DictionaryArray):
        values: list[Any] = array.to_pylist()
        return values
    words = array.dictionary.to_pylist()
    return [None if index is None else words[index] for index in array.indices.to_pylist()]
