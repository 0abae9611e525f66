"""What a field is called, and what its value is as a text, an id, or JSON; whatever its type."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from itertools import chain, count

from toolformer.files import is_encodable

_DEEPEST = 100  # lists and objects inside one another


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for the value of a cell that cannot be read."""

    reason: str


def unique(names: Iterable[str]) -> list[str]:
    """Returns the names of a table's columns; another of the same name gets a number.

    >>> unique(["id", "text", "text"])
    ['id', 'text', 'text.1']
    """
    found: dict[str, None] = {}
    for name in names:
        numbered = chain([name], (f"{name}.{number}" for number in count(1)))
        found[next(each for each in numbered if each not in found)] = None
    return list(found)


def as_text(value: object) -> object:
    r"""Returns a value with bytes that are UTF-8 as the text they are; some writers have no text.

    >>> as_text(b"na\xc3\xafve"), as_text(5)
    ('naïve', 5)
    """
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def as_id(value: object) -> str | None:
    """Returns the id that a value is, None when it is none.

    A column of whole numbers in which one is missing comes as floats.

    >>> as_id(7), as_id(7.0), as_id(b"7"), as_id(date(2023, 3, 3)), as_id(["7"])
    ('7', '7', '7', '2023-03-03', None)
    """
    value = as_text(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        value = int(value) if value.is_integer() else value
    if isinstance(value, bytes):
        return value.hex()
    if value is None or isinstance(value, Mapping | list | tuple | Unreadable):
        return None
    text = value.isoformat() if isinstance(value, date | time) else str(value)
    return text if text and is_encodable(text) else None


def as_json(value: object, *, deepest: int = _DEEPEST) -> object:
    """Returns a value as JSON holds it; what has no JSON form is described.

    >>> as_json({"score": float("nan"), "day": date(2023, 3, 3), "raw": b"abc"})
    {'score': None, 'day': '2023-03-03', 'raw': '3 bytes'}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping | list | tuple) and deepest == 0:
        return "nested too deeply"
    if isinstance(value, Mapping):
        return {str(key): as_json(each, deepest=deepest - 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(each, deepest=deepest - 1) for each in value]
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, Unreadable):
        return value.reason
    return value.isoformat() if isinstance(value, date) else str(value)
