"""What a written value is worth as a Python type.

What is not in quotes is read as the parameter wants it: `3.10` is a number for a `float` and four
characters for a `str`, wherever in the type that is.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import Any

from toolformer.dates import find_date
from toolformer.tools.parameters.written import THOUSANDS, Written
from toolformer.typed import type_adapter

# Types of pydantic's errors.
_WANTS_SEVERAL = frozenset(
    {"list_type", "tuple_type", "set_type", "frozen_set_type", "named_tuple_type"}
)
_WANTS_KEYS = frozenset({"dict_type", "model_type", "dataclass_type"})
_WANTS_DAY = ("date_", "datetime_")
_WANTS_TIME = (*_WANTS_DAY, "time_type", "time_parsing")

_DIGITS = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")

_Place = tuple[int | str, ...]  # of a value in those that hold it
_Texts = Mapping[_Place, object]  # what is read at some places instead of what they spell
_NOTHING: _Texts = MappingProxyType({})


def value_of(kind: Any, written: Written) -> object:
    """Returns a written value as a type wants it.

    It is taken for what it spells where the type allows that as it is (`5` for `str | int`) and
    nothing of it is lost, then for its characters (`3.10` for `str | float`), and last for what can
    be made of what it spells.

    >>> value_of(list[str], Written("[3.10, '007']")), value_of(int | None, Written("null"))
    (['3.10', '007'], None)

    Raises:
        ValueError: The type does not allow it; the text is why.
    """
    if kind is str:
        return written.characters
    leaves = dict(_leaves(written))
    instead = _NOTHING
    value, errors = _validated(kind, written, strict=True)
    # pydantic takes a text of digits for seconds since 1970; a number it refuses
    digits = [place for place, each in leaves.items() if _is_digits(each.literal)]
    if digits:
        _, other = _validated(kind, written, dict.fromkeys(digits, 0), strict=True)
        errors += [each for each in other if each["type"].startswith(_WANTS_TIME)]
    is_strict = not errors
    if errors:
        reasons: list[Any] = []
        for instead in _texts_instead(written, leaves, errors):
            value, errors = _validated(kind, written, instead)
            if not errors:
                break
            reasons = reasons or errors
        else:
            return _value_of_several(kind, written, reasons)
    value = _exact(kind, written, leaves, value, instead, strict=is_strict)
    if isinstance(value, int) and type(value) is not bool and isinstance(written.literal, bool):
        raise ValueError("Input should be a number")  # to Python, True is one of `Literal[1]`
    if any(map(_spells_no_number, leaves.values())) and not _is_finite(value):
        raise ValueError("Input should be a finite number")
    return value


def _exact(
    kind: Any,
    written: Written,
    leaves: Mapping[_Place, Written],
    value: object,
    instead: _Texts,
    *,
    strict: bool,
) -> object:
    """Returns a value in which no number has lost a digit, wherever the type has room for it."""
    lossy = {
        place: each.text
        for place, each in leaves.items()
        if each.number is not None and str(each.number) != each.text and place not in instead
    }
    if not lossy:
        return value
    # A type that takes anything at all has no wish: there a number is one.
    anything: dict[_Place, object] = {place: [] for place in lossy}
    _, errors = _validated(kind, written, {**instead, **anything}, strict=strict)
    wishes = {_found(written, each["loc"])[0] for each in errors}
    texts = {place: text for place, text in lossy.items() if place in wishes}
    while texts:
        exact, errors = _validated(kind, written, {**instead, **texts}, strict=strict)
        if not errors:
            return exact
        refused = {_found(written, each["loc"])[0] for each in errors} & texts.keys()
        if not refused:
            return value
        # A Decimal takes a number without separators; what takes no text keeps its number.
        again = {at: texts[at].replace(",", "") for at in refused if "," in texts[at]}
        texts = {at: text for at, text in texts.items() if at not in refused} | again
    return value


def _texts_instead(
    written: Written, leaves: Mapping[_Place, Written], errors: list[Any]
) -> Iterator[_Texts]:
    """Yields what may be read as text where a value does not fit as it is, the likeliest first."""
    texts = _wanted_texts(written, errors)
    inner = {place: text for place, text in texts.items() if place in leaves}
    if inner and len(inner) < len(texts):  # `[3.10]` is a list of one text, before it is a text
        yield inner
    yield texts
    numbers = {place for place, each in leaves.items() if each.number is not None}
    if texts.keys() & numbers:
        yield {place: text for place, text in texts.items() if place not in numbers}


def _value_of_several(kind: Any, written: Written, errors: list[Any]) -> object:
    reason = errors[0]["msg"]
    for several in _as_several(written, errors):
        try:
            return value_of(kind, several)
        except ValueError as error:
            reason = str(error)
    raise ValueError(reason)


def _validated(
    kind: Any,
    written: Written,
    instead: _Texts = _NOTHING,
    *,
    strict: bool = False,
) -> tuple[object, list[Any]]:
    """Returns a value as a type, with others instead at some places; or pydantic's errors."""
    from pydantic import ValidationError

    text = json.dumps(_plain(written, instead))
    try:
        return type_adapter(kind).validate_json(text, strict=strict), []
    except ValidationError as error:
        return None, error.errors(include_url=False, include_context=False)


def _plain(written: Written, instead: _Texts, place: _Place = ()) -> object:
    """Returns a value as JSON has it, with others instead at some places."""
    if place in instead:
        return instead[place]
    if written.holds is None:
        return written.literal
    values = {key: _plain(each, instead, (*place, key)) for key, each in written.holds.items()}
    return values if written.is_mapping else list(values.values())


def _leaves(written: Written, place: _Place = ()) -> Iterator[tuple[_Place, Written]]:
    if written.holds is None:
        yield place, written
        return
    for key, each in written.holds.items():
        yield from _leaves(each, (*place, key))


def _wanted_texts(written: Written, errors: list[Any]) -> dict[_Place, object]:
    """Returns the characters of what does not fit as it is, by place; of a day, its ISO form.

    Raises:
        ValueError: A day or a time is wanted where a number stands.
    """
    texts: dict[_Place, object] = {}
    times: dict[_Place, str] = {}
    for error in errors:
        place, found = _found(written, error["loc"])
        if found.holds is not None and error["type"] != "string_type":
            continue
        if not error["type"].startswith(_WANTS_TIME):
            texts[place] = found.characters
        elif error["type"].startswith(_WANTS_DAY) and (day := find_date(found.characters)):
            texts.setdefault(place, day.isoformat())
        elif found.number is not None or _is_digits(found.characters):
            times[place] = error["msg"]
        else:
            texts.setdefault(place, found.characters)
    for place, reason in times.items():
        if place not in texts:
            raise ValueError(reason)
    return texts


def _found(written: Written, labels: Sequence[int | str]) -> tuple[_Place, Written]:
    """Follows the labels of an error, of which some name the types that it is about."""
    place: _Place = ()
    for label in labels:
        if written.holds is not None and label in written.holds:
            place, written = (*place, label), written.holds[label]
    return place, written


def _as_several(written: Written, errors: list[Any]) -> list[Written]:
    """Returns a value as several: brackets in quotes, or what stands between commas."""
    if written.holds is not None:
        return []
    text = written.characters
    tries = [text]
    types = {each["type"] for each in errors}
    if types & _WANTS_SEVERAL:
        if ", " in THOUSANDS.sub("", text):  # "1,400, 2" has two values, and "1,400,2" three
            tries.append(f"[{THOUSANDS.sub(lambda number: repr(number[0]), text)}]")
            tries.append(f"[{THOUSANDS.sub(lambda number: number[0].replace(',', ''), text)}]")
        tries += [f"[{text}]", json.dumps([text])]
    if types & _WANTS_KEYS:
        tries.append(f"{{{text}}}")
    return [each for each in map(Written, tries) if each.holds is not None]


def _spells_no_number(written: Written) -> bool:
    """Returns whether it is infinity, or not a number at all, where a number is read."""
    try:
        return not math.isfinite(float(written.characters))
    except ValueError:
        return False


def _is_finite(value: object) -> bool:
    """Returns whether all numbers that a value holds are finite."""
    match value:
        case float():
            return math.isfinite(value)
        case Mapping():
            return all(map(_is_finite, value.values()))
        case list() | tuple() | set() | frozenset():
            return all(map(_is_finite, value))
        case _ if is_dataclass(value):
            return all(_is_finite(getattr(value, each.name)) for each in fields(value))
        case _ if hasattr(value, "__pydantic_fields__"):
            return all(map(_is_finite, vars(value).values()))
        case _:
            return True


def _is_digits(value: object) -> bool:
    return isinstance(value, str) and _DIGITS.fullmatch(value) is not None
